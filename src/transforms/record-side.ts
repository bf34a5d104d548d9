import type { ConnectRecord } from '../data/record.ts'
import type { Schema } from '../data/schema.ts'

/** The half of a record a transformation works on: `InsertField$Key` or `InsertField$Value`. */
export interface RecordSide {
  readonly name: 'Key' | 'Value'
  schema(record: ConnectRecord): Schema | null
  value(record: ConnectRecord): unknown
  /** The record with this half replaced. */
  with<R extends ConnectRecord>(record: R, schema: Schema | null, value: unknown): R
}

export const KEY: RecordSide = {
  name: 'Key',
  schema: (record) => record.keySchema,
  value: (record) => record.key,
  with: (record, keySchema, key) => ({ ...record, keySchema, key })
}

export const VALUE: RecordSide = {
  name: 'Value',
  schema: (record) => record.valueSchema,
  value: (record) => record.value,
  with: (record, valueSchema, value) => ({ ...record, valueSchema, value })
}
