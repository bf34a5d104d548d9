import type { ConfigDef } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import type { Schema } from '../data/schema.ts'
import { KAFKA_VERSION } from '../plugin/kafka-version.ts'
import type { Transformation, TransformationPlugin } from '../plugin/transformation.ts'

export const PACKAGE = 'org.apache.kafka.connect.transforms'

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

/** The two classes of a transformation that exists for keys and for values. */
export function sidePlugins(
  name: string,
  config: ConfigDef,
  create: (side: RecordSide) => Transformation
): readonly TransformationPlugin[] {
  return [KEY, VALUE].map((side) => ({
    type: 'transformation',
    className: `${PACKAGE}.${name}$${side.name}`,
    version: KAFKA_VERSION,
    config,
    create: () => create(side)
  }))
}
