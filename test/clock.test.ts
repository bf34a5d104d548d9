import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../src/clock.ts'

describe('The system clock', () => {
  it('sleeps no shorter than it was asked', async () => {
    const began = systemClock.monotonicMs()
    await systemClock.sleep(20)
    // Node rounds its timers to whole milliseconds.
    assert.ok(systemClock.monotonicMs() - began >= 19)
  })

  it('is woken by a signal, without an error, also from a sleep that is longer than a timer can be', async () => {
    const stop = new AbortController()
    const sleeping = systemClock.sleep(2 ** 40, stop.signal)
    stop.abort()
    await sleeping
    await systemClock.sleep(2 ** 40, stop.signal)
  })

  it('takes no time that is over for a mistake', async () => {
    await systemClock.sleep(-5)
  })
})
