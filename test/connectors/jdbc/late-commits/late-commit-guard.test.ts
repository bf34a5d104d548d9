import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MODES } from '../../../support/late-commit-simulation.ts'
import { ScriptedDatabase } from '../../../support/scripted-database.ts'
import { UNSEEN, started, traffic, upTo, sorted } from '../../../support/scripted-traffic.ts'

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
