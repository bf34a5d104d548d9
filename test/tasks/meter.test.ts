import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StreamFacts } from '../../src/plugin/source.ts'
import { Meter } from '../../src/tasks/meter.ts'
import type { SourceTaskProgress } from '../../src/tasks/port.ts'
import { ManualClock } from '../support/manual-clock.ts'

function metered() {
  const clock = new ManualClock()
  const stopping = new AbortController()
  const pushed: SourceTaskProgress[] = []
  const facts = new Map<string, StreamFacts>()
  const meter = new Meter({
    streams: () => new Map(facts),
    push: (progress) => pushed.push(progress),
    clock,
    stopping: stopping.signal
  })
  return { clock, stopping, pushed, facts, meter }
}

describe('The meter of a task', () => {
  it('pushes soon after a change what there is by then, once for many changes', async () => {
    const { clock, pushed, facts, meter } = metered()
    meter.polled(3)
    meter.acknowledged(1, 1)
    await clock.pass(100)
    meter.polled(2)
    facts.set('orders', { position: 7 })
    assert.deepEqual(pushed, [])
    await clock.pass(150)
    assert.deepEqual(pushed, [
      {
        type: 'source',
        polled: 5,
        written: 1,
        skipped: 1,
        lastWriteAt: clock.now() - 250,
        streams: new Map([['orders', { position: 7 }]])
      }
    ])
    await clock.pass(60_000)
    assert.equal(pushed.length, 1)
    meter.polled(0)
    await clock.pass(250)
    assert.equal(pushed.length, 2)
  })

  it('pushes every ten seconds although nothing happens, until the task is to end', async () => {
    const { clock, stopping, pushed, facts, meter } = metered()
    const regular = meter.pushRegularly()
    await clock.pass(250)
    assert.equal(pushed.length, 1)
    facts.set('orders', { held_back_ms: 9750 })
    await clock.pass(9750)
    await clock.pass(250)
    assert.equal(pushed.length, 2)
    assert.deepEqual(pushed[1]?.streams, new Map([['orders', { held_back_ms: 9750 }]]))
    meter.polled(1)
    stopping.abort()
    await regular
    await clock.pass(250)
    assert.equal(pushed.length, 2)
    meter.push()
    assert.equal(pushed[2]?.polled, 1)
  })
})
