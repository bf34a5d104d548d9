import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MODES } from '../../../support/late-commit-simulation.ts'
import { ScriptedDatabase } from '../../../support/scripted-database.ts'
import { UNSEEN, started, traffic, upTo, sorted } from '../../../support/scripted-traffic.ts'

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

    it(`I6: ${mode}: who is overtaken before the margin behind its rise is over is watched for rows in the window nevertheless`, async () => {
      const database = new ScriptedDatabase()
      database.answer = () => UNSEEN
      const task = await started(database, {
        mode,
        'late.commit.window.ms': '20000',
        'late.commit.margin.ms': '5000',
        'late.commit.max.wait.ms': '400'
      })
      await traffic(database, task, 1, 2)
      const taken = database.nowMs
      // How long it has been open nobody says.
      database.open = [{ id: 'X', ageMs: null }]
      await traffic(database, task, 4, 3)
      database.answer = null
      database.breaksNext = true
      // Each leaves a gap, so that something is waited for in modes with an id, too.
      for (let id = 8; id <= 26; id += 2) {
        database.insert(id, database.nowMs)
        await task.pollFor(1000)
      }
      assert.equal(task.facts['late_commits'], 'transactions')
      assert.equal(task.facts['watched_transactions'], 1)
      database.open = []
      database.insert(3, taken)
      await task.pollFor(5000)
      assert.ok(task.sent.includes(3))
      await task.stop()
    })

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
