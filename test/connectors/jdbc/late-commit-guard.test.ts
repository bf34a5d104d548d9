import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requestedOffset } from '../../../src/connectors/jdbc/start/requested-offset.ts'
import { TimeZone } from '../../../src/connectors/jdbc/values/time-zone.ts'
import { StoredOffsets } from '../../support/jdbc-source.ts'
import { MODES } from '../../support/late-commit-simulation.ts'
import { ScriptedDatabase, ScriptedTask } from '../../support/scripted-database.ts'

const UNSEEN = { answer: 'unseen', why: 'the script hides them' } as const

async function started(
  database: ScriptedDatabase,
  config: Record<string, string>
): Promise<ScriptedTask> {
  return await new ScriptedTask(database, config).start()
}

/** One row each second. */
async function traffic(
  database: ScriptedDatabase,
  task: ScriptedTask,
  from: number,
  count: number
): Promise<void> {
  for (let id = from; id < from + count; id++) {
    database.insert(id, database.nowMs)
    await task.pollFor(1000)
  }
}

const upTo = (last: number, without: number[] = []): number[] =>
  Array.from({ length: last }, (_, index) => index + 1).filter((id) => !without.includes(id))

const sorted = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b)

describe('a level that changes', () => {
  for (const mode of MODES) {
    it(`I6: ${mode}: once transactions can be seen the window is looked through once more, and reading goes on`, async () => {
      const database = new ScriptedDatabase()
      database.answer = () => UNSEEN
      const task = await started(database, { mode })
      await traffic(database, task, 1, 20)
      assert.equal(task.facts['late_commits'], 'window')
      // Whether the session is opened anew, or the same one is asked again.
      database.answer = null
      if (mode === 'timestamp') database.breaksNext = true
      await task.pollFor(70_000)
      const before = database.queries.length
      await traffic(database, task, 21, 20)
      assert.equal(task.facts['late_commits'], 'transactions')
      await task.pollFor(5000)
      assert.deepEqual(sorted(task.sent), upTo(40))
      assert.ok(database.queries.length - before < 80, String(database.queries.length - before))
      const remembered = Object.keys(task.lastOffset).filter((name) => name.startsWith('late_'))
      assert.deepEqual(remembered, [], 'nothing of the window is left')
      await task.stop()
    })

    it(`I6: ${mode}: who is open when it rises is watched for rows in the window`, async () => {
      const database = new ScriptedDatabase()
      database.answer = () => UNSEEN
      const task = await started(database, { mode, 'late.commit.window.ms': '100000' })
      await traffic(database, task, 1, 2)
      const taken = database.nowMs
      const open = [{ id: 'X', beganMs: taken }]
      await traffic(database, task, 4, 5)
      database.answer = null
      database.open = open
      await task.pollFor(100_000)
      assert.equal(task.facts['late_commits'], 'transactions')
      assert.equal(task.facts['watched_transactions'], 1)
      await traffic(database, task, 9, 200)
      database.open = []
      database.insert(3, taken)
      await task.pollFor(5000)
      assert.deepEqual(sorted(task.sent), upTo(208))
      await task.stop()
    })

    for (const how of ['and is open for long', 'and ends at once'] as const) {
      it(`I6: ${mode}: who begins within the margin behind its rise is watched as well, ${how}`, async () => {
        const database = new ScriptedDatabase()
        database.answer = () => UNSEEN
        const config = { mode, 'late.commit.margin.ms': '500', 'poll.interval.ms': '50' }
        const task = await started(database, config)
        await traffic(database, task, 1, 2)
        const taken = database.nowMs
        database.insert(4, taken + 1)
        while (!task.sent.includes(4)) await task.pollFor(1)
        database.answer = null
        database.breaksNext = true
        while (task.facts['late_commits'] !== 'transactions') await task.pollFor(1)
        database.open = [{ id: 'X', beganMs: database.nowMs }]
        assert.ok(database.nowMs - taken < 500)
        await task.pollFor(how === 'and ends at once' ? 100 : 60_000)
        database.open = []
        database.insert(3, taken)
        await task.pollFor(5000)
        assert.deepEqual(task.sent, [1, 2, 4, 3])
        await task.stop()
      })
    }

    for (const how of ['in one task', 'in another task, started meanwhile'] as const) {
      it(`I6: ${mode}: who was watched when it fell is watched again when it returns, ${how}`, async () => {
        const database = new ScriptedDatabase()
        const start = await started(database, { mode, 'late.commit.window.ms': '2000' })
        await traffic(database, start, 1, 1)
        const taken = database.nowMs
        database.open = [{ id: 'X', beganMs: taken }]
        await traffic(database, start, 3, 60)
        assert.equal(start.facts['watched_transactions'], 1)
        database.answer = () => UNSEEN
        await traffic(database, start, 63, 10)
        assert.equal(start.facts['late_commits'], 'window')
        const task = how === 'in one task' ? start : await start.restart()
        await traffic(database, task, 73, 10)
        database.answer = null
        await task.pollFor(70_000)
        assert.equal(task.facts['late_commits'], 'transactions')
        assert.equal(task.facts['watched_transactions'], 1)
        await traffic(database, task, 83, 20)
        database.open = []
        database.insert(2, taken)
        await traffic(database, task, 103, 5)
        await task.pollFor(3000)
        const sent = task === start ? start.sent : [...start.sent, ...task.sent]
        assert.deepEqual(sorted(sent), upTo(107))
        await task.stop()
      })
    }

    it(`I6: ${mode}: who is open when it rises in a new task is watched, also when somebody was watched before`, async () => {
      const database = new ScriptedDatabase()
      const config = { mode, 'late.commit.window.ms': '100000' }
      const task = await started(database, config)
      await traffic(database, task, 1, 1)
      const long = { id: 'long', beganMs: database.nowMs }
      database.open = [long]
      await traffic(database, task, 3, 59)
      assert.equal(task.facts['watched_transactions'], 1)
      database.answer = () => UNSEEN
      await traffic(database, task, 62, 5)
      const taken = database.nowMs
      await traffic(database, task, 68, 5)
      assert.equal(task.facts['late_commits'], 'window')
      const again = await task.restart()
      database.answer = null
      database.open = [long, { id: 'X', beganMs: taken }]
      await traffic(database, again, 73, 5)
      assert.equal(again.facts['late_commits'], 'transactions')
      assert.equal(again.facts['watched_transactions'], 2)
      database.open = [long]
      database.insert(67, taken)
      await again.pollFor(5000)
      assert.deepEqual(sorted([...task.sent, ...again.sent]), upTo(77, [2]))
      await again.stop()
    })

    it(`I6: ${mode}: what was to be read again is so by a new task, whoever is still watched`, async () => {
      const database = new ScriptedDatabase()
      database.hasMarks = true
      const task = await started(database, { mode, 'batch.max.rows': '1' })
      await traffic(database, task, 1, 1)
      const taken = database.nowMs
      const open = ['ended', 'long'].map((id) => ({ id, beganMs: taken, since: database.since }))
      database.open = open
      await traffic(database, task, 4, 60)
      assert.equal(task.facts['watched_transactions'], 2)
      database.open = open.slice(1).map((long) => ({ ...long, since: '1000' }))
      database.insert(2, taken)
      database.insert(3, taken + 1)
      while (task.sent.at(-1) !== 2) await task.pollFor(1)
      const again = await task.restart()
      await again.pollFor(5000)
      assert.deepEqual(sorted([...task.sent, ...again.sent]), upTo(63))
      await again.stop()
    })

    it(`${mode}: who ended while nobody could see it is looked for all the same, and given up after an hour`, async () => {
      const database = new ScriptedDatabase()
      const task = await started(database, { mode, 'late.commit.window.ms': '2000' })
      await traffic(database, task, 1, 1)
      const taken = database.nowMs
      database.open = [{ id: 'X', beganMs: taken }]
      await traffic(database, task, 3, 60)
      database.answer = () => UNSEEN
      await traffic(database, task, 63, 10)
      database.insert(2, taken)
      await task.pollFor(120_000)
      assert.deepEqual(sorted(task.sent), upTo(72))
      assert.equal(task.facts['watched_transactions'], 1)
      await task.pollFor(3_600_000)
      assert.equal(task.facts['watched_transactions'], 0)
      await traffic(database, task, 73, 10)
      assert.deepEqual(sorted(task.sent), upTo(82))
      await task.stop()
    })
  }

  it('is asked for again, so that one wrong answer does not lower it for the life of the task', async () => {
    const database = new ScriptedDatabase()
    let wrong = 1
    database.answer = () =>
      wrong-- > 0 ? UNSEEN : { answer: 'seen', source: 'the script', open: [] }
    const task = await started(database, { mode: 'timestamp' })
    await traffic(database, task, 1, 5)
    assert.equal(task.facts['late_commits'], 'transactions')
    assert.equal(task.facts['late_commits_degraded'], false)
    await task.stop()
  })
})

describe('a copy that shows rows long after they were stamped', () => {
  for (const lagMs of [0, 30_000, 120_000]) {
    it(`I6: is looked back at from where reading stands: ${lagMs / 1000} s behind`, async () => {
      const database = new ScriptedDatabase()
      database.answer = () => UNSEEN
      const task = await started(database, { mode: 'timestamp' })
      const commits = Array.from({ length: 200 }, (_, id) => ({ id, ts: id * 1000, at: id * 1000 }))
      // Stamped at 100 s, committed 40 s later; and one 50 s later, that is there at the first look.
      commits.push({ id: 900, ts: 100_000, at: 140_000 }, { id: 901, ts: 60_000, at: 110_000 })
      commits.sort((a, b) => a.at - b.at)
      for (const { id, ts, at } of commits) {
        if (at + lagMs > database.nowMs) await task.pollFor(at + lagMs - database.nowMs)
        database.insert(id, ts)
      }
      await task.pollFor(200_000)
      assert.deepEqual(sorted(task.sent), sorted(commits.map(({ id }) => id)))
      await task.stop()
    })
  }

  it('I6: also by a task that starts when the copy is far behind', async () => {
    const database = new ScriptedDatabase()
    database.answer = () => UNSEEN
    database.clock.advance(1_000_000)
    for (let id = 1; id <= 100; id++) database.insert(id, id * 1000)
    const task = await started(database, { mode: 'timestamp' })
    await task.pollFor(3000)
    database.insert(101, 70_000)
    await traffic(database, task, 102, 2)
    assert.deepEqual(sorted(task.sent), upTo(103))
    await task.stop()
  })
})

describe('the largest id', () => {
  for (const [what, query] of [
    ['of a table', undefined],
    ['of a query', 'SELECT * FROM t'],
    ['of a query with bounds in it', 'SELECT * FROM t WHERE version > 0 AND ${bounds}']
  ] as const) {
    it(`${what} is asked for behind the position, once for each gap, however long it is waited`, async () => {
      const database = new ScriptedDatabase()
      for (const id of [10, 20, 30]) database.insert(id, 0)
      const task = await started(database, {
        mode: 'incrementing',
        ...(query === undefined ? {} : { query })
      })
      await task.pollFor(3000)
      database.open = [{ id: 'X', beganMs: database.nowMs }]
      database.insert(100, 0)
      database.queries.length = 0
      await task.pollFor(20_000)
      const asked = database.queries.filter((sql) => sql.startsWith('SELECT MAX'))
      assert.equal(asked.length, 1, asked.join('\n'))
      assert.match(asked[0] ?? '', /"id" > \?/)
      database.open = []
      await task.pollFor(3000)
      assert.deepEqual(task.sent, [10, 20, 30, 100])
      await task.stop()
    })
  }
})

describe('what is remembered', () => {
  for (const mode of MODES) {
    it(`${mode}: is forgotten row by row where there is no room: only what goes beyond comes twice`, async () => {
      for (const [rows, twice] of [
        [95, 0],
        [105, 5],
        [300, 200]
      ] as const) {
        const database = new ScriptedDatabase()
        const task = await started(database, { mode, 'late.commit.seen.max.keys': '100' })
        database.insert(1, 0)
        await task.pollFor(3000)
        const taken = database.nowMs
        database.open = [{ id: 'X', beganMs: taken }]
        database.insert(4, taken + 1)
        await task.pollFor(40_000)
        // Every other id: ranges of ids would make them one.
        for (let row = 0; row < rows - 1; row++) database.insert(6 + 2 * row, database.nowMs + row)
        await task.pollFor(40_000)
        database.open = []
        database.insert(2, taken)
        await task.pollFor(30_000)
        assert.equal(new Set(task.sent).size, rows + 2)
        assert.equal(task.twice, twice, `${rows} rows`)
        await task.stop()
      }
    })

    it(`I6: ${mode}: has a window become no shorter in a new task than it has to`, async () => {
      const database = new ScriptedDatabase()
      database.answer = () => UNSEEN
      const task = await started(database, {
        mode,
        'late.commit.seen.max.keys': '100',
        'late.commit.window.ms': '1000000'
      })
      // Every other id: ranges of ids would make them one.
      const rows = async (of: ScriptedTask, from: number, to: number): Promise<void> => {
        for (let id = from; id <= to; id += 2) {
          database.insert(id, database.nowMs)
          await of.pollFor(1000)
        }
      }
      await rows(task, 2, 180)
      const taken = database.nowMs
      await rows(task, 184, 190)
      const again = await task.restart()
      await rows(again, 192, 220)
      database.insert(182, taken)
      await again.pollFor(5000)
      assert.ok(again.sent.includes(182))
      await again.stop()
    })

    for (const how of ['in one task', 'in another one'] as const) {
      it(`I6: ${mode}: gives the oldest rows up for a late one, ${how}: the window becomes no shorter than it has to`, async () => {
        const database = new ScriptedDatabase()
        database.answer = () => UNSEEN
        const start = await started(database, {
          mode,
          'late.commit.seen.max.keys': '100',
          'late.commit.window.ms': '1000000'
        })
        const taken = new Map<number, number>()
        // Ids far apart: ranges of ids would make neighbours one.
        for (let id = 4; id <= 396; id += 4) {
          taken.set(id, database.nowMs)
          database.insert(id, database.nowMs)
          await start.pollFor(1000)
        }
        const task = how === 'in one task' ? start : await start.restart()
        for (const late of [362, 282, 202, 122]) {
          database.insert(late, (taken.get(late - 2) ?? 0) + 1)
          await task.pollFor(3000)
        }
        const sent = task === start ? start.sent : [...start.sent, ...task.sent]
        assert.deepEqual(sent.slice(-4), [362, 282, 202, 122])
        assert.equal(new Set(sent).size, sent.length)
        await task.stop()
      })
    }

    it(`I6: ${mode}: is known to the task that goes on, whole`, async () => {
      const database = new ScriptedDatabase()
      const task = await started(database, { mode })
      database.insert(1, 0)
      await task.pollFor(3000)
      const taken = database.nowMs
      database.open = [{ id: 'X', beganMs: taken }]
      database.insert(4, taken + 1)
      await task.pollFor(40_000)
      for (let row = 0; row < 30_000; row++) database.insert(6 + 2 * row, database.nowMs + row)
      await task.pollFor(80_000)
      assert.equal(task.sent.length, 30_002)
      const { late_seen: text } = task.lastOffset
      assert.ok(String(text).length < 271_000, String(String(text).length))
      const again = await task.restart()
      database.open = []
      database.insert(2, taken)
      await again.pollFor(60_000)
      assert.deepEqual(again.sent, [2])
      await again.stop()
    })
  }

  it('is stored the less often the more of it there is, for it goes with each transaction', async () => {
    const database = new ScriptedDatabase()
    const task = await started(database, { mode: 'timestamp' })
    database.insert(1, 0)
    await task.pollFor(3000)
    database.open = [{ id: 'X', beganMs: database.nowMs }]
    for (let row = 0; row < 20_000; row++) database.insert(2 + row, database.nowMs + row)
    await task.pollFor(80_000)
    assert.equal(task.facts['remembered_rows'], 20_000)
    assert.equal(task.handedOut(), 'complete')
    task.commit()
    assert.equal(task.handedOut(), 'partly')
    await task.pollFor(1000)
    assert.equal(task.handedOut(), 'complete')
    await task.stop()
  })

  it('stays with an offset that is read over REST and written back, and is refused beside another position', async () => {
    for (const mode of MODES) {
      const database = new ScriptedDatabase()
      const task = await started(database, { mode })
      database.insert(1, 0)
      await task.pollFor(3000)
      const taken = database.nowMs
      database.open = [{ id: 'X', beganMs: taken }]
      database.insert(5, database.nowMs + 1)
      await task.pollFor(40_000)
      const offset = task.lastOffset
      assert.equal(typeof offset['late_low'], 'string')
      const zone = new TimeZone('UTC')
      const back = requestedOffset(offset, mode, zone)
      assert.deepEqual(back, offset)
      const offsets = new StoredOffsets()
      offsets.set(task.last?.sourcePartition ?? {}, back)
      await task.stop()
      const again = await new ScriptedTask(database, { mode }, offsets).start()
      await again.pollFor(3000)
      database.open = []
      database.insert(2, taken)
      await again.pollFor(5000)
      assert.deepEqual(again.sent, [2])
      await again.stop()
      const moved = mode === 'timestamp' ? { timestamp: 5 } : { incrementing: 3 }
      assert.throws(() => requestedOffset({ ...offset, ...moved }, mode, zone), /another position/)
    }
  })

  it('of one mode is none of another’s: the task starts, and reads', async () => {
    for (const [before, after] of [
      ['timestamp+incrementing', 'incrementing'],
      ['timestamp', 'incrementing'],
      ['incrementing', 'timestamp+incrementing'],
      ['timestamp', 'timestamp+incrementing'],
      ['timestamp+incrementing', 'timestamp']
    ] as const) {
      const database = new ScriptedDatabase()
      database.answer = () => UNSEEN
      const task = await started(database, { mode: before })
      await traffic(database, task, 1, 5)
      assert.ok(String(task.lastOffset['late_seen']).length > 1)
      const again = await task.restart({ mode: after })
      await traffic(database, again, 6, 5)
      await again.pollFor(3000)
      const sent = new Set([...task.sent, ...again.sent])
      assert.deepEqual(sorted([...sent]), upTo(10), `${before} → ${after}`)
      await again.stop()
    }
  })

  it('is nothing where what a task once stored cannot be read', async () => {
    const offsets = new StoredOffsets()
    offsets.set(
      { protocol: '1', table: 't' },
      { incrementing: 5, late_low: '//2@//5', late_open: 'X', late_seen: 'iabcdefghijkABC' }
    )
    const database = new ScriptedDatabase()
    for (const id of [1, 2, 3, 4, 5, 6]) database.insert(id, 0)
    const task = await new ScriptedTask(database, { mode: 'incrementing' }, offsets).start()
    await task.pollFor(5000)
    assert.deepEqual(sorted(task.sent), [3, 4, 5, 6], 'twice rather than never')
    await task.stop()
  })
})

describe('transactions of which not everything is known', () => {
  it('that only read have nothing sent twice when they end, however long they were there', async () => {
    for (const hasMarks of [true, false]) {
      for (const mode of MODES) {
        const database = new ScriptedDatabase()
        database.hasMarks = hasMarks
        const task = await started(database, { mode, 'late.commit.seen.max.keys': '100' })
        await traffic(database, task, 1, 1)
        const beganMs = database.nowMs
        for (let id = 2; id <= 400; id += 2) {
          database.open = [{ id: 'dump', beganMs, readsOnly: true, since: database.since }]
          database.insert(id, database.nowMs)
          await task.pollFor(1000)
        }
        database.open = []
        await task.pollFor(20_000)
        assert.equal(task.sent.length, 201)
        assert.equal(task.twice, 0, mode)
        await task.stop()
      }
    }
  })

  it('I6: that read for long and then write and end at once are found by their mark, and nothing else is sent', async () => {
    for (const mode of MODES) {
      const database = new ScriptedDatabase()
      database.hasMarks = true
      const task = await started(database, { mode, 'late.commit.seen.max.keys': '100' })
      await traffic(database, task, 1, 1)
      const beganMs = database.nowMs
      for (let id = 4; id <= 400; id += 2) {
        database.open = [{ id: 'report', beganMs, readsOnly: true, since: database.since }]
        database.insert(id, database.nowMs)
        await task.pollFor(1000)
      }
      database.open = []
      database.insert(3, beganMs)
      await task.pollFor(20_000)
      assert.ok(task.sent.includes(3), mode)
      assert.equal(task.twice, 0, mode)
      await task.stop()
    }
  })

  it('at a first load: what was there before them is not sent again', async () => {
    for (const kind of [{ readsOnly: true }, { successor: true }]) {
      for (const mode of ['timestamp', 'timestamp+incrementing']) {
        const database = new ScriptedDatabase()
        database.hasMarks = true
        database.clock.advance(3_600_000)
        for (let id = 1; id <= 3000; id++) database.insert(id, id)
        database.open = [{ id: 'old', ageMs: null, since: database.since, ...kind }]
        const task = await started(database, { mode, 'late.commit.seen.max.keys': '100' })
        await task.pollFor(60_000)
        assert.equal(task.sent.length, 3000)
        database.open = []
        database.insert(3001, 2500)
        await task.pollFor(20_000)
        assert.equal(task.sent.at(-1), 3001)
        assert.equal(task.twice, 0, mode)
        await task.stop()
      }
    }
  })

  it('that come later have begun since the last look, whether or not the database says so', async () => {
    const database = new ScriptedDatabase()
    database.clock.advance(3_600_000)
    for (let id = 1; id <= 1000; id++) database.insert(id, id)
    const task = await started(database, { mode: 'timestamp', 'late.commit.seen.max.keys': '100' })
    await task.pollFor(5000)
    database.open = [{ id: 'X', ageMs: null }]
    await traffic(database, task, 1001, 10)
    const ageMs = Number(task.facts['oldest_holding_transaction_ms'])
    assert.ok(ageMs > 8000 && ageMs < 13_000, String(ageMs))
    await traffic(database, task, 1011, 50)
    assert.equal(task.facts['watched_transactions'], 1)
    database.open = []
    await task.pollFor(5000)
    assert.equal(task.sent.length, 1060)
    await task.stop()
  })
})

describe('what cannot be promised', () => {
  it('is said where the dictionary shows it: ids in blocks, or given out again', async () => {
    const database = new ScriptedDatabase()
    database.hazards = ['sequence s hands out blocks of 50 ids to each session']
    const task = await started(database, { mode: 'incrementing' })
    await traffic(database, task, 1, 2)
    const said = /table t: .*blocks of 50 ids.*may be passed over/
    assert.match(String(task.conditions.at(-1)), said)
    assert.match(String(task.facts['late_commits_doubts']), /blocks of 50/)
    await task.stop()
  })

  it('is said of a delay that is negative', async () => {
    const database = new ScriptedDatabase()
    const config = { mode: 'timestamp', 'timestamp.delay.interval.ms': '-3600000' }
    const task = await started(database, config)
    await traffic(database, task, 1, 1)
    assert.match(String(task.conditions.at(-1)), /timestamp\.delay\.interval\.ms is negative/)
    await task.stop()
  })

  it('is said of rows that differ at each reading, which are told apart by their cursor then', async () => {
    const query = 'SELECT id, ts, abs(random() % 1000000) AS version FROM t'
    for (const [mode, key, most] of [
      ['timestamp', '', 150],
      ['timestamp+incrementing', '', 60],
      ['timestamp', 'id', 10]
    ] as const) {
      const database = new ScriptedDatabase()
      database.answer = () => UNSEEN
      const task = await started(database, {
        mode,
        query,
        'key.columns': key,
        'poll.interval.ms': '5000'
      })
      for (let id = 1; id <= 10; id++) database.insert(id, id)
      await task.pollFor(600_000)
      assert.ok(task.sent.length <= most, `${mode}: ${task.sent.length}`)
      assert.equal(new Set(task.sent).size, 10)
      const said = /a column differs at each reading/
      if (key === '') assert.match(String(task.conditions.at(-1)), said)
      await task.stop()
    }
  })
})

describe('several tables of a task', () => {
  it('ask once who is open when they are due together', async () => {
    for (const mode of ['timestamp', 'timestamp+incrementing']) {
      const others = Array.from({ length: 20 }, (_, index) => `t${index}`)
      const database = new ScriptedDatabase(...others)
      const task = await started(database, { mode, tables: ['t', ...others].join(',') })
      await task.pollFor(5000)
      database.questions = 0
      const before = database.queries.length
      for (const table of others) database.insert(1, database.nowMs, table)
      await task.pollFor(10_000)
      assert.equal(task.sent.length, 20)
      assert.ok(database.queries.length - before >= 20)
      // Some more than one for each round of polls.
      assert.ok(database.questions <= 40, String(database.questions))
      await task.stop()
    }
  })
})
