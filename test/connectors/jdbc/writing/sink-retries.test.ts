import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { databaseError } from '../../../../src/connectors/jdbc/database/database.ts'
import type { WriteErrorClass } from '../../../../src/connectors/jdbc/database/writing.ts'
import {
  type AfterError,
  SinkRetries
} from '../../../../src/connectors/jdbc/writing/sink-retries.ts'

const settings = {
  maxRetries: 2,
  backoff: { firstMs: 100, lastMs: 1000 },
  outageMaxMs: 5000,
  badShare: 0.5
}
const error = (errorClass: WriteErrorClass): Error =>
  databaseError('why', { retriable: errorClass === 'outage', errorClass })
const circumstances = { sessionWasUsed: false, isolates: true, nowMs: 0 }

/** What follows from these errors, one after the other, in short. */
function after(
  errors: readonly (Error | 'success')[],
  given: Partial<typeof circumstances> = {}
): (AfterError['next'] | 'success')[] {
  const retries = new SinkRetries(settings, 'Db')
  return errors.map((one) => {
    if (one !== 'success') return retries.after(one, { ...circumstances, ...given }).next
    retries.succeeded()
    return one
  })
}

describe('After an error of a batch', () => {
  it('an outage is waited for with growing pauses, which use up no retries, and no longer than it may', () => {
    const retries = new SinkRetries(settings, 'Db')
    const waits = [0, 100, 300, 700, 1500, 2500, 4999].map((nowMs) =>
      retries.after(error('outage'), { ...circumstances, nowMs })
    )
    assert.deepEqual(
      waits.map((wait) => (wait.next === 'later' ? wait.pauseMs : wait.next)),
      [100, 200, 400, 800, 1000, 1000, 1000]
    )
    assert.equal(
      waits[5]?.next === 'later' && waits[5].condition,
      'Db is away for 3 s, next attempt in 1000 ms: why'
    )
    const late = { ...circumstances, nowMs: 5000 }
    assert.equal(retries.after(error('resource'), late).next, 'fail')
  })

  it('the first end of a session that had served is no outage', () => {
    const errors = [error('outage'), error('outage'), 'success' as const, error('outage')]
    assert.deepEqual(after(errors, { sessionWasUsed: true }), [
      'again',
      'later',
      'success',
      'again'
    ])
  })

  it('a conflict is tried again at once, then waited for like an outage, and never put down to rows', () => {
    const errors = Array.from({ length: 40 }, () => error('conflict'))
    assert.deepEqual(after(errors), ['again', 'again', ...errors.slice(2).map(() => 'later')])
  })

  it('an error nobody knows is put down to rows when retries are used up and somebody takes them', () => {
    const errors = Array.from({ length: 3 }, () => error('unknown'))
    assert.deepEqual(after(errors), ['later', 'later', 'isolate'])
    assert.deepEqual(after(errors, { isolates: false }), ['later', 'later', 'fail'])
  })

  it('tables are looked at once more, and a missing right fails at once', () => {
    const structure = error('structure')
    assert.deepEqual(after([structure, structure, 'success', structure]), [
      'again',
      'fail',
      'success',
      'again'
    ])
    for (const other of [error('privilege'), error('data'), new TypeError('a fault of ours')]) {
      assert.deepEqual(after([other]), ['fail'])
    }
  })
})
