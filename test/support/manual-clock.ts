import type { Clock } from '../../src/clock.ts'

const START_MS = Date.UTC(2026, 0, 1)

const IDLE_TURNS = 10

interface Sleeper {
  readonly untilMs: number
  wake(): void
}

/** Time that stands still until a test lets it pass. */
export class ManualClock implements Clock {
  #nowMs = 0
  readonly #sleepers = new Set<Sleeper>()

  now(): number {
    return START_MS + this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  /** How long each of those who sleep now still has to, in milliseconds, shortest first. */
  get sleeping(): number[] {
    return [...this.#sleepers].map(({ untilMs }) => untilMs - this.#nowMs).sort((a, b) => a - b)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper = {
        untilMs: this.#nowMs + ms,
        wake: (): void => {
          this.#sleepers.delete(sleeper)
          signal?.removeEventListener('abort', sleeper.wake)
          resolve()
        }
      }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', sleeper.wake, { once: true })
    })
  }

  /** Lets so much time pass, and what was waiting for it run. */
  async pass(ms: number): Promise<void> {
    this.advance(ms)
    await settle()
  }

  /**
   * Lets time pass as fast as it is waited for, until `work` settles. For work of this process alone: time
   * passes when nothing else has happened for some turns of the event loop.
   */
  async during<T>(work: Promise<T>): Promise<T> {
    let over = false
    const end = (): void => {
      over = true
    }
    work.then(end, end)
    for (;;) {
      for (let turn = 0; turn < IDLE_TURNS && !over; turn++) await settle()
      if (over) break
      const [nextMs] = this.sleeping
      if (nextMs !== undefined) this.advance(nextMs)
    }
    return await work
  }

  /** Lets so much time pass; who was waiting for it runs once the caller lets it. */
  advance(ms: number): void {
    this.#nowMs += ms
    for (const sleeper of this.#sleepers) if (sleeper.untilMs <= this.#nowMs) sleeper.wake()
  }
}

/** Until everything that needs nothing but its turn has run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
