import type { Clock } from '../../clock.ts'
import type { Logger } from '../../log.ts'
import type { PartitionOffset } from '../../plugin/source.ts'
import type { AskWorker } from '../worker-calls.ts'
import type { OffsetCommitter } from './offset-committer.ts'
import type { SourceDelivery } from './source-delivery.ts'
import type { ConvertedBatch, SourceRecordSender } from './source-record-sender.ts'
import type { SourceTaskInstance } from './source-task-instance.ts'
import { settledWithin } from '../../wait.ts'

interface AtLeastOnceParts {
  readonly sender: SourceRecordSender
  readonly committer: OffsetCommitter
  readonly ask: AskWorker
  readonly plugin: SourceTaskInstance
  readonly offsetFlushIntervalMs: number
  readonly offsetFlushTimeoutMs: number
  readonly stopping: AbortSignal
  readonly clock: Clock
  readonly log: Logger
}

/** Records first, their offsets behind the acknowledgements, every `offset.flush.interval.ms` (I1). */
export class AtLeastOnceDelivery implements SourceDelivery {
  readonly transaction = null
  readonly #parts: AtLeastOnceParts
  #cancelled = false

  constructor(parts: AtLeastOnceParts) {
    this.#parts = parts
  }

  async begin(): Promise<void> {
    await this.#parts.ask('openOffsets', null)
  }

  throwFailure(): void {
    this.#parts.sender.throwFailure()
  }

  get bytesPerSend(): number {
    return this.#parts.sender.bytesPerSend
  }

  get standstill(): string | null {
    return this.#parts.sender.standstill
  }

  send(batch: ConvertedBatch): Promise<void> {
    return this.#parts.sender.send(batch)
  }

  async pollEnded(): Promise<void> {}

  async paused(): Promise<boolean> {
    return true
  }

  storeOffsets(offsets: readonly PartitionOffset[]): Promise<void> {
    return this.#parts.committer.store(offsets)
  }

  async alongside(): Promise<void> {
    const { stopping, offsetFlushIntervalMs, clock } = this.#parts
    while (!stopping.aborted) {
      await clock.sleep(offsetFlushIntervalMs, stopping)
      if (!stopping.aborted) await this.#commit()
    }
  }

  /** A failed task stores the offsets of what was acknowledged, too. */
  async finish(): Promise<void> {
    const { sender, offsetFlushTimeoutMs, clock } = this.#parts
    await settledWithin(clock, sender.drained(), offsetFlushTimeoutMs)
    if (!this.#cancelled) await this.#commit()
  }

  cancel(): void {
    const { committer, sender, log } = this.#parts
    this.#cancelled = true
    committer.close()
    sender.cancel()
    sender.close(0).catch((error: unknown) => {
      log.warn('The producer of a cancelled task could not be closed', { error })
    })
  }

  close(timeoutMs: number): Promise<void> {
    return this.#parts.sender.close(timeoutMs)
  }

  async #commit(): Promise<void> {
    const { committer, plugin } = this.#parts
    if (await committer.commit()) await plugin.offsetsCommitted()
  }
}
