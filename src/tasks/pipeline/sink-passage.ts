import { NO_HEADERS } from '../../data/headers.ts'
import type { SinkRecord } from '../../data/record.ts'
import type { ConsumedRecord } from '../../kafka/contracts.ts'
import type { Passage, StageLabel } from './stages.ts'

/** What failed for a record that is at fault, as a dead letter queue is told of it. */
export interface RecordFailure {
  readonly stage: StageLabel
  readonly error: unknown
}

/** Told why a record is left out, or fails its task. */
export type OnRecordFailure = (record: ConsumedRecord, failure: RecordFailure) => void

/** A record that its converters are still at work on. */
export type SinkDraft = { -readonly [P in keyof SinkRecord]: SinkRecord[P] }

/** A record on its way from Kafka. */
export class SinkPassage implements Passage {
  readonly consumed: ConsumedRecord
  readonly onFailure: OnRecordFailure
  /** What the converters write to: the record itself, before any transformation. */
  readonly draft: SinkDraft
  record: SinkRecord
  endedIn: StageLabel | null = null

  constructor(consumed: ConsumedRecord, onFailure: OnRecordFailure) {
    this.consumed = consumed
    this.onFailure = onFailure
    const { topic, partition, timestamp, timestampType } = consumed
    const offset = BigInt(consumed.offset)
    this.draft = {
      topic,
      kafkaPartition: partition,
      keySchema: null,
      key: null,
      valueSchema: null,
      value: null,
      timestamp,
      headers: NO_HEADERS,
      kafkaOffset: offset,
      timestampType,
      originalTopic: topic,
      originalKafkaPartition: partition,
      originalKafkaOffset: offset,
      originalBytes: consumed
    }
    this.record = this.draft
  }
}
