import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../../src/errors.ts'
import { loggers } from '../../../src/log.ts'
import { distantTasks } from '../../support/cloned-tasks.ts'
import { idle, record, scripted } from '../../support/scripted-source.ts'
import { until } from '../../support/until.ts'

loggers.setLevel('root', 'OFF', 0)

const tasks = distantTasks

describe('A source task whose messages take their time', () => {
  it('I1: writes its records in order, stores their last offset and ends when it is asked to', async (t) => {
    const run = await scripted(
      t,
      async (context, poll) => (poll < 3 ? [record(run.topic, `r${poll}`, poll)] : idle(context)),
      { tasks, flushMs: 60_000 }
    )
    assert.equal(await run.start(), true)
    await until(() => run.follower.values.length === 3, 'the records arrived')
    await run.stop()
    assert.deepEqual(run.follower.values, ['r0', 'r1', 'r2'])
    assert.deepEqual(run.store.stored, [{ partition: { stream: 'a' }, offset: { position: 2 } }])
    assert.deepEqual(run.states, ['c-0 RUNNING', 'c-0 UNASSIGNED'])
  })

  it('waits while paused, and goes on when resumed', async (t) => {
    const run = await scripted(
      t,
      async (context, poll) => (poll < 1 ? [record(run.topic, 'x', 1)] : idle(context)),
      { tasks }
    )
    await run.start('PAUSED')
    await until(() => run.states.includes('c-0 PAUSED'), 'the task is paused')
    run.setTargetState('STARTED')
    await until(() => run.follower.values.length === 1, 'the record arrived')
    assert.deepEqual(run.states, ['c-0 PAUSED', 'c-0 RUNNING'])
  })

  it('is FAILED when it cannot be built, and when it is refused what it asks for', async (t) => {
    const wrong = { 'value.converter': 'no.such.Converter' }
    const unbuilt = await scripted(t, idle, { tasks, config: wrong })
    assert.equal(await unbuilt.start(), false)
    assert.deepEqual(unbuilt.states, ['c-0 FAILED'])
    assert.match(unbuilt.traces[0] ?? '', /no\.such\.Converter/)
    const refusing = await scripted(
      t,
      async (context) => {
        await context.storeOffsets([{ partition: { stream: 'a' }, offset: { position: 1 } }])
        return null
      },
      { tasks }
    )
    refusing.store.hold = Promise.reject(new ConnectError('KAFKA_ERROR', 'no room for offsets'))
    refusing.store.hold.catch(() => undefined)
    assert.equal(await refusing.start(), true)
    await until(() => refusing.states.includes('c-0 FAILED'), 'the task failed')
    assert.match(refusing.traces.at(-1) ?? '', /no room for offsets/)
  })

  it('I2, I4: that does not end in time is given up, and nothing more is stored or heard', async (t) => {
    const release = Promise.withResolvers<void>()
    const late = Promise.withResolvers<unknown>()
    const run = await scripted(
      t,
      async (context, poll) => {
        if (poll === 0) return [record(run.topic, 'x', 1)]
        await release.promise
        await context
          .storeOffsets([{ partition: { stream: 'a' }, offset: { position: 6 } }])
          .then(late.reject, late.resolve)
        return null
      },
      { tasks, graceMs: 100, flushMs: 60_000 }
    )
    await run.start()
    await until(() => run.follower.values.length === 1, 'the record arrived')
    await run.stop()
    const states = [...run.states]
    release.resolve()
    assert.match(String(await late.promise), /given up/)
    assert.deepEqual(run.store.stored, [])
    assert.deepEqual(run.states, states)
  })
})
