import type { Schema } from '../../../../data/schema.ts'
import { scaleOf } from '../../../../data/values.ts'
import type { TableId } from '../../database/database.ts'
import type { NewColumn, NewColumnUse } from '../../database/writing.ts'
import {
  defaultText,
  type NewColumnKind,
  newColumnKind,
  newColumnSql,
  type NewColumnWords,
  newTableSql
} from '../shared/new-columns.ts'
import { bracketed } from './dictionary.ts'
import { tableName } from './write-statements.ts'

const TYPES: Readonly<Record<Exclude<NewColumnKind, 'decimal' | 'array'>, string>> = {
  int8: 'tinyint',
  int16: 'smallint',
  int32: 'int',
  int64: 'bigint',
  float32: 'real',
  float64: 'float',
  boolean: 'bit',
  string: 'varchar(max)',
  bytes: 'varbinary(max)',
  date: 'date',
  time: 'time',
  timestamp: 'datetime2'
}
/** What an index takes. */
const TEXT_OF_KEY = 'varchar(900)'
const BYTES_OF_KEY = 'varbinary(900)'
const MOST_DIGITS = 38

export function sqlServerColumnType(schema: Schema, use: NewColumnUse): string | null {
  if (use.timestampDigits !== null) return TYPES.timestamp
  const kind = newColumnKind(schema)
  if (kind === null || kind === 'array') return null
  if (kind === 'decimal') return `decimal(${MOST_DIGITS},${Math.max(0, scaleOf(schema))})`
  if (use.isKey && kind === 'string') return TEXT_OF_KEY
  return use.isKey && kind === 'bytes' ? BYTES_OF_KEY : TYPES[kind]
}

const words: NewColumnWords = {
  quoted: bracketed,
  // A key is NOT NULL by its own word here.
  keysSayNotNull: true,
  literal(kind, value, type) {
    // An epoch is no default of a column of timestamps.
    if (kind === 'array' || (type === TYPES.timestamp && kind !== 'timestamp')) return null
    if (kind === 'bytes') return `0x${Buffer.from(value as Uint8Array).toString('hex')}`
    if (kind === 'boolean') return value === true ? '1' : '0'
    const text = defaultText(kind, value)
    if (kind === 'float32' || kind === 'float64') return text.includes('e') ? text : `${text}e0`
    if (kind.startsWith('int') || kind === 'decimal') return text
    // With a T between date and time no setting of a session changes what it means.
    const shown = kind === 'timestamp' ? text.replace(' ', 'T') : text.replaceAll("'", "''")
    return kind === 'string' ? `N'${shown}'` : `'${shown}'`
  }
}

export function sqlServerCreateTable(
  table: TableId,
  columns: readonly NewColumn[],
  keys: readonly string[]
): string[] {
  return [newTableSql(tableName(table), columns, keys, words)]
}

export function sqlServerAddColumns(table: TableId, columns: readonly NewColumn[]): string[] {
  const specs = columns.map((column) => newColumnSql(column, words, false))
  return [`ALTER TABLE ${tableName(table)} ADD ${specs.join(', ')}`]
}
