import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError, type Failure, type FailureKind, failureKinds } from '../../../src/errors.ts'
import { AutoRestarts, type InstanceId } from '../../../src/herder/work/auto-restarts.ts'
import { restartPolicy } from '../../../src/settings/connector/connector-settings.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLog } from '../../support/recording-log.ts'

const TASK: InstanceId = { connector: 'orders', task: 0 }
const MESSAGE = 'Exiting: the database is away\nsince noon'
const MINUTE = 60_000
const failure = (kind: FailureKind): Failure => ({ kind, message: MESSAGE })

/** Restarts by that policy, and what came of it; the start that follows each is the test's. */
function restarts(policy: Readonly<Record<string, string>>) {
  const clock = new ManualClock()
  const seen = {
    restarted: [] as string[],
    quiet: [] as string[],
    told: [] as string[],
    isToRun: true,
    refusal: null as Error | null,
    policy
  }
  const auto = new AutoRestarts({
    policyOf: () => restartPolicy(new Map(Object.entries(seen.policy)), new Map()),
    isToRun: () => seen.isToRun,
    onRestart: (_, count, because) => void seen.told.push(`${count}: ${because}`),
    clock,
    log: recordingLog().log
  })
  auto.tell({
    restart: (of) => {
      if (seen.refusal !== null) return Promise.reject(seen.refusal)
      seen.restarted.push(`${of.connector}-${of.task} at ${clock.monotonicMs() / MINUTE} min`)
      auto.stopped(of)
      return Promise.resolve()
    },
    onQuiet: (of) => void seen.quiet.push(`${of.connector}-${of.task}`)
  })
  return { auto, clock, seen }
}

describe('Restarts by policy', () => {
  it('are off unless somebody wants them, and say nothing then', async () => {
    const { auto, clock, seen } = restarts({})
    assert.equal(auto.failed(TASK, failure('passing')), null)
    await clock.pass(100 * MINUTE)
    assert.deepEqual([seen.restarted, auto.runs(TASK)], [[], null])
  })

  for (const kind of failureKinds) {
    for (const on of ['', ...failureKinds, failureKinds.join()]) {
      it(`follow a failure of kind ${kind} where auto.restart.on is '${on}' and names it`, async () => {
        const { auto, clock, seen } = restarts({
          'auto.restart.max.restarts': '3',
          'auto.restart.on': on
        })
        const sentence = auto.failed(TASK, failure(kind))
        await clock.pass(MINUTE)
        if (on.split(',').includes(kind)) {
          assert.equal(
            sentence,
            `Restart 1 of 3 by policy at 2026-01-01T00:01:00.000Z (failure of kind ${kind})`
          )
          assert.deepEqual(seen.restarted, ['orders-0 at 1 min'])
        } else {
          assert.match(
            sentence ?? '',
            new RegExp(`^It is not restarted by policy: a failure of kind ${kind} is none`)
          )
          assert.deepEqual(seen.restarted, [])
        }
      })
    }
  }

  it('wait longer each time, but not longer than they may, and are given up', async () => {
    const { auto, clock, seen } = restarts({
      'auto.restart.max.restarts': '4',
      'auto.restart.backoff.max.ms': String(4 * MINUTE)
    })
    for (let count = 1; count <= 4; count++) {
      assert.match(
        auto.failed(TASK, failure('passing')) ?? '',
        new RegExp(`^Restart ${count} of 4`)
      )
      await clock.pass(10 * MINUTE)
      assert.match(
        auto.runs(TASK) ?? '',
        new RegExp(
          `^Restarted by policy ${count === 1 ? 'once' : `${count} times`}, the last time at .*, because of: Exiting: the database is away$`
        )
      )
    }
    assert.match(
      auto.failed(TASK, failure('passing')) ?? '',
      /^Given up by policy: it has failed behind restart 4 of 4, which was at 2026-01-01T00:40/
    )
    await clock.pass(100 * MINUTE)
    assert.equal(seen.restarted.length, 4)
    const pauses = restarts({ 'auto.restart.max.restarts': '-1' })
    for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
      pauses.auto.failed(TASK, failure('other'))
      await pauses.clock.pass(minutes * MINUTE - 1)
      const before = pauses.seen.restarted.length
      await pauses.clock.pass(1)
      assert.equal(pauses.seen.restarted.length, before + 1, `after ${minutes} minutes`)
    }
  })

  it('are forgotten behind a time without a failure', async () => {
    const { auto, clock, seen } = restarts({ 'auto.restart.max.restarts': '2' })
    auto.failed(TASK, failure('passing'))
    await clock.pass(MINUTE)
    assert.match(auto.runs(TASK) ?? '', /^Restarted by policy once/)
    await clock.pass(9 * MINUTE)
    // Whatever it says meanwhile, the time goes on.
    assert.match(auto.runs(TASK) ?? '', /^Restarted by policy once/)
    assert.deepEqual(seen.quiet, [])
    await clock.pass(MINUTE)
    assert.deepEqual([seen.quiet, auto.runs(TASK)], [['orders-0'], null])
    assert.match(auto.failed(TASK, failure('passing')) ?? '', /^Restart 1 of 2/)
  })

  it('are none of an instance that others stop or restart', async () => {
    const { auto, clock, seen } = restarts({ 'auto.restart.max.restarts': '2' })
    auto.failed(TASK, failure('passing'))
    auto.stopped(TASK)
    await clock.pass(100 * MINUTE)
    assert.deepEqual([seen.restarted, auto.runs(TASK)], [[], null])
    assert.match(auto.failed(TASK, failure('passing')) ?? '', /^Restart 1 of 2/)
  })

  it('wait while the connector is not to run', async () => {
    const { auto, clock, seen } = restarts({ 'auto.restart.max.restarts': '2' })
    auto.failed(TASK, failure('passing'))
    seen.isToRun = false
    await clock.pass(5 * MINUTE)
    assert.deepEqual(seen.restarted, [])
    seen.isToRun = true
    await clock.pass(MINUTE)
    assert.equal(seen.restarted.length, 1)
    assert.match(auto.runs(TASK) ?? '', /^Restarted by policy once/)
  })

  it('are tried again, and not counted, when they are refused', async () => {
    const { auto, clock, seen } = restarts({ 'auto.restart.max.restarts': '1' })
    auto.failed(TASK, failure('passing'))
    seen.refusal = new Error('a rebalance is under way')
    await clock.pass(MINUTE)
    await clock.pass(MINUTE)
    seen.refusal = null
    await clock.pass(MINUTE)
    assert.deepEqual(seen.restarted, ['orders-0 at 3 min'])
    assert.match(auto.failed(TASK, failure('passing')) ?? '', /behind restart 1 of 1/)
  })

  it('say what is wrong with their configuration', () => {
    const { auto, seen } = restarts({})
    seen.policy = { 'auto.restart.max.restarts': 'often' }
    assert.match(
      auto.failed(TASK, failure('passing')) ?? '',
      /^It is not restarted by policy: .*auto\.restart\.max\.restarts/
    )
    assert.throws(
      () => restartPolicy(new Map([['auto.restart.on', 'sometimes']]), new Map()),
      ConfigError
    )
  })

  it('of a connector say otherwise than those of its worker', () => {
    const worker = new Map([
      ['auto.restart.max.restarts', '7'],
      ['auto.restart.on', 'data']
    ])
    const own = new Map([['auto.restart.max.restarts', '0']])
    const { maxRestarts, on } = restartPolicy(own, worker)
    assert.deepEqual([maxRestarts, on], [0, ['data']])
  })
})
