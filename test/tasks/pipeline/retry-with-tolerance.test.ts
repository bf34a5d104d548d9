import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '../../../src/clock.ts'
import { ConnectError, DataError, type ErrorFacts, RetriableError } from '../../../src/errors.ts'
import { Loggers } from '../../../src/log.ts'
import { RetryWithTolerance } from '../../../src/tasks/pipeline/retry-with-tolerance.ts'
import type { ErrorPolicy } from '../../../src/settings/connector/connector-settings.ts'

const strict: ErrorPolicy = {
  retryTimeoutMs: 0,
  retryDelayMaxMs: 60_000,
  tolerance: 'none',
  logErrors: false,
  logMessages: false,
  exhausted: 'skip'
}
const context = {
  stage: 'VALUE_CONVERTER',
  executing: 'example.Json',
  describe: () => 'table orders, row (id=7)',
  text: () => 'source record is = SourceRecord{…}'
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
        error.facts['record'] === 'table orders, row (id=7)'
    )
  })

  it('skip the record when all is tolerated', async () => {
    const { errors } = subject({ ...strict, tolerance: 'all' })
    assert.equal(await errors.recover(new DataError('no'), context, () => 1), undefined)
    assert.equal(errors.skipped.count, 1)
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

  const busy = (facts?: ErrorFacts) => (): never => {
    throw new RetriableError('busy', facts)
  }

  it('I8: stop being retried at errors.retry.timeout, with a last try when it is reached', async () => {
    const { errors, clock } = subject({ ...strict, retryTimeoutMs: 1000, exhausted: 'fail' })
    await assert.rejects(
      errors.recover(new RetriableError('busy'), context, busy()),
      /Tolerance exceeded/
    )
    assert.deepEqual(clock.slept, [300, 600, 100])
  })

  it('wait at random below errors.retry.delay.max.ms once the doubled delay is above it', async () => {
    const policy: ErrorPolicy = { ...strict, retryTimeoutMs: 10_000, retryDelayMaxMs: 500 }
    const { errors, clock } = subject(policy)
    await errors.recover(new RetriableError('busy'), context, busy())
    assert.equal(clock.slept[0], 300)
    for (const ms of clock.slept.slice(1)) assert.ok(ms >= 0 && ms < 500, String(ms))
  })

  it('lose the record when a retry budget is used up, as in a JVM worker, and say so loudly', async () => {
    const lines: string[] = []
    const { errors } = subject(strict, jumpingClock(), lines)
    assert.equal(await errors.recover(new RetriableError('busy'), context, busy()), undefined)
    const line = JSON.parse(lines.join('')) as { level: string; msg: string }
    assert.equal(line.level, 'ERROR')
    assert.match(line.msg, /^RECORD LOST although errors\.tolerance is none: busy/)
    assert.match(line.msg, /table orders, row \(id=7\)/)
    assert.match(line.msg, /errors\.retry\.exhausted=fail makes the task fail instead/)
    assert.match(errors.skipped.condition ?? '', /^1 record was left out .*row \(id=7\)/)
  })

  it('lose no record with errors.retry.exhausted=fail', async () => {
    const { errors } = subject({ ...strict, exhausted: 'fail' })
    await assert.rejects(errors.recover(new RetriableError('busy'), context, busy()))
    assert.equal(errors.skipped.count, 0)
  })

  it('lose no record for an outage, which would take every record', async () => {
    const { errors } = subject(strict)
    const away = { outage: true }
    await assert.rejects(errors.recover(new RetriableError('busy', away), context, busy(away)))
    assert.equal(errors.skipped.count, 0)
  })

  it('I1: are not retried once the task is to stop, and the record is not skipped for that', async () => {
    const { errors, stopping, clock } = subject({ ...strict, tolerance: 'all', retryTimeoutMs: -1 })
    stopping.abort()
    await assert.rejects(
      errors.recover(new RetriableError('busy'), context, () => 1),
      RetriableError
    )
    assert.deepEqual(clock.slept, [])
    assert.equal(errors.skipped.count, 0)
  })

  it('are logged with the record only when asked to', async () => {
    const lines: string[] = []
    const policy: ErrorPolicy = { ...strict, tolerance: 'all', logErrors: true, logMessages: true }
    const { errors } = subject(policy, jumpingClock(), lines)
    await errors.recover(new DataError('no'), context, () => 1)
    assert.match(
      lines.join(''),
      /Error encountered in task c-0\. Executing stage 'VALUE_CONVERTER' with class 'example\.Json', where source record is = SourceRecord\{…\}\./
    )
  })

  it('go on record with table and key when nothing is to be logged, within a limit', async () => {
    const lines: string[] = []
    const { errors, clock } = subject({ ...strict, tolerance: 'all' }, jumpingClock(), lines)
    for (let row = 0; row < 150; row++) await errors.recover(new DataError('no'), context, () => 1)
    assert.equal(lines.length, 100)
    assert.match(
      lines[0] ?? '',
      /"level":"WARN".*A record is left out: no \(table orders, row \(id=7\)\), in stage VALUE_CONVERTER with example\.Json/
    )
    await clock.sleep(60_000)
    await errors.recover(new DataError('no'), context, () => 1)
    assert.match(lines[100] ?? '', /50 more records were left out/)
    assert.equal(lines.length, 102)
    assert.match(errors.skipped.condition ?? '', /^151 records were left out/)
  })
})
