import type { Clock } from './clock.ts'

/**
 * I8: everything that waits. Limits, giving up and trying again are written here and nowhere else, and count
 * on the clock they are given: `test/architecture.test.ts` keeps timers and races of promises out of the
 * other files.
 *
 * | to | use |
 * |---|---|
 * | wait for a promise, but not longer than … | `within`, and `settledWithin` where being late is no error |
 * | have work stopped that listens to a signal | `abortingAfter` |
 * | stop waiting when somebody aborts | `abortable` |
 * | let others have their turn | `nextTurn` |
 * | do something later, without waiting for it | `after`, and again and again `every` |
 * | try again what failed | `retrying`; `Backoff` where the loop is more than that, `pauseAfter` where failures are counted elsewhere |
 */

/**
 * The outcome of `work`; rejects with `late()` when there is none after `ms`. The work itself goes on: nobody
 * waits for it any more.
 */
export async function within<T>(
  clock: Clock,
  work: Promise<T>,
  ms: number,
  late: () => Error
): Promise<T> {
  const over = new AbortController()
  const limit = clock.sleep(ms, over.signal).then(() => {
    if (!over.signal.aborted) throw late()
  })
  try {
    return (await Promise.race([work, limit])) as T
  } finally {
    over.abort()
  }
}

/** Whether `work` settles, one way or the other, before `ms` are over. Never rejects. */
export async function settledWithin(
  clock: Clock,
  work: Promise<unknown>,
  ms: number
): Promise<boolean> {
  const over = new AbortController()
  const settled = work.then(
    () => true,
    () => true
  )
  const inTime = await Promise.race([settled, clock.sleep(ms, over.signal).then(() => false)])
  over.abort()
  return inTime
}

/**
 * Runs `work` with a signal that aborts after `ms`, and with `signal` if there is one. Ends when the work
 * does, which has to obey: with work that may not, `abortable` ends the wait.
 */
export async function abortingAfter<T>(
  clock: Clock,
  ms: number,
  work: (limit: AbortSignal) => Promise<T>,
  signal?: AbortSignal
): Promise<T> {
  const late = new AbortController()
  const over = new AbortController()
  void clock.sleep(ms, over.signal).then(() => {
    if (!over.signal.aborted) late.abort(new DOMException(`no end after ${ms} ms`, 'TimeoutError'))
  })
  try {
    return await work(signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]))
  } finally {
    over.abort()
  }
}

/**
 * The outcome of `work`, unless `signal` aborts first: then nobody waits for it any more, and it rejects with
 * `error()`, or else with the signal's reason.
 */
export async function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal,
  error: () => unknown = () => signal.reason
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(error())
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Resolves when everything else that is due now has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Calls `work` after `ms`, unless what it answers is called before. */
export function after(clock: Clock, ms: number, work: () => void): () => void {
  const cancelled = new AbortController()
  void clock.sleep(ms, cancelled.signal).then(() => {
    if (!cancelled.signal.aborted) work()
  })
  return () => cancelled.abort()
}

/** Calls `work` every `ms`, the first time after the first of them, until what it answers is called. */
export function every(clock: Clock, ms: number, work: () => void): () => void {
  let cancel = (): void => {}
  const next = (): void => {
    cancel = after(clock, ms, () => {
      next()
      work()
    })
  }
  next()
  return () => cancel()
}

export interface BackoffSettings {
  /** The first pause, in milliseconds; each one after it is twice as long. */
  readonly firstMs: number
  /** No pause is longer. */
  readonly lastMs: number
  /** Factors between which a pause is drawn, so that many do not come back in step. Default: none. */
  readonly spread?: readonly [least: number, most: number]
}

/** The pause in milliseconds after so many failures in a row, the last of them counted. */
export function pauseAfter(failures: number, settings: BackoffSettings): number {
  const { firstMs, lastMs, spread: [least, most] = [1, 1] } = settings
  // Beyond 2 ** 30 every `lastMs` is reached.
  const pauseMs = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), lastMs)
  return least === most ? pauseMs * least : pauseMs * (least + Math.random() * (most - least))
}

/** How long to wait after each of several failures in a row. */
export class Backoff {
  readonly #settings: BackoffSettings
  #failures = 0

  constructor(settings: BackoffSettings) {
    this.#settings = settings
  }

  /** Counts a failure; answers the pause in milliseconds before the next attempt. */
  next(): number {
    this.#failures++
    return pauseAfter(this.#failures, this.#settings)
  }

  /** After a success: the next failure is a first one. */
  reset(): void {
    this.#failures = 0
  }
}

export interface RetryPolicy {
  readonly backoff: BackoffSettings
  /** Whether another attempt may succeed. Default: any may. */
  isPassing?(error: unknown): boolean
  /** How many attempts there are, the first one included. Default: no limit of their number. */
  readonly attempts?: number
  /**
   * No attempt begins later than this after the first one, in milliseconds. Default: no limit in time but the
   * signal.
   */
  readonly limitMs?: number
  /**
   * Told of every failure behind which there is another attempt, before the pause of `pauseMs`; ends the
   * attempts when it throws.
   */
  onRetry?(error: unknown, pauseMs: number, failures: number): void | Promise<void>
}

/** What an attempt may want to know. */
export interface Attempt {
  /** How many attempts failed before this one. */
  readonly failures: number
  /** How much is left of the policy's `limitMs`; infinite without one. */
  readonly leftMs: number
}

/**
 * The outcome of the first attempt that succeeds. Rejects with what the last one threw: when it will not
 * pass, when the policy allows no other, and when a `signal` aborts, also during a pause. A signal that was
 * aborted before lets nothing begin, and its reason is thrown.
 */
export async function retrying<T>(
  clock: Clock,
  policy: RetryPolicy,
  attempt: (attempt: Attempt) => Promise<T>,
  signal?: AbortSignal
): Promise<T> {
  const { attempts = Number.POSITIVE_INFINITY, limitMs = Number.POSITIVE_INFINITY } = policy
  signal?.throwIfAborted()
  const startedMs = clock.monotonicMs()
  const leftMs = (): number => startedMs + limitMs - clock.monotonicMs()
  const isAborted = (): boolean => signal?.aborted === true
  const backoff = new Backoff(policy.backoff)
  for (let failures = 0; ; ) {
    try {
      return await attempt({ failures, leftMs: leftMs() })
    } catch (error) {
      failures++
      if (isAborted() || failures >= attempts || policy.isPassing?.(error) === false) throw error
      const pauseMs = backoff.next()
      if (pauseMs > leftMs()) throw error
      await policy.onRetry?.(error, pauseMs, failures)
      await clock.sleep(pauseMs, signal)
      if (isAborted()) throw error
    }
  }
}
