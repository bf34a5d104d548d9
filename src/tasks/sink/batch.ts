import type { SinkRecord } from '../../data/record.ts'
import type { ConsumedRecord } from '../../kafka/contracts.ts'
import type { TopicPartition } from '../../plugin/sink.ts'
import type { RecordFailure } from '../pipeline/sink-passage.ts'
import { partitionKey } from './assigned-partitions.ts'

/** What a batch holds of one partition. */
interface Stretch extends TopicPartition {
  readonly first: number
  readonly firstTimestamp: number | null
  /** Behind the last record, dropped ones included. */
  next: number
  lastTimestamp: number | null
}

/** A record that did not come through conversion, and why. */
interface LeftOut {
  readonly record: ConsumedRecord
  readonly failure: RecordFailure
}

/** Records that are put together, and again together; filled while another one is written. */
export class Batch {
  /** Those that came through conversion, in their order. */
  records: SinkRecord[] = []
  /** By `partitionKey`; of everything that was consumed. */
  readonly stretches = new Map<string, Stretch>()
  readonly startedMs: number
  /** How many records were consumed for it, and how large they are. */
  consumed = 0
  bytes = 0
  /** Records that were left out, or failed the task; nobody was told of them yet. */
  #leftOut: LeftOut[] = []
  /** Consumed, and not converted yet. */
  #waiting: ConsumedRecord[] = []
  #at = 0
  /** So many of `records` were handed out to be prepared. */
  #prepared = 0
  /** Records of a partition come one after the other. */
  #last: Stretch | null = null

  constructor(nowMs: number) {
    this.startedMs = nowMs
  }

  get isEmpty(): boolean {
    return this.stretches.size === 0
  }

  /** The next record to be converted; null: all are. */
  get unconverted(): ConsumedRecord | null {
    return this.#waiting[this.#at] ?? null
  }

  add(consumed: readonly ConsumedRecord[]): void {
    this.#waiting = this.#waiting.slice(this.#at).concat(consumed)
    this.#at = 0
    this.consumed += consumed.length
    for (const record of consumed) {
      this.bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
      const stretch = this.#stretchOf(record)
      stretch.next = record.offset + 1
      stretch.lastTimestamp = record.timestamp
    }
  }

  /** What became of `unconverted`; null: it was dropped. */
  converted(record: SinkRecord | null): void {
    this.#at++
    if (record !== null) this.records.push(record)
  }

  /** The next of `records` that nobody has prepared yet. */
  takeUnprepared(count: number): readonly SinkRecord[] {
    const records = this.records.slice(this.#prepared, this.#prepared + count)
    this.#prepared += records.length
    return records
  }

  /** A record that did not come through conversion. One function for all of them. */
  readonly leaveOut = (record: ConsumedRecord, failure: RecordFailure): void => {
    this.#leftOut.push({ record, failure })
  }

  /** What was left out since the last time. */
  takeLeftOut(): readonly LeftOut[] {
    const leftOut = this.#leftOut
    this.#leftOut = []
    return leftOut
  }

  /**
   * I11: nothing of these partitions is left, by the topics the records had before any transformation.
   * Answers where each would have to be read again.
   */
  purge(keys: ReadonlySet<string>): ReadonlyMap<string, number> {
    const from = new Map<string, number>()
    for (const key of keys) {
      const stretch = this.stretches.get(key)
      if (stretch === undefined) continue
      from.set(key, stretch.first)
      this.stretches.delete(key)
    }
    if (from.size === 0) return from
    this.#last = null
    this.#prepared = 0
    this.records = this.records.filter(
      ({ originalTopic: topic, originalKafkaPartition: partition }) =>
        !from.has(partitionKey({ topic, partition }))
    )
    this.#waiting = this.#waiting
      .slice(this.#at)
      .filter((record) => !from.has(partitionKey(record)))
    this.#at = 0
    this.#leftOut = this.#leftOut.filter(({ record }) => !from.has(partitionKey(record)))
    return from
  }

  #stretchOf(record: ConsumedRecord): Stretch {
    const { topic, partition, offset, timestamp } = record
    if (this.#last?.partition === partition && this.#last.topic === topic) return this.#last
    const key = partitionKey(record)
    const stretch = this.stretches.get(key) ?? {
      topic,
      partition,
      first: offset,
      firstTimestamp: timestamp,
      next: offset,
      lastTimestamp: timestamp
    }
    this.stretches.set(key, stretch)
    this.#last = stretch
    return stretch
  }
}
