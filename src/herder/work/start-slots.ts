import type { Clock } from '../../clock.ts'
import { settledWithin } from '../../wait.ts'

const SLOTS = 8
/**
 * A start that takes longer gives its slot to the next one, so that a few slow plugins cannot hold up the
 * rest.
 */
const SLOT_LIMIT_MS = 3000

/** Starts a few things at a time. */
export class StartSlots {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #free = SLOTS

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async run<T>(start: () => Promise<T>): Promise<T> {
    await this.#acquire()
    const started = start()
    await settledWithin(this.#clock, started, SLOT_LIMIT_MS)
    this.#release()
    return started
  }

  async #acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}
