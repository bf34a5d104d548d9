import type { SourceOffset, SourcePartition, SourceRecord } from '../data/record.ts'
import { lastOffsets, PartitionIdentity } from './partition-identity.ts'

/** One offset of a source partition that may be stored. */
export interface CommittableOffset {
  readonly partition: SourcePartition
  readonly offset: SourceOffset
}

interface Entry {
  readonly offset: SourceOffset
  readonly batch: SubmittedBatch
}

/** Records handed to the producer together; they are acknowledged together. */
export class SubmittedBatch {
  acked = false

  ack(): void {
    this.acked = true
  }
}

/**
 * Says which source offsets may be stored (I1): per source partition a queue of what was handed to Kafka, in order;
 * an offset is committable only when everything before it in its partition was acknowledged or deliberately dropped.
 */
export class SubmittedRecords {
  readonly #queues = new Map<SourcePartition, Entry[]>()
  readonly #partitions = new PartitionIdentity()
  #pendingBatches = new Set<SubmittedBatch>()

  /**
   * Registers records in the order the task gave them, dropped ones included. A record without a source offset (bulk) holds
   * back nothing and stores nothing.
   */
  submit(records: readonly SourceRecord[]): SubmittedBatch {
    const batch = new SubmittedBatch()
    for (const [known, offset] of lastOffsets(records, this.#partitions)) {
      const queue = this.#queues.get(known)
      if (queue === undefined) this.#queues.set(known, [{ offset, batch }])
      else queue.push({ offset, batch })
    }
    this.#pendingBatches.add(batch)
    return batch
  }

  /** Takes out the acknowledged front of each queue and answers the last offset of each, at most one per partition. */
  takeCommittable(): CommittableOffset[] {
    const taken: CommittableOffset[] = []
    for (const [partition, queue] of this.#queues) {
      let ready = 0
      while (ready < queue.length && queue[ready]?.batch.acked === true) ready++
      const newest = queue[ready - 1]
      if (newest === undefined) continue
      queue.splice(0, ready)
      taken.push({ partition, offset: newest.offset })
      if (queue.length === 0) this.#queues.delete(partition)
    }
    for (const batch of this.#pendingBatches) if (batch.acked) this.#pendingBatches.delete(batch)
    return taken
  }

  /** Batches not acknowledged yet. */
  get unackedBatches(): number {
    let count = 0
    for (const batch of this.#pendingBatches) if (!batch.acked) count++
    return count
  }
}
