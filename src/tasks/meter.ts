import type { Clock } from '../clock.ts'
import type { StreamFacts } from '../plugin/source.ts'
import type { SourceTaskProgress } from './port.ts'

/** From a change to the push that tells of it, and so the shortest time between two of them. */
const PUSH_AFTER_MS = 250
/** Some facts of streams are times that go by while nothing happens. */
const PUSH_ANYWAY_MS = 10_000

interface MeterOptions {
  /** What the plugin says of its streams at this moment. */
  streams(): ReadonlyMap<string, StreamFacts>
  push(progress: SourceTaskProgress): void
  readonly clock: Clock
  readonly stopping: AbortSignal
}

/**
 * Counts what a task does, and pushes the counts beside the facts of its streams: soon after they may have
 * changed, at a bounded rate.
 */
export class Meter {
  readonly #options: MeterOptions
  #polled = 0
  #written = 0
  #skipped = 0
  #lastWriteAt: number | null = null
  #isPushDue = false

  constructor(options: MeterOptions) {
    this.#options = options
  }

  /** A poll ended and brought so many records. */
  polled(records: number): void {
    this.#polled += records
    this.#changed()
  }

  /** Kafka has records for good; `dropped` counts those of them that were not sent. */
  acknowledged(written: number, dropped: number): void {
    this.#written += written
    this.#skipped += dropped
    this.#lastWriteAt = this.#options.clock.now()
    this.#changed()
  }

  /** Until the task is asked to stop. Never rejects. */
  async pushRegularly(): Promise<void> {
    const { clock, stopping } = this.#options
    while (!stopping.aborted) {
      this.#changed()
      await clock.sleep(PUSH_ANYWAY_MS, stopping)
    }
  }

  push(): void {
    this.#options.push({
      type: 'source',
      polled: this.#polled,
      written: this.#written,
      skipped: this.#skipped,
      lastWriteAt: this.#lastWriteAt,
      streams: this.#options.streams()
    })
  }

  #changed(): void {
    const { clock, stopping } = this.#options
    if (this.#isPushDue || stopping.aborted) return
    this.#isPushDue = true
    void clock.sleep(PUSH_AFTER_MS, stopping).then(() => {
      this.#isPushDue = false
      // The last push of all comes when the task ends.
      if (!stopping.aborted) this.push()
    })
  }
}
