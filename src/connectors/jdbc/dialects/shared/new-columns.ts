import {
  DATE_NAME,
  Decimal,
  DECIMAL_NAME,
  TIME_NAME,
  TIMESTAMP_NAME
} from '../../../../data/logical-types.ts'
import type { Schema, SchemaType } from '../../../../data/schema.ts'
import { MS_PER_DAY } from '../../../../data/calendar.ts'
import type { NewColumn } from '../../database/writing.ts'
import { timestampOfMs, timestampText } from '../../values/timestamp.ts'

/** What a new column holds: a Connect type, or one of the logical types that databases have types for. */
export type NewColumnKind =
  | Exclude<SchemaType, 'map' | 'struct'>
  | 'decimal'
  | 'date'
  | 'time'
  | 'timestamp'

const LOGICAL: ReadonlyMap<string, NewColumnKind> = new Map([
  [DECIMAL_NAME, 'decimal'],
  [DATE_NAME, 'date'],
  [TIME_NAME, 'time'],
  [TIMESTAMP_NAME, 'timestamp']
])

/** As the JVM connector, which knows no other names; null for what has no column of its own. */
export function newColumnKind({ name, type }: Schema): NewColumnKind | null {
  if (type === 'map' || type === 'struct') return null
  return LOGICAL.get(name ?? '') ?? type
}

/** What a dialect says of the columns of a new table. */
export interface NewColumnWords {
  quoted(name: string): string
  /** A default in SQL for a column of this type; null: the column is made without it. */
  literal(kind: NewColumnKind, value: unknown, type: string): string | null
  /** Whether a column of the primary key that has a default says NOT NULL as well. */
  readonly keysSayNotNull?: boolean
}

/** `"name" TEXT NOT NULL`; as in the JVM connector, a column with a default may be null. */
export function newColumnSql(column: NewColumn, words: NewColumnWords, isKey: boolean): string {
  const { schema } = column
  const kind = newColumnKind(schema)
  const value = schema.defaultValue ?? null
  const literal = kind === null || value === null ? null : words.literal(kind, value, column.type)
  const start = `${words.quoted(column.name)} ${column.type}`
  const notNull = isKey && words.keysSayNotNull === true ? ' NOT NULL' : ''
  if (literal !== null) return `${start} DEFAULT ${literal}${notNull}`
  return `${start} ${isKey || !(column.isOptional || value !== null) ? 'NOT NULL' : 'NULL'}`
}

/** `CREATE TABLE`; `name` as SQL wants it. */
export function newTableSql(
  name: string,
  columns: readonly NewColumn[],
  keys: readonly string[],
  words: NewColumnWords
): string {
  const lines = columns.map((column) => newColumnSql(column, words, keys.includes(column.name)))
  if (keys.length > 0) lines.push(`PRIMARY KEY(${keys.map((key) => words.quoted(key)).join(',')})`)
  return `CREATE TABLE ${name} (\n${lines.join(',\n')})`
}

/** The text of a default as most databases read it, without quotes; times are those of UTC. */
export function defaultText(kind: NewColumnKind, value: unknown): string {
  if (kind === 'date')
    return timestampText(timestampOfMs(Number(value) * MS_PER_DAY), 0).slice(0, -9)
  if (kind === 'time') return timestampText(timestampOfMs(Number(value)), 3).slice(11)
  if (kind === 'timestamp') return timestampText(timestampOfMs(Number(value)), 3)
  return value instanceof Decimal ? value.toString() : String(value)
}
