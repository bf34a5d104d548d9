import type { Clock } from '../clock.ts'
import type { StreamFacts } from '../plugin/source.ts'
import { PacedPush } from './paced-push.ts'
import type { SourceTaskProgress } from './port.ts'

interface MeterOptions {
  /** What the plugin says of its streams at this moment. */
  streams(): ReadonlyMap<string, StreamFacts>
  push(progress: SourceTaskProgress): void
  readonly clock: Clock
  readonly stopping: AbortSignal
}

/**
 * Counts what a source task does, and pushes the counts beside the facts of its streams: soon after they may
 * have changed, at a bounded rate.
 */
export class Meter {
  readonly #options: MeterOptions
  #polled = 0
  #written = 0
  #skipped = 0
  #lastWriteAt: number | null = null
  readonly #pushes: PacedPush

  constructor(options: MeterOptions) {
    this.#options = options
    this.#pushes = new PacedPush(() => this.push(), options.clock, options.stopping)
  }

  /** A poll ended and brought so many records. */
  polled(records: number): void {
    this.#polled += records
    this.#pushes.changed()
  }

  /** Kafka has records for good; `dropped` counts those of them that were not sent. */
  acknowledged(written: number, dropped: number): void {
    this.#written += written
    this.#skipped += dropped
    this.#lastWriteAt = this.#options.clock.now()
    this.#pushes.changed()
  }

  /** Until the task is asked to stop. Never rejects. */
  pushRegularly(): Promise<void> {
    return this.#pushes.regularly()
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
}
