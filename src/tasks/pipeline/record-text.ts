import type { Headers } from '../../data/headers.ts'
import { encodedOffset, type OffsetMap, type SourceRecord } from '../../data/record.ts'
import type { Schema } from '../../data/schema.ts'
import { toJavaText, toLiteral } from '../../data/value-text.ts'
import { DataError } from '../../errors.ts'

/** What a plugin calls the row behind one of its records; null when it does not know. */
export type RowNamer = (record: SourceRecord) => string | null

/**
 * Names a record without showing its value: the row as its plugin calls it, else the record's key; topic,
 * source partition and offset.
 */
export function describeRecord(record: SourceRecord, rowOf: RowNamer = () => null): string {
  const row =
    rowOf(record) ??
    (record.key === null ? null : `key ${literalOrWhy(record.keySchema, record.key)}`)
  const json = (value: unknown): string =>
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part))
  return `${row === null ? '' : `${row}, `}topic ${record.topic}, source partition ${json(record.sourcePartition)}, source offset ${json(encodedOffset(record.sourceOffset))}`
}

/**
 * The whole record, values included, as a JVM worker writes it (`SourceRecord.toString`): for
 * `errors.log.include.messages`.
 */
export function recordText(record: SourceRecord): string {
  const { topic, kafkaPartition, key, keySchema, value, valueSchema, timestamp, headers } = record
  const source = `sourcePartition=${mapText(record.sourcePartition)}, sourceOffset=${mapText(encodedOffset(record.sourceOffset))}`
  return `SourceRecord{${source}} ConnectRecord{topic='${topic}', kafkaPartition=${kafkaPartition}, key=${javaText(keySchema, key)}, keySchema=${schemaText(keySchema)}, value=${javaText(valueSchema, value)}, valueSchema=${schemaText(valueSchema)}, timestamp=${timestamp}, headers=ConnectHeaders(headers=${headersText(headers)})}`
}

function mapText(map: OffsetMap | null): string {
  if (map === null) return 'null'
  return `{${Object.entries(map)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ')}}`
}

function schemaText(schema: Schema | null): string {
  if (schema === null) return 'null'
  const type = schema.type.toUpperCase()
  return `Schema{${schema.name === undefined ? type : `${schema.name}:${type}`}}`
}

function headersText(headers: Headers): string {
  if (headers.length === 0) return ''
  const texts = headers.map(
    ({ key, schema, value }) =>
      `ConnectHeader(key=${key}, value=${javaText(schema, value)}, schema=${schemaText(schema)})`
  )
  return `[${texts.join(', ')}]`
}

function javaText(schema: Schema | null, value: unknown): string {
  return orNoText(() => toJavaText(schema, value))
}

/** The literal form of a value, or why it has none. */
export function literalOrWhy(schema: Schema | null, value: unknown): string {
  return orNoText(() => toLiteral(schema, value))
}

/** What failed may be just what has no text; saying which record it was must not fail too. */
function orNoText(text: () => string): string {
  try {
    return text()
  } catch (error) {
    if (error instanceof DataError) return `(${error.message})`
    throw error
  }
}
