import { setTimeout as delay } from 'node:timers/promises'

/**
 * Time as the worker sees it, so that tests can hold it still. What waits for something with a limit is in
 * `wait.ts`.
 */
export interface Clock {
  /** Wall clock, epoch milliseconds. */
  now(): number
  /** Never goes back; for durations, in milliseconds. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once (without an error) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Node's timers fire at once when they are asked for more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * The computer's own. Whoever needs time is given a clock; this one is named only where the parts of a worker
 * are put together.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    let leftMs = ms
    try {
      do {
        const timer = Math.max(0, Math.min(leftMs, LONGEST_TIMER_MS))
        await delay(timer, undefined, signal === undefined ? {} : { signal })
        leftMs -= timer
      } while (leftMs > 0)
    } catch (error) {
      if (signal?.aborted !== true) throw error
    }
  }
}
