import type { Headers } from './headers.ts'
import type { Schema } from './schema.ts'

/** What a source partition or offset may hold: string keys, primitive values. */
export type OffsetValue = string | number | bigint | boolean | null
export type OffsetMap = Readonly<Record<string, OffsetValue>>
/**
 * Which stream of the source. Use the *same object* for all records of a stream: look-ups go by identity
 * first.
 */
export type SourcePartition = OffsetMap
/** How far in that stream. */
export type SourceOffset = OffsetMap

/** A source offset that its task puts into words only when it is stored: most offsets never are. */
export class DeferredOffset {
  readonly #encode: () => SourceOffset

  constructor(encode: () => SourceOffset) {
    this.#encode = encode
  }

  encode(): SourceOffset {
    return this.#encode()
  }
}

/** How far a record is in its stream, as its task hands it out. */
export type RecordOffset = SourceOffset | DeferredOffset

/** An offset as it is stored. */
export function encodedOffset(offset: RecordOffset): SourceOffset
export function encodedOffset(offset: RecordOffset | null): SourceOffset | null
export function encodedOffset(offset: RecordOffset | null): SourceOffset | null {
  return offset instanceof DeferredOffset ? offset.encode() : offset
}

export interface ConnectRecord {
  readonly topic: string
  readonly kafkaPartition: number | null
  readonly keySchema: Schema | null
  readonly key: unknown
  readonly valueSchema: Schema | null
  readonly value: unknown
  /** Epoch milliseconds; null lets the producer stamp it. */
  readonly timestamp: number | null
  readonly headers: Headers
}

/**
 * A record on its way from a source task to Kafka. `sourceOffset` null: the stream keeps no position (bulk).
 */
export interface SourceRecord extends ConnectRecord {
  readonly sourcePartition: SourcePartition
  readonly sourceOffset: RecordOffset | null
}

/**
 * A record as it stands in Kafka. The bytes are those that were received, not a copy: they must not be
 * written to.
 */
export interface RecordBytes {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[]
}

/** A record on its way from Kafka to a sink task. */
export interface SinkRecord extends ConnectRecord {
  readonly kafkaOffset: bigint
  readonly timestampType: 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'
  /** Before transformations. */
  readonly originalTopic: string
  readonly originalKafkaPartition: number
  readonly originalKafkaOffset: bigint
  /** What a dead letter queue gets; null for a record that a plugin made, which is converted for it. */
  readonly originalBytes: RecordBytes | null
}
