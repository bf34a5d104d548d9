import { Decimal } from '../../../data/logical-types.ts'
import type { SinkRecord } from '../../../data/record.ts'
import type { Schema } from '../../../data/schema.ts'
import { Struct } from '../../../data/struct.ts'
import { DataError } from '../../../errors.ts'
import type { RecordSettings } from '../settings/table-rules.ts'
import type { UnwrappedRecord } from './unwrapped-record.ts'

/** `topic orders, partition 3, offset 17`: which record it is, without anything of its content (I7). */
export function placeOf(record: SinkRecord): string {
  return `topic ${record.originalTopic}, partition ${record.originalKafkaPartition}, offset ${record.originalKafkaOffset}`
}

const isNested = (schema: Schema): boolean => schema.type === 'array' || schema.type === 'map'

/** DataError, in Confluent's words, for a record whose key or value is none that can be written. */
export function requireWritable(unwrapped: UnwrappedRecord, settings: RecordSettings): void {
  const { kind, keySchema, key, valueSchema, value } = unwrapped
  if (kind === 'truncate') return
  if (settings.keyMode === 'record_key') {
    const fits = key !== null && key !== undefined && keySchema !== null && !isNested(keySchema)
    if (!fits) {
      throw refusal(unwrapped, settings, 'key', 'key and non-null Struct or primitive key schema')
    }
  }
  if (kind !== 'write' && settings.deletes && settings.keyMode === 'record_key') return
  const isRow =
    (valueSchema?.type === 'struct' && value instanceof Struct) ||
    (valueSchema?.type === 'string' && typeof value === 'string') ||
    (settings.takesValuesWithoutSchema && valueSchema === null && value instanceof Map)
  const isDelete = kind === 'delete' ? settings.deletes : kind === 'write'
  if (isRow && isDelete) return
  throw refusal(
    unwrapped,
    settings,
    'value',
    'Struct or String value and non-null Struct or String schema'
  )
}

function refusal(
  { record }: UnwrappedRecord,
  { connector, deletes, keyMode }: RecordSettings,
  part: 'key' | 'value',
  needs: string
): DataError {
  const schema = part === 'key' ? record.keySchema : record.valueSchema
  return new DataError(
    `Sink connector '${connector}' is configured with 'delete.enabled=${deletes}' and 'pk.mode=${keyMode}' and therefore requires records with a non-null ${needs}, but found record at (topic='${record.topic}',partition=${record.kafkaPartition},offset=${record.kafkaOffset},timestamp=${record.timestamp}) with a ${javaClass(record[part], schema)} ${part} and ${schema?.type ?? 'null'} ${part} schema.`
  )
}

const NUMBERS: Readonly<Record<string, string>> = {
  int8: 'Byte',
  int16: 'Short',
  int32: 'Integer',
  int64: 'Long',
  float32: 'Float',
  float64: 'Double'
}

/** The class a value has in the JVM connector. */
function javaClass(value: unknown, schema: Schema | null): string {
  if (typeof value === 'string') return 'String'
  if (typeof value === 'boolean') return 'Boolean'
  if (typeof value === 'bigint') return 'Long'
  if (typeof value === 'number') {
    return NUMBERS[schema?.type ?? ''] ?? (Number.isInteger(value) ? 'Long' : 'Double')
  }
  if (value === null || value === undefined) return 'null'
  if (value instanceof Struct) return 'Struct'
  if (value instanceof Map) return 'HashMap'
  if (value instanceof Decimal) return 'BigDecimal'
  return Array.isArray(value) ? 'ArrayList' : 'byte[]'
}
