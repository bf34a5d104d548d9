import type { RecordOffset, SourcePartition, SourceRecord } from '../../data/record.ts'
import { lastOffsets, PartitionIdentity } from './partition-identity.ts'

/** One offset of a source partition that may be stored. */
interface CommittableOffset {
  readonly partition: SourcePartition
  readonly offset: RecordOffset
}

interface Entry {
  readonly offset: RecordOffset
  readonly batch: SubmittedBatch
}

/** Records handed to the producer together; they are acknowledged together. */
export class SubmittedBatch {
  #acked = false

  get acked(): boolean {
    return this.#acked
  }

  ack(): void {
    this.#acked = true
  }
}

/**
 * Says which source offsets may be stored (I1): per source partition a queue of what was handed to Kafka, in
 * order; an offset is committable only when everything before it in its partition was acknowledged or
 * deliberately dropped.
 */
export class SubmittedRecords {
  readonly #queues = new Map<SourcePartition, Entry[]>()
  readonly #partitions = new PartitionIdentity()

  /**
   * Registers records in the order the task gave them, dropped ones included. A record without a source
   * offset (bulk) holds back nothing and stores nothing.
   */
  submit(records: readonly SourceRecord[]): SubmittedBatch {
    const batch = new SubmittedBatch()
    for (const [known, offset] of lastOffsets(records, this.#partitions)) {
      const queue = this.#queues.get(known)
      if (queue === undefined) this.#queues.set(known, [{ offset, batch }])
      else {
        // I8: of the acknowledged front only the newest is of use, however long the next flush takes.
        while (queue[0]?.batch.acked === true && queue[1]?.batch.acked === true) queue.shift()
        queue.push({ offset, batch })
      }
    }
    return batch
  }

  /** How many offsets are kept. */
  get waiting(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.length, 0)
  }

  /**
   * Takes out the acknowledged front of each queue and answers the last offset of each, at most one per
   * partition.
   */
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
    return taken
  }
}
