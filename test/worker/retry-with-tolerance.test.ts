import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '../../src/clock.ts'
import { ConnectError, DataError, RetriableError } from '../../src/errors.ts'
import { Loggers } from '../../src/log.ts'
import { type ErrorPolicy, RetryWithTolerance } from '../../src/worker/retry-with-tolerance.ts'

const strict: ErrorPolicy = {
  retryTimeoutMs: 0,
  retryDelayMaxMs: 60_000,
  tolerance: 'none',
  logErrors: false,
  logMessages: false
}
const context = {
  stage: 'VALUE_CONVERTER',
  executing: 'example.Json',
  describe: () => 'row 7'
} as const

/** A clock that jumps instead of waiting, and remembers how long it should have waited. */
function jumpingClock(): Clock & { slept: number[] } {
  let now = 0
  const slept: number[] = []
  return {
    slept,
    now: () => now,
    monotonicMs: () => now,
    sleep: (ms) => {
      slept.push(ms)
      now += ms
      return Promise.resolve()
    }
  }
}

function subject(policy: ErrorPolicy, clock = jumpingClock(), lines: string[] = []) {
  const log = new Loggers({ write: (line: string) => void lines.push(line) }).get('t')
  const stopping = new AbortController()
  return {
    clock,
    stopping,
    errors: new RetryWithTolerance({ policy, task: 'c-0', log, stopping: stopping.signal, clock })
  }
}

describe('errors while a record is transformed or converted', () => {
  it('fail the task when nothing is tolerated, naming stage and record', async () => {
    const { errors } = subject(strict)
    await assert.rejects(
      errors.recover(new DataError('no'), context, () => 1),
      (error: ConnectError) =>
        error.message === 'Tolerance exceeded in error handler' &&
        error.facts['stage'] === 'VALUE_CONVERTER' &&
        error.facts['record'] === 'row 7'
    )
  })

  it('skip the record when all is tolerated', async () => {
    const { errors } = subject({ ...strict, tolerance: 'all' })
    assert.equal(await errors.recover(new DataError('no'), context, () => 1), undefined)
    assert.equal(errors.skipped, 1)
  })

  it('are tried again while retriable, with doubling delays, until the attempt succeeds', async () => {
    const { errors, clock } = subject({ ...strict, retryTimeoutMs: -1 })
    let attempts = 0
    const value = await errors.recover(new RetriableError('busy'), context, () => {
      attempts += 1
      if (attempts < 4) throw new RetriableError('busy')
      return 'done'
    })
    assert.equal(value, 'done')
    assert.deepEqual(clock.slept, [300, 600, 1200, 2400])
  })

  it('I8: stop being retried at errors.retry.timeout, and then fail rather than lose the record', async () => {
    const { errors, clock } = subject({ ...strict, retryTimeoutMs: 1000 })
    await assert.rejects(
      errors.recover(new RetriableError('busy'), context, () => {
        throw new RetriableError('busy')
      }),
      /Tolerance exceeded/
    )
    assert.deepEqual(clock.slept, [300, 600, 100])
  })

  it('are not retried once the task is to stop', async () => {
    const { errors, stopping, clock } = subject({ ...strict, retryTimeoutMs: -1 })
    stopping.abort()
    await assert.rejects(errors.recover(new RetriableError('busy'), context, () => 1))
    assert.deepEqual(clock.slept, [])
  })

  it('are logged with the record only when asked to', async () => {
    const lines: string[] = []
    const policy: ErrorPolicy = { ...strict, tolerance: 'all', logErrors: true, logMessages: true }
    const { errors } = subject(policy, jumpingClock(), lines)
    await errors.recover(new DataError('no'), context, () => 1)
    assert.match(
      lines.join(''),
      /Error encountered in task c-0\. Executing stage 'VALUE_CONVERTER' with class 'example\.Json', where source record is = row 7\./
    )
  })
})
