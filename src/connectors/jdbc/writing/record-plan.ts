import { Schema } from '../../../data/schema.ts'
import { Struct } from '../../../data/struct.ts'
import { DataError } from '../../../errors.ts'
import type { RecordSettings } from '../settings/table-rules.ts'
import { markColumn } from './soft-delete.ts'
import type { UnwrappedRecord } from './unwrapped-record.ts'

/** A column that records of a schema have a value for. */
export interface PlannedColumn {
  readonly name: string
  /** Of what `read` answers; null: the value has no schema. */
  readonly schema: Schema | null
  /** In `timestamp.fields.list`: a time with so many digits behind its seconds. */
  readonly timestampDigits: 6 | 9 | null
  read(from: UnwrappedRecord): unknown
}

/** What is written of the records of one table and one pair of schemas. */
export interface RecordPlan {
  readonly kind: UnwrappedRecord['kind']
  /** In the order of `pk.fields`, or of the schema. */
  readonly keys: readonly PlannedColumn[]
  /** Empty for deletes. */
  readonly others: readonly PlannedColumn[]
  /** All of them in the order of a new table. */
  readonly inOrder: readonly PlannedColumn[]
  /** The one of `others` that marks a row as deleted, or as there; null: there is none. */
  readonly mark: PlannedColumn | null
}

const KAFKA_FIELDS = ['__connect_topic', '__connect_partition', '__connect_offset'] as const

interface FieldColumn extends PlannedColumn {
  /** Before it got the name of its column. */
  readonly field: string
}

/**
 * Which columns are the key and which others are written, by Confluent's rules. `table` is named in errors:
 * DataError, in its words, for schemas that lack what the settings want.
 */
export function recordPlan(
  table: string,
  record: UnwrappedRecord,
  settings: RecordSettings
): RecordPlan {
  const { kind } = record
  if (kind === 'truncate') return { kind, keys: [], others: [], inOrder: [], mark: null }
  const keys = keyColumns(table, record, settings)
  const keyFields = new Set(keys.map(({ field }) => field))
  const values =
    kind === 'write'
      ? valueColumns(record, settings).filter(({ field }) => !keyFields.has(field))
      : []
  const mark = markOf([...keys, ...values], settings)
  const others = mark === null ? values : [...values, mark]
  if (keys.length + others.length === 0) {
    throw new DataError(`No fields found using key and value schemas for table: ${table}`)
  }
  if (settings.insertMode === 'upsert' && keys.length === 0) {
    throw new DataError(
      `Write to table '${table}' in UPSERT mode requires key field names to be known, check the primary key configuration`
    )
  }
  return { kind, keys, others, inOrder: columnsInOrder(keys, others, record.valueSchema), mark }
}

/** A record that has the column itself says what stands there. */
function markOf(
  columns: readonly FieldColumn[],
  { softDelete }: RecordSettings
): FieldColumn | null {
  if (softDelete === null || columns.some(({ name }) => name === softDelete.column)) return null
  return { ...markColumn(softDelete), field: softDelete.column }
}

/** Those of Kafka, then fields of the value as they come, then the rest by name. */
function columnsInOrder(
  keys: readonly FieldColumn[],
  others: readonly FieldColumn[],
  schema: Schema | null
): PlannedColumn[] {
  const byField = new Map([...keys, ...others].map((column) => [column.field, column]))
  const ordered: FieldColumn[] = []
  const take = (field: string): void => {
    const column = byField.get(field)
    if (column === undefined) return
    byField.delete(field)
    ordered.push(column)
  }
  KAFKA_FIELDS.forEach(take)
  for (const { name } of schema?.fields ?? []) take(name)
  others.forEach(({ field }) => take(field))
  const rest = [...byField.keys()].sort((a, b) => (a < b ? -1 : 1))
  rest.forEach(take)
  return ordered
}

function keyColumns(
  table: string,
  record: UnwrappedRecord,
  settings: RecordSettings
): FieldColumn[] {
  switch (settings.keyMode) {
    case 'none':
      return []
    case 'kafka':
      return kafkaColumns(settings)
    case 'record_key':
      return recordKeyColumns(table, record, settings)
    case 'record_value':
      return recordValueColumns(table, record, settings)
  }
}

function kafkaColumns({ keyFields, columnOf }: RecordSettings): FieldColumn[] {
  const [topic, partition, offset] = keyFields.length === 0 ? KAFKA_FIELDS : keyFields
  const column = (
    field: string | undefined,
    schema: Schema,
    read: PlannedColumn['read']
  ): FieldColumn => ({
    field: field ?? '',
    name: columnOf(field ?? ''),
    schema,
    timestampDigits: null,
    read
  })
  return [
    column(topic, Schema.STRING, ({ record }) => record.topic),
    column(partition, Schema.INT32, ({ record }) => record.kafkaPartition),
    column(offset, Schema.INT64, ({ record }) => Number(record.kafkaOffset))
  ]
}

function recordKeyColumns(
  table: string,
  { keySchema }: UnwrappedRecord,
  settings: RecordSettings
): FieldColumn[] {
  const { keyFields } = settings
  if (keySchema === null) {
    throw new DataError(
      `PK mode for table '${table}' is RECORD_KEY, but record key schema is missing`
    )
  }
  if (keySchema.type === 'struct') {
    const names = keyFields.length === 0 ? keySchema.fields.map(({ name }) => name) : keyFields
    requireFields(table, 'RECORD_KEY', 'key', keySchema, settings)
    return names.map((name) => fieldColumn(keySchema, name, ({ key }) => key, settings))
  }
  const [only] = keyFields
  if (only === undefined || keyFields.length !== 1) {
    throw new DataError(
      `Need exactly one PK column defined since the key schema for records is a primitive type, defined columns are: [${keyFields.join(', ')}]`
    )
  }
  return [
    {
      field: only,
      name: settings.columnOf(only),
      schema: keySchema,
      timestampDigits: null,
      read: ({ key }) => key
    }
  ]
}

function recordValueColumns(
  table: string,
  record: UnwrappedRecord,
  settings: RecordSettings
): FieldColumn[] {
  const { valueSchema, value } = record
  const { keyFields } = settings
  if (valueSchema === null && value instanceof Map) {
    const names = keyFields.length === 0 ? mapKeys(value as Map<unknown, unknown>) : keyFields
    return names.map((name) => entryColumn(name, settings))
  }
  if (valueSchema?.type === 'string') return [textColumn(valueSchema, settings)]
  if (valueSchema === null) {
    throw new DataError(
      `PK mode for table '${table}' is RECORD_VALUE, but record value schema is missing`
    )
  }
  requireFields(table, 'RECORD_VALUE', 'value', valueSchema, settings)
  const names = keyFields.length === 0 ? valueSchema.fields.map(({ name }) => name) : keyFields
  return names.map((name) => fieldColumn(valueSchema, name, (from) => from.value, settings))
}

function requireFields(
  table: string,
  mode: string,
  part: 'key' | 'value',
  schema: Schema,
  { keyFields }: RecordSettings
): void {
  const missing = keyFields.find((name) => schema.field(name) === undefined)
  if (missing === undefined) return
  throw new DataError(
    `PK mode for table '${table}' is ${mode} with configured PK fields [${keyFields.join(', ')}], but record ${part} schema does not contain field: ${missing}`
  )
}

function valueColumns(
  { valueSchema, value }: UnwrappedRecord,
  settings: RecordSettings
): FieldColumn[] {
  const { whitelist } = settings
  const isWanted = (name: string): boolean => whitelist.size === 0 || whitelist.has(name)
  if (valueSchema === null) {
    if (!(value instanceof Map)) return []
    return mapKeys(value as Map<unknown, unknown>)
      .filter(isWanted)
      .map((name) => entryColumn(name, settings))
  }
  if (valueSchema.type === 'string') return [textColumn(valueSchema, settings)]
  return valueSchema.fields
    .filter(({ name }) => isWanted(name))
    .flatMap(({ name }) => fieldColumns(valueSchema, name, settings))
}

/** Of a struct, with `flatten`, a column for each field of what is in it. */
function fieldColumns(schema: Schema, name: string, settings: RecordSettings): FieldColumn[] {
  const top = fieldColumn(schema, name, ({ value }) => value, settings)
  return settings.nested === 'flatten' ? flattened(top, settings) : [top]
}

function flattened(column: FieldColumn, settings: RecordSettings): FieldColumn[] {
  const { schema, field } = column
  if (schema === null || schema.type !== 'struct' || isLogical(schema)) return [column]
  return schema.fields.flatMap((inner) => {
    const name = `${field}_${inner.name}`
    const innerColumn = fieldColumn(schema, inner.name, column.read, settings)
    // What is in a struct that may be absent may be, too.
    const declared = schema.optional
      ? inner.schema.copy({ optional: true, defaultValue: undefined })
      : inner.schema
    return flattened(
      { ...innerColumn, field: name, name: settings.columnOf(name), schema: declared },
      settings
    )
  })
}

/** Debezium writes some values that are one as structs, such as decimals of any scale. */
const isLogical = (schema: Schema): boolean => schema.name?.startsWith('io.debezium.') === true

function fieldColumn(
  schema: Schema,
  field: string,
  structOf: (from: UnwrappedRecord) => unknown,
  settings: RecordSettings
): FieldColumn {
  const { schema: declared, index } = schema.field(field) ?? { schema: Schema.STRING, index: 0 }
  if (
    settings.nested === 'fail' &&
    /^(?:struct|map)$/.test(declared.type) &&
    !isLogical(declared)
  ) {
    throw new DataError(
      `Unsupported source data type: ${declared.type.toUpperCase()} (field ${field}); nested.values=json or flatten would write it`
    )
  }
  return {
    field,
    name: settings.columnOf(field),
    schema: declared,
    timestampDigits: settings.timestampFields.has(field) ? settings.timestampDigits : null,
    read(from) {
      const struct = structOf(from)
      return struct instanceof Struct ? (struct.values[index] ?? null) : null
    }
  }
}

function textColumn(schema: Schema, { stringColumn, columnOf }: RecordSettings): FieldColumn {
  return {
    field: stringColumn,
    name: columnOf(stringColumn),
    schema,
    timestampDigits: null,
    read: ({ value }) => value
  }
}

function entryColumn(field: string, { columnOf }: RecordSettings): FieldColumn {
  return {
    field,
    name: columnOf(field),
    schema: null,
    timestampDigits: null,
    read: ({ value }) => (value instanceof Map ? (value as Map<unknown, unknown>).get(field) : null)
  }
}

function mapKeys(value: Map<unknown, unknown>): string[] {
  return [...value.keys()].map(String)
}
