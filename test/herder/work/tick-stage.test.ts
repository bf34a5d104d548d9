import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { TickStage } from '../../../src/herder/work/tick-stage.ts'

describe('the stage of the tick', () => {
  it('tells what the worker is doing, or did last, in the words of the JVM worker', async () => {
    let now = Date.UTC(2026, 0, 2, 3, 4, 5)
    const stage = new TickStage({ ...systemClock, now: () => now })
    assert.equal(
      stage.sentence(),
      'The worker is currently awaiting startup, which began at 2026-01-02T03:04:05Z.'
    )
    now += 1
    await stage.during('ensuring membership in the cluster', async () => {
      assert.equal(
        stage.sentence(),
        'The worker is currently ensuring membership in the cluster, which began at 2026-01-02T03:04:05.001Z.'
      )
      now += 999
    })
    now += 5000
    assert.equal(
      stage.sentence(),
      'The last operation the worker completed was ensuring membership in the cluster, which began at 2026-01-02T03:04:05.001Z and completed at 2026-01-02T03:04:06Z.'
    )
  })
})
