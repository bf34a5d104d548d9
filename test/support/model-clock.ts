import { ManualClock } from './manual-clock.ts'

/**
 * Time that passes only in the foreground: for who sleeps without a signal, or with that of a task's own
 * polls. Whoever else sleeps, beside them, wakes up when it has passed.
 */
export class ModelClock extends ManualClock {
  /** What stops the task whose polls let time pass. */
  foreground: AbortSignal | null = null
  readonly #elapse: (ms: number) => void

  /** `elapse`: has `advance` called until so much time is over. */
  constructor(elapse: (ms: number) => void) {
    super()
    this.#elapse = elapse
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal !== undefined && signal !== this.foreground) return super.sleep(ms, signal)
    this.#elapse(Math.max(1, Math.ceil(ms)))
    return Promise.resolve()
  }
}
