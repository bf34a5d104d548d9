import { HerderQueue } from '../work/herder-queue.ts'

/** Runs requests one after the other, as they come, without a tick. */
export class SerialQueue {
  readonly #queue = new HerderQueue(() => this.#drain())
  #draining = false

  add<T>(action: () => Promise<T> | T): Promise<T> {
    return this.#queue.add(action)
  }

  close(error: Error): void {
    this.#queue.close(error)
  }

  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    // Actions report to their callers; draining itself cannot fail.
    void this.#queue.runAll().finally(() => {
      this.#draining = false
      // One that came between the last action and this line has found the queue still draining.
      if (this.#queue.size > 0) this.#drain()
    })
  }
}
