import type { Clock } from '../../src/clock.ts'

const START_MS = Date.UTC(2026, 0, 1)

interface Sleeper {
  readonly untilMs: number
  wake(): void
}

/**
 * Time that passes only in the foreground: for who sleeps without a signal, or with that of a task's own polls. Whoever else sleeps, beside
 * them, wakes up when it has passed.
 */
export class ModelClock implements Clock {
  #nowMs = 0
  /** What stops the task whose polls let time pass. */
  foreground: AbortSignal | null = null
  readonly #sleepers = new Set<Sleeper>()
  readonly #elapse: (ms: number) => void

  /** `elapse`: has `pass` called until so much time is over. */
  constructor(elapse: (ms: number) => void) {
    this.#elapse = elapse
  }

  now(): number {
    return START_MS + this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal === undefined || signal === this.foreground) {
      this.#elapse(Math.max(1, Math.ceil(ms)))
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const sleeper = {
        untilMs: this.#nowMs + ms,
        wake: (): void => {
          this.#sleepers.delete(sleeper)
          resolve()
        }
      }
      this.#sleepers.add(sleeper)
      signal.addEventListener('abort', sleeper.wake, { once: true })
    })
  }

  pass(ms: number): void {
    this.#nowMs += ms
    for (const sleeper of this.#sleepers) if (sleeper.untilMs <= this.#nowMs) sleeper.wake()
  }
}
