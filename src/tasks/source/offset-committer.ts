import { encodedOffset, type RecordOffset, type SourcePartition } from '../../data/record.ts'
import { ConnectError, isRetriable } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { PartitionOffset } from '../../plugin/source.ts'
import type { AskWorker } from '../worker-calls.ts'
import type { SubmittedRecords } from './submitted-records.ts'

/**
 * Stores the committable offsets of one task. Commits never overlap: a call during a commit waits for it and
 * then commits again. What could not be stored is kept and goes with the next commit, unless something newer
 * took its place.
 */
export class OffsetCommitter {
  readonly #ask: AskWorker
  readonly #submitted: SubmittedRecords
  readonly #log: Logger
  #unstored = new Map<SourcePartition, RecordOffset>()
  #running: Promise<boolean> = Promise.resolve(true)
  #closed = false

  constructor(options: {
    ask: AskWorker
    submitted: SubmittedRecords
    log: Logger
  }) {
    this.#ask = options.ask
    this.#submitted = options.submitted
    this.#log = options.log
  }

  /**
   * Answers whether everything committable is stored. A failure is logged, not thrown: the next commit tries
   * again.
   */
  commit(): Promise<boolean> {
    this.#running = this.#running.then(() => this.#commitOnce())
    return this.#running
  }

  /**
   * Stores offsets of partitions that have no records yet. Rejects when they are not stored in time, or the
   * task was given up (I2).
   */
  async store(offsets: readonly PartitionOffset[]): Promise<void> {
    const storing = this.#running.then(async () => {
      if (this.#closed) throw new ConnectError('WORKER_STOPPING', 'The task was given up')
      await this.#ask('storeOffsets', offsets)
    })
    this.#running = storing.then(
      () => true,
      () => false
    )
    await storing
  }

  /** I2, I4: nothing is stored after this. */
  close(): void {
    this.#closed = true
  }

  async #commitOnce(): Promise<boolean> {
    if (this.#closed) return false
    for (const { partition, offset } of this.#submitted.takeCommittable()) {
      this.#unstored.set(partition, offset)
    }
    if (this.#unstored.size === 0) return true
    const committing = [...this.#unstored]
    const storing = committing.map(([partition, offset]) => ({
      partition,
      offset: encodedOffset(offset)
    }))
    try {
      await this.#ask('storeOffsets', storing)
    } catch (error) {
      this.#log.error(
        isRetriable(error)
          ? 'Timed out waiting to flush offsets to storage; will try again on next flush interval with latest offsets'
          : 'Offsets could not be stored; will try again on next flush interval with latest offsets',
        { error }
      )
      return false
    }
    for (const [partition, offset] of committing) {
      if (this.#unstored.get(partition) === offset) this.#unstored.delete(partition)
    }
    this.#log.debug('Stored source offsets', { partitions: storing.length })
    return true
  }
}
