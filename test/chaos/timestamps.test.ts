import { describe, it } from 'node:test'
import { KILLS, STORM_TIMEOUT_MS, survivesAtLeastOnce } from './at-least-once.ts'

describe('a storm of crashes over rows that change', () => {
  it(`I1, I6: loses nothing and repeats only what was not stored, ${KILLS} kills`, {
    timeout: STORM_TIMEOUT_MS
  }, async (t) => {
    await survivesAtLeastOnce(t, 'timestamp+incrementing')
  })
})
