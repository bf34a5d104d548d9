import type { Header } from '../../src/data/headers.ts'
import type { ConnectRecord } from '../../src/data/record.ts'
import type { Schema } from '../../src/data/schema.ts'
import { Struct } from '../../src/data/struct.ts'

/** A record for one of Kafka's classes, and the same for ours. */
export interface TransformCase {
  /** Behind `org.apache.kafka.connect.transforms.`. */
  readonly class: string
  readonly config: Record<string, string>
  readonly record: ConnectRecord
  /** What is different on purpose: our error, or `null` where the JVM fails and we do not. */
  readonly ours?: { readonly error: string | null; readonly because: string }
}

const EMPTY: ConnectRecord = {
  topic: 'orders',
  kafkaPartition: 3,
  keySchema: null,
  key: null,
  valueSchema: null,
  value: null,
  timestamp: 1_714_566_896_007,
  headers: []
}

/** A record with these parts; the rest is empty. */
export const recordOf = (parts: Partial<ConnectRecord>): ConnectRecord => ({ ...EMPTY, ...parts })

export const ofValue = (valueSchema: Schema | null, value: unknown): ConnectRecord =>
  recordOf({ valueSchema, value })
export const ofKey = (keySchema: Schema | null, key: unknown): ConnectRecord =>
  recordOf({ keySchema, key })

/** A value without schema: the entries of a map. */
export const ofMap = (entries: Record<string, unknown>): ConnectRecord =>
  ofValue(null, new Map(Object.entries(entries)))

/** A struct as value. */
export const ofStruct = (schema: Schema, ...values: unknown[]): ConnectRecord =>
  ofValue(schema, new Struct(schema, values))

/** The record on its way to a sink. */
export const toSink = (record: ConnectRecord, kafkaOffset: bigint): ConnectRecord =>
  Object.assign({}, record, {
    kafkaOffset,
    timestampType: 'CreateTime',
    originalTopic: record.topic,
    originalKafkaPartition: record.kafkaPartition,
    originalKafkaOffset: kafkaOffset,
    originalBytes: null
  })

export const header = (key: string, schema: Schema | null, value: unknown): Header => ({
  key,
  schema,
  value
})

type Ours = TransformCase['ours']

/** Cases of one class. */
export function casesOf(
  name: string
): (config: Record<string, string>, record: ConnectRecord, ours?: Ours) => TransformCase {
  return (config, record, ours) => ({
    class: name,
    config,
    record,
    ...(ours === undefined ? {} : { ours })
  })
}
