import { setTimeout as delay } from 'node:timers/promises'

/** Time as the worker sees it, so that tests can hold it still. */
export interface Clock {
  /** Wall clock, epoch milliseconds. */
  now(): number
  /** Never goes back; for durations, in milliseconds. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once (without an error) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      if (signal?.aborted !== true) throw error
    }
  }
}

/**
 * I8: gives a promise a limit. `what` names the thing waited for in the error.
 * The work itself is not cancelled; pass an AbortSignal to it where it can be.
 */
export async function withTimeout<T>(
  work: Promise<T>,
  ms: number,
  onTimeout: () => Error
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onTimeout()), Math.min(ms, 2_147_483_647))
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
