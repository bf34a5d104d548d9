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
import { bytesLiteral, floatLiteral, textLiteral } from './write-literals.ts'
import { quoted, tableName } from './write-statements.ts'

const TYPES: Readonly<Record<Exclude<NewColumnKind, 'decimal' | 'array'>, string>> = {
  int8: 'TINYINT',
  int16: 'SMALLINT',
  int32: 'INT',
  int64: 'BIGINT',
  float32: 'FLOAT',
  float64: 'DOUBLE',
  boolean: 'TINYINT',
  string: 'TEXT',
  bytes: 'VARBINARY(1024)',
  date: 'DATE',
  time: 'TIME(3)',
  timestamp: 'DATETIME(3)'
}
/** An index takes 3072 bytes, in which three such columns fit. */
const TEXT_OF_KEY = 'VARCHAR(255)'
const LISTED_TIMESTAMP = 'DATETIME(6)'
const MOST_DIGITS = 65

export function mysqlColumnType(schema: Schema, use: NewColumnUse): string | null {
  if (use.timestampDigits !== null) return LISTED_TIMESTAMP
  const kind = newColumnKind(schema)
  if (kind === null || kind === 'array') return null
  if (kind === 'decimal') return `DECIMAL(${MOST_DIGITS},${Math.max(0, scaleOf(schema))})`
  return kind === 'string' && use.isKey ? TEXT_OF_KEY : TYPES[kind]
}

const words: NewColumnWords = {
  quoted,
  literal(kind, value, type) {
    // An epoch is no default of a column of timestamps.
    if (kind === 'array' || (type === LISTED_TIMESTAMP && kind !== 'timestamp')) return null
    if (kind === 'bytes') return `(${bytesLiteral(value as Uint8Array)})`
    if (kind === 'boolean') return value === true ? '1' : '0'
    if (kind === 'float32' || kind === 'float64') return floatLiteral(value as number)
    const text = defaultText(kind, value)
    if (kind.startsWith('int') || kind === 'decimal') return text
    // A TEXT takes expressions alone.
    return type === 'TEXT' ? `(${textLiteral(text)})` : textLiteral(text)
  }
}

export function mysqlCreateTable(
  table: TableId,
  columns: readonly NewColumn[],
  keys: readonly string[]
): string[] {
  return [newTableSql(tableName(table), columns, keys, words)]
}

export function mysqlAddColumns(table: TableId, columns: readonly NewColumn[]): string[] {
  const specs = columns.map((column) => `ADD COLUMN ${newColumnSql(column, words, false)}`)
  return [`ALTER TABLE ${tableName(table)} ${specs.join(', ')}`]
}
