import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  abortable,
  abortingAfter,
  Backoff,
  type RetryPolicy,
  retrying,
  settledWithin,
  within
} from '../src/wait.ts'
import { ManualClock, settle } from './support/manual-clock.ts'

const never = new Promise<never>(() => undefined)
const late = (): Error => new Error('too late')
const NOBODY = new AbortController().signal

describe('within', () => {
  it('gives what the work gives, and leaves no timer behind', async () => {
    const clock = new ManualClock()
    assert.equal(await within(clock, Promise.resolve(7), 1000, late), 7)
    await assert.rejects(within(clock, Promise.reject(new Error('no')), 1000, late), /^Error: no$/)
    assert.deepEqual(clock.sleeping, [])
  })

  it('I8: rejects when the limit is over, and says what was waited for', async () => {
    const clock = new ManualClock()
    const waiting = assert.rejects(within(clock, never, 1000, late), /too late/)
    await clock.pass(999)
    assert.deepEqual(clock.sleeping, [1])
    await clock.pass(1)
    await waiting
  })

  it('has no opinion on work that fails when nobody waits any more', async () => {
    const clock = new ManualClock()
    const work = Promise.withResolvers<void>()
    const waiting = assert.rejects(within(clock, work.promise, 1000, late), /too late/)
    await clock.pass(1000)
    await waiting
    work.reject(new Error('nobody hears this'))
    await settle()
  })
})

describe('settledWithin', () => {
  it('says whether the work settled in time, however it ended', async () => {
    const clock = new ManualClock()
    assert.equal(await settledWithin(clock, Promise.resolve(), 1000), true)
    assert.equal(await settledWithin(clock, Promise.reject(new Error('no')), 1000), true)
    const waiting = settledWithin(clock, never, 1000)
    await clock.pass(1000)
    assert.equal(await waiting, false)
    assert.deepEqual(clock.sleeping, [])
  })
})

describe('abortingAfter', () => {
  it('aborts the work when the limit is over, and waits for it to end', async () => {
    const clock = new ManualClock()
    const seen: string[] = []
    const ended = abortingAfter(clock, 1000, async (limit) => {
      await clock.sleep(5000, limit)
      seen.push((limit.reason as Error).name)
      return 'ended'
    })
    await clock.pass(1000)
    assert.equal(await ended, 'ended')
    assert.deepEqual(seen, ['TimeoutError'])
  })

  it('aborts it when the other signal does', async () => {
    const clock = new ManualClock()
    const stop = new AbortController()
    const ended = abortingAfter(clock, 1000, (limit) => clock.sleep(5000, limit), stop.signal)
    stop.abort()
    await ended
    assert.deepEqual(clock.sleeping, [])
  })

  it('leaves alone what ended in time', async () => {
    const clock = new ManualClock()
    const limit = await abortingAfter(clock, 1000, (signal) => Promise.resolve(signal))
    await clock.pass(5000)
    assert.equal(limit.aborted, false)
    assert.deepEqual(clock.sleeping, [])
  })
})

describe('abortable', () => {
  it('gives what the work gives', async () => {
    assert.equal(await abortable(Promise.resolve(7), NOBODY), 7)
  })

  it('rejects when the signal aborts, with its reason or an error made for it', async () => {
    const stop = new AbortController()
    const one = assert.rejects(abortable(never, stop.signal), /stopped by hand/)
    const other = assert.rejects(abortable(never, stop.signal, late), /too late/)
    stop.abort(new Error('stopped by hand'))
    await one
    await other
    await assert.rejects(abortable(never, stop.signal), /stopped by hand/)
  })
})

describe('Backoff', () => {
  it('doubles up to the longest pause, and begins anew after a success', () => {
    const backoff = new Backoff({ firstMs: 100, lastMs: 500 })
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => backoff.next()),
      [100, 200, 400, 500, 500]
    )
    backoff.reset()
    assert.equal(backoff.next(), 100)
  })

  it('stays at the longest pause however long it goes on', () => {
    const backoff = new Backoff({ firstMs: 1, lastMs: 60_000 })
    for (let failures = 0; failures < 5000; failures++) backoff.next()
    assert.equal(backoff.next(), 60_000)
  })

  it('draws pauses between two factors', () => {
    const backoff = new Backoff({ firstMs: 100, lastMs: 100, spread: [0.5, 1] })
    for (let draws = 0; draws < 1000; draws++) {
      const pauseMs = backoff.next()
      assert.ok(pauseMs >= 50 && pauseMs <= 100, String(pauseMs))
    }
  })
})

describe('retrying', () => {
  const clock = new ManualClock()
  const backoff = { firstMs: 100, lastMs: 1000 }

  /** Fails so many times, then succeeds. Answers what came of it, and when each attempt began. */
  async function run(
    failing: number,
    policy: Partial<RetryPolicy>,
    signal: AbortSignal = NOBODY
  ): Promise<{ outcome: string; begunMs: number[] }> {
    const startedMs = clock.monotonicMs()
    const begunMs: number[] = []
    let over = false
    const outcome = retrying(
      clock,
      { backoff, ...policy },
      async ({ failures }) => {
        begunMs.push(clock.monotonicMs() - startedMs)
        if (failures < failing) throw new Error(`failure ${failures + 1}`)
        return 'done'
      },
      signal
    )
      .catch((error: Error) => error.message)
      .finally(() => {
        over = true
      })
    for (await settle(); !over; ) await clock.pass(clock.sleeping[0] ?? 0)
    return { outcome: await outcome, begunMs }
  }

  it('tries again with longer and longer pauses until it succeeds', async () => {
    assert.deepEqual(await run(5, {}), { outcome: 'done', begunMs: [0, 100, 300, 700, 1500, 2500] })
  })

  it('ends at once with what will not pass', async () => {
    const policy = { isPassing: (error: unknown) => (error as Error).message !== 'failure 2' }
    assert.deepEqual(await run(9, policy), { outcome: 'failure 2', begunMs: [0, 100] })
  })

  it('I8: ends after so many attempts', async () => {
    assert.deepEqual(await run(9, { attempts: 3 }), {
      outcome: 'failure 3',
      begunMs: [0, 100, 300]
    })
  })

  it('I8: begins no attempt behind the limit', async () => {
    assert.deepEqual(await run(9, { limitMs: 600 }), {
      outcome: 'failure 3',
      begunMs: [0, 100, 300]
    })
  })

  it('tells of each failure that is followed by another attempt', async () => {
    const told: unknown[] = []
    await run(2, {
      attempts: 2,
      onRetry: (error, pauseMs, failures) => {
        told.push([(error as Error).message, pauseMs, failures])
      }
    })
    assert.deepEqual(told, [['failure 1', 100, 1]])
  })

  it('ends in the pause in which its signal aborts, with the last failure', async () => {
    const stop = new AbortController()
    const onRetry = (_: unknown, __: number, failures: number): void => {
      if (failures === 2) stop.abort()
    }
    assert.deepEqual(await run(9, { onRetry }, stop.signal), {
      outcome: 'failure 2',
      begunMs: [0, 100]
    })
  })

  it('lets nothing begin once its signal has aborted', async () => {
    const stopped = AbortSignal.abort(new Error('stopped before'))
    assert.deepEqual(await run(0, {}, stopped), { outcome: 'stopped before', begunMs: [] })
  })

  it('says how much time is left', async () => {
    const left: number[] = []
    const work = retrying(
      clock,
      { backoff, limitMs: 350 },
      async ({ leftMs }) => {
        left.push(leftMs)
        if (left.length < 3) throw new Error('again')
      },
      NOBODY
    )
    await clock.pass(0)
    await clock.pass(100)
    await clock.pass(200)
    await work
    assert.deepEqual(left, [350, 250, 50])
  })
})
