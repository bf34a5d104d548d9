import { configDef, type Parsed } from '../config/config-def.ts'
import { timestampSchema } from '../data/logical-types.ts'
import type { ConnectRecord, SinkRecord } from '../data/record.ts'
import { Schema } from '../data/schema.ts'
import { Struct } from '../data/struct.ts'
import { ConfigError, DataError } from '../errors.ts'
import type { Transformation } from '../plugin/transformation.ts'
import { sidePlugins } from './kafka-plugins.ts'
import type { RecordSide } from './record-side.ts'
import { replaceNullConfig } from './replace-null.ts'
import { requireMap, requireStruct } from './requirements.ts'
import { basicsOf, fit, perSchema, structSchema, valueIn } from './struct-building.ts'
import { int64 } from '../data/values.ts'

const PURPOSE = 'field insertion'
const MARKS =
  'End it with `!` for a required field, or with `?` for an optional one, which is the default.'

const config = configDef({
  'topic.field': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: `Field that gets the topic. ${MARKS}`
  },
  'partition.field': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: `Field that gets the partition. ${MARKS}`
  },
  'offset.field': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: `Field that gets the offset; records on their way to a sink only. ${MARKS}`
  },
  'timestamp.field': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: `Field that gets the timestamp of the record. ${MARKS}`
  },
  'static.field': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: `Field that gets the fixed text of \`static.value\`. ${MARKS}`
  },
  'static.value': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: 'The fixed text.'
  },
  ...replaceNullConfig
})

/** A field to add, and where its value comes from; null leaves the field empty. */
interface Insertion {
  readonly name: string
  readonly schema: Schema
  readonly value: (record: ConnectRecord) => unknown
}

const SCHEMAS = {
  text: [Schema.STRING, Schema.OPTIONAL_STRING],
  int32: [Schema.INT32, Schema.OPTIONAL_INT32],
  int64: [Schema.INT64, Schema.OPTIONAL_INT64],
  timestamp: [timestampSchema(), timestampSchema({ optional: true })]
} as const

function insertion(
  spec: string | null,
  type: keyof typeof SCHEMAS,
  value: Insertion['value']
): Insertion[] {
  if (spec === null) return []
  const [required, optional] = SCHEMAS[type]
  const name = /[!?]$/.test(spec) ? spec.slice(0, -1) : spec
  return [{ name, schema: spec.endsWith('!') ? required : optional, value }]
}

function offsetOf(record: ConnectRecord): number | bigint {
  const { kafkaOffset } = record as Partial<SinkRecord>
  if (kafkaOffset === undefined) {
    throw new DataError(
      `Only SinkRecord supported for [${PURPOSE}], found: org.apache.kafka.connect.source.SourceRecord`
    )
  }
  return int64(kafkaOffset)
}

function insertions(settings: Parsed<typeof config>): readonly Insertion[] {
  const all = [
    ...insertion(settings['topic.field'], 'text', (record) => record.topic),
    ...insertion(settings['partition.field'], 'int32', (record) => record.kafkaPartition),
    ...insertion(settings['offset.field'], 'int64', offsetOf),
    ...insertion(settings['timestamp.field'], 'timestamp', (record) => record.timestamp),
    ...insertion(settings['static.field'], 'text', () => settings['static.value'])
  ]
  if (all.length === 0) throw new ConfigError('No field insertion configured')
  if (settings['static.field'] !== null && settings['static.value'] === null) {
    throw new ConfigError(
      `Invalid value null for configuration static.value: No value specified for static field: ${settings['static.field']}`
    )
  }
  return all
}

/** Adds fields with facts about the record, or with a fixed text. */
class InsertField implements Transformation {
  readonly #side: RecordSide
  readonly #insertions: readonly Insertion[]
  readonly #replaceNull: boolean
  readonly #schemaFor = perSchema((schema) =>
    structSchema([...schema.fields, ...this.#insertions], basicsOf(schema))
  )

  constructor(side: RecordSide, settings: Parsed<typeof config>) {
    this.#side = side
    this.#insertions = insertions(settings)
    this.#replaceNull = settings['replace.null.with.default']
  }

  apply<R extends ConnectRecord>(record: R): R {
    const value = this.#side.value(record)
    if (value === null || value === undefined) return record
    const schema = this.#side.schema(record)
    return schema === null
      ? this.#withoutSchema(record, requireMap(value, PURPOSE))
      : this.#withSchema(record, requireStruct(value, PURPOSE, schema))
  }

  #withoutSchema<R extends ConnectRecord>(record: R, value: ReadonlyMap<string, unknown>): R {
    const updated = new Map(value)
    for (const { name, value: valueOf } of this.#insertions) {
      const inserted = valueOf(record)
      if (inserted !== null) updated.set(name, inserted)
    }
    return this.#side.with(record, null, updated)
  }

  #withSchema<R extends ConnectRecord>(record: R, value: Struct): R {
    const schema = this.#schemaFor(value.schema)
    const values = value.schema.fields.map((field) =>
      fit(field, valueIn(value, field, this.#replaceNull))
    )
    for (const { value: valueOf } of this.#insertions) values.push(valueOf(record))
    return this.#side.with(record, schema, new Struct(schema, values))
  }
}

export const insertFieldPlugins = sidePlugins(
  'InsertField',
  config,
  (side, settings) => new InsertField(side, settings)
)
