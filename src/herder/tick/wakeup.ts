import type { Clock } from '../../clock.ts'

/** Lets one loop sleep until there is something to do. A wake-up between two sleeps is not lost. */
export class Wakeup {
  readonly #clock: Clock
  #woken = false
  #sleep: AbortController | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wake(): void {
    this.#woken = true
    this.#sleep?.abort()
  }

  /** Resolves after `ms` or on a wake-up. */
  async wait(ms: number): Promise<void> {
    if (!this.#woken) {
      this.#sleep = new AbortController()
      await this.#clock.sleep(ms, this.#sleep.signal)
      this.#sleep = null
    }
    this.#woken = false
  }
}
