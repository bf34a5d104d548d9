import type { Clock } from '../clock.ts'

/** From a change to the push that tells of it, and so the shortest time between two of them. */
const PUSH_AFTER_MS = 250
/** Some facts are times that go by while nothing happens. */
const PUSH_ANYWAY_MS = 10_000

/** Pushes what a task has to say of its progress: soon after it may have changed, at a bounded rate. */
export class PacedPush {
  readonly #push: () => void
  readonly #clock: Clock
  readonly #stopping: AbortSignal
  #isDue = false

  /** The last push of all, when the task ends, is its owner's business. */
  constructor(push: () => void, clock: Clock, stopping: AbortSignal) {
    this.#push = push
    this.#clock = clock
    this.#stopping = stopping
  }

  changed(): void {
    if (this.#isDue || this.#stopping.aborted) return
    this.#isDue = true
    void this.#clock.sleep(PUSH_AFTER_MS, this.#stopping).then(() => {
      this.#isDue = false
      if (!this.#stopping.aborted) this.#push()
    })
  }

  /** Until the task is asked to stop. Never rejects. */
  async regularly(): Promise<void> {
    while (!this.#stopping.aborted) {
      this.changed()
      await this.#clock.sleep(PUSH_ANYWAY_MS, this.#stopping)
    }
  }
}
