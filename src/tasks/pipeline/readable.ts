import { DATE_NAME, Decimal, TIME_NAME, TIMESTAMP_NAME } from '../../data/logical-types.ts'
import type { ConnectRecord } from '../../data/record.ts'
import type { Schema } from '../../data/schema.ts'
import { Struct } from '../../data/struct.ts'
import { toLiteral } from '../../data/value-text.ts'

/** Beyond this a Date of JavaScript knows no calendar. */
const MAX_MS = 8.64e15

/**
 * A Connect value as JSON that people read: structs and maps as objects (Maps here, so that every name is a
 * plain key), decimals and moments as text, bytes as base64, whole numbers exactly.
 */
function readableValue(schema: Schema | null | undefined, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (value instanceof Struct) {
    return new Map(
      value.schema.fields.map((field) => [
        field.name,
        readableValue(field.schema, value.values[field.index])
      ])
    )
  }
  if (value instanceof Decimal) return value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) {
    return value.map((item: unknown) => readableValue(schema?.valueSchema, item))
  }
  if (value instanceof Map) return readableMap(schema, value as ReadonlyMap<unknown, unknown>)
  if (typeof value === 'number') return readableNumber(schema, value)
  return value
}

function readableMap(
  schema: Schema | null | undefined,
  map: ReadonlyMap<unknown, unknown>
): unknown {
  const entries = [...map].map(
    ([key, value]) =>
      [readableValue(schema?.keySchema, key), readableValue(schema?.valueSchema, value)] as const
  )
  return entries.every(([key]) => typeof key === 'string') ? new Map(entries) : entries
}

function readableNumber(schema: Schema | null | undefined, value: number): unknown {
  if (schema?.name === TIMESTAMP_NAME && Math.abs(value) <= MAX_MS) {
    return new Date(value).toISOString()
  }
  if (schema?.name === DATE_NAME || schema?.name === TIME_NAME) return toLiteral(schema, value)
  return Number.isFinite(value) ? value : String(value)
}

/** A schema in the words of JsonConverter; null stays null. */
function readableSchema(schema: Schema | null | undefined): unknown {
  if (schema === null || schema === undefined) return null
  const { type, optional, name, version, doc, parameters, defaultValue } = schema
  return {
    type,
    optional,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(doc === undefined ? {} : { doc }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(defaultValue === undefined ? {} : { default: readableValue(schema, defaultValue) }),
    ...(type === 'struct' ? { fields: schema.fields.map(readableField) } : {}),
    ...(schema.keySchema === undefined ? {} : { keys: readableSchema(schema.keySchema) }),
    ...(schema.valueSchema === undefined
      ? {}
      : { [type === 'map' ? 'values' : 'items']: readableSchema(schema.valueSchema) })
  }
}

function readableField({ name, schema }: { name: string; schema: Schema }): unknown {
  return { field: name, ...(readableSchema(schema) as object) }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** What a format of bytes is full of and no text has. */
// oxlint-disable-next-line no-control-regex
const NO_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/

/** Bytes as they are in Kafka: as text when they are text, else as base64; null for none. */
export function readableBytes(
  bytes: Uint8Array | null
): { text: string } | { base64: string } | null {
  if (bytes === null) return null
  try {
    const text = utf8.decode(bytes)
    if (!NO_TEXT.test(text)) return { text }
  } catch {
    // No UTF-8.
  }
  return { base64: Buffer.from(bytes).toString('base64') }
}

/** A record with its schemas, as transformations and plugins see it. */
export function readableRecord(record: ConnectRecord): Readonly<Record<string, unknown>> {
  const { topic, kafkaPartition, timestamp, keySchema, key, valueSchema, value, headers } = record
  return {
    topic,
    partition: kafkaPartition,
    timestamp,
    key: readableValue(keySchema, key),
    value: readableValue(valueSchema, value),
    headers: headers.map((header) => ({
      key: header.key,
      value: readableValue(header.schema, header.value),
      schema: readableSchema(header.schema)
    })),
    schema: { key: readableSchema(keySchema), value: readableSchema(valueSchema) }
  }
}
