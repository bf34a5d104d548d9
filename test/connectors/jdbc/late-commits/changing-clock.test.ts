import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ScriptedTask } from '../../../support/scripted-database.ts'
import { ScriptedDatabase } from '../../../support/scripted-database.ts'
import { UNSEEN, started } from '../../../support/scripted-traffic.ts'

const MINUTE_MS = 60_000
const SETTINGS = { 'late.commit.window.ms': '5000', 'late.commit.max.wait.ms': '1000' }

/** What the database's clock shows, as rows of the script are stamped. */
const clockOf = (database: ScriptedDatabase): number => database.nowMs + database.clockOffsetMs

/** One row each second, with the time the database's clock shows. */
async function stamped(
  database: ScriptedDatabase,
  task: ScriptedTask,
  from: number,
  count: number
): Promise<void> {
  for (let id = from; id < from + count; id++) {
    database.insert(id, clockOf(database))
    await task.pollFor(1000)
  }
}

function setForward(database: ScriptedDatabase, ms: number): void {
  database.clockOffsetMs += ms
}

describe('a clock of the database that is set', () => {
  for (const mode of ['timestamp', 'timestamp+incrementing']) {
    it(`I6: ${mode}: back, while somebody is watched: what is stamped before the beginning of the watch is found`, async () => {
      const database = new ScriptedDatabase()
      const task = await started(database, { mode, ...SETTINGS })
      await stamped(database, task, 1, 120)
      database.open = [{ id: 'X', beganMs: database.nowMs }]
      await stamped(database, task, 201, 20)
      assert.equal(task.facts['watched_transactions'], 1)
      setForward(database, -MINUTE_MS)
      await task.pollFor(3000)
      const taken = clockOf(database)
      await stamped(database, task, 301, 30)
      database.open = []
      database.insert(1000, taken)
      await task.pollFor(5000)
      assert.ok(task.sent.includes(1000))
      await task.stop()
    })

    it(`I6: ${mode}: back, before somebody is overtaken whose age the database knows by that clock`, async () => {
      const database = new ScriptedDatabase()
      const task = await started(database, {
        mode,
        ...SETTINGS,
        'late.commit.max.wait.ms': '20000'
      })
      await stamped(database, task, 1, 120)
      setForward(database, -MINUTE_MS)
      const taken = clockOf(database)
      // It began before that, in what is the future now.
      database.open = [{ id: 'X', ageMs: 0 }]
      await stamped(database, task, 201, 30)
      assert.equal(task.facts['watched_transactions'], 1)
      database.open = []
      database.insert(1000, taken)
      await task.pollFor(5000)
      assert.ok(task.sent.includes(1000))
      await task.stop()
    })

    it(`I6: ${mode}: back, when somebody is watched and a level rises`, async () => {
      const database = new ScriptedDatabase()
      database.answer = () => UNSEEN
      const task = await started(database, {
        mode,
        ...SETTINGS,
        'late.commit.window.ms': '20000',
        'late.commit.margin.ms': '10000'
      })
      await stamped(database, task, 1, 120)
      database.answer = null
      database.breaksNext = true
      database.open = [{ id: 'X', beganMs: database.nowMs }]
      await stamped(database, task, 201, 2)
      setForward(database, -MINUTE_MS)
      await task.pollFor(2000)
      const taken = clockOf(database)
      await stamped(database, task, 301, 30)
      database.open = []
      database.insert(1000, taken)
      await task.pollFor(5000)
      assert.ok(task.sent.includes(1000))
      await task.stop()
    })

    it(`I6: ${mode}: forward, in a table that stands still: who began before that is looked for from then on`, async () => {
      const database = new ScriptedDatabase()
      const task = await started(database, { mode, ...SETTINGS })
      await stamped(database, task, 1, 10)
      await task.pollFor(5000)
      const taken = clockOf(database)
      database.open = [{ id: 'X', beganMs: database.nowMs }]
      await task.pollFor(500)
      setForward(database, 60 * MINUTE_MS)
      await stamped(database, task, 201, 30)
      assert.equal(task.facts['watched_transactions'], 1)
      database.open = []
      database.insert(1000, taken)
      await task.pollFor(5000)
      assert.ok(task.sent.includes(1000))
      await task.stop()
    })

    it(`I6: ${mode}: forward, where there is only a window: what was stamped before has its time`, async () => {
      const database = new ScriptedDatabase()
      database.answer = () => UNSEEN
      const task = await started(database, { mode, ...SETTINGS })
      await stamped(database, task, 1, 10)
      const taken = clockOf(database)
      setForward(database, 60 * MINUTE_MS)
      await stamped(database, task, 201, 3)
      database.insert(1000, taken)
      await stamped(database, task, 301, 20)
      assert.ok(task.sent.includes(1000))
      assert.equal(task.twice, 0)
      assert.ok(Number(task.facts['remembered_rows']) < 10, 'the window moves on')
      await task.stop()
    })
  }
})
