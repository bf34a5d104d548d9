import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requestedOffset } from '../../../../src/connectors/jdbc/start/requested-offset.ts'
import { TimeZone } from '../../../../src/connectors/jdbc/values/time-zone.ts'
import { StoredOffsets } from '../../../support/jdbc-source.ts'
import { MODES } from '../../../support/late-commit-simulation.ts'
import { ScriptedDatabase, ScriptedTask } from '../../../support/scripted-database.ts'
import { UNSEEN, started, traffic, upTo, sorted } from '../../../support/scripted-traffic.ts'

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

    it(`${mode}: has only what goes beyond come again at the end of each transaction, and in a new task, where all rows are of one moment`, async () => {
      const database = new ScriptedDatabase()
      const task = await started(database, { mode, 'late.commit.seen.max.keys': '100' })
      database.insert(1, 0)
      await task.pollFor(3000)
      database.open = ['X', 'Y'].map((id) => ({ id, beganMs: database.nowMs }))
      const taken = database.nowMs + 1
      // Every other id: ranges of ids would make them one.
      for (let row = 0; row < 250; row++) database.insert(4 + 2 * row, taken)
      await task.pollFor(40_000)
      assert.equal(task.twice, 0)
      database.open = database.open.slice(1)
      database.insert(2, taken)
      await task.pollFor(30_000)
      assert.equal(task.twice, 150)
      database.open = []
      await task.pollFor(30_000)
      // And the row that was late: there was no room for it either.
      assert.equal(task.twice, 301)
      assert.deepEqual(sorted([...new Set(task.sent)]), [
        1,
        2,
        ...upTo(251)
          .slice(1)
          .map((id) => 2 * id)
      ])
      // No row was sent since, whose offset would say that the stretch was read to its end.
      const again = await task.restart()
      await again.pollFor(30_000)
      assert.equal(again.sent.length, 151)
      await again.stop()
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

    it(`${mode}: has a new task send what there was no room for once more, not twice, where there is a window as well`, async () => {
      const database = new ScriptedDatabase()
      const task = await started(database, {
        mode,
        'late.commit.guard': 'both',
        'late.commit.seen.max.keys': '100',
        'late.commit.window.ms': '4000'
      })
      await traffic(database, task, 1, 1)
      database.open = [{ id: 'X', beganMs: database.nowMs }]
      for (let id = 4; id <= 480; id += 4) {
        database.insert(id, database.nowMs)
        await task.pollFor(1000)
      }
      const again = await task.restart()
      await again.pollFor(20_000)
      assert.ok(again.sent.length <= 30, String(again.sent.length))
      assert.equal(again.twice, 0)
      await again.stop()
    })

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

  it('has only the rows of that moment come again when a task ends amid rows of one', async () => {
    const database = new ScriptedDatabase()
    database.answer = () => UNSEEN
    const config = { mode: 'timestamp', 'batch.max.rows': '10', 'late.commit.window.ms': '1000000' }
    const task = await started(database, config)
    await traffic(database, task, 1, 20)
    const moment = database.nowMs
    for (let id = 21; id <= 45; id++) database.insert(id, moment)
    while (!task.sent.includes(21)) await task.pollFor(1)
    const torn = task.sent.slice(task.sent.indexOf(21))
    assert.ok(torn.length < 25)
    const again = await task.restart()
    await traffic(database, again, 46, 3)
    await again.pollFor(5000)
    assert.deepEqual(
      again.sent,
      Array.from({ length: 28 }, (_, index) => 21 + index)
    )
    await again.stop()
  })

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
