import { MS_PER_DAY } from '../../../../data/calendar.ts'
import type { Schema } from '../../../../data/schema.ts'
import type { NewColumnUse, WritingDialect } from '../../database/writing.ts'
import {
  defaultText,
  type NewColumnKind,
  newColumnKind,
  newColumnSql,
  type NewColumnWords,
  newTableSql
} from '../shared/new-columns.ts'
import { quoted, tableSql, writeStatement } from './write-statements.ts'
import { offsetsTableSql } from '../shared/sql-offsets.ts'
import { sqliteOffsetWords } from './offset-words.ts'

const TYPES: Readonly<Record<Exclude<NewColumnKind, 'array'>, string>> = {
  int8: 'INTEGER',
  int16: 'INTEGER',
  int32: 'INTEGER',
  int64: 'INTEGER',
  float32: 'REAL',
  float64: 'REAL',
  boolean: 'INTEGER',
  string: 'TEXT',
  bytes: 'BLOB',
  decimal: 'NUMERIC',
  date: 'NUMERIC',
  time: 'NUMERIC',
  timestamp: 'NUMERIC'
}

function columnType(schema: Schema, { timestampDigits }: NewColumnUse): string | null {
  if (timestampDigits !== null) return TYPES.timestamp
  const kind = newColumnKind(schema)
  return kind === null || kind === 'array' ? null : TYPES[kind]
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Times are milliseconds, as their values are in such columns. */
function defaultLiteral(kind: NewColumnKind, value: unknown, type: string): string | null {
  // An epoch in other units is no default of a column of times.
  if (type === TYPES.timestamp && /^int|^string$/.test(kind)) return null
  switch (kind) {
    case 'array':
      return null
    case 'bytes':
      return `x'${Buffer.from(value as Uint8Array).toString('hex')}'`
    case 'string':
      return literal(String(value))
    case 'boolean':
      return value === true ? '1' : '0'
    case 'date':
      return String(Number(value) * MS_PER_DAY)
    case 'time':
    case 'timestamp':
      return String(value)
    case 'decimal':
    case 'float32':
    case 'float64':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'int8':
      return defaultText(kind, value)
  }
}

const words: NewColumnWords = { quoted, literal: defaultLiteral }

/** What is written, as text; `open` is added where the session is made. */
export const sqliteWriting: Omit<WritingDialect, 'open'> = {
  columnType,
  createTable: (id, columns, keys) => [newTableSql(tableSql(id), columns, keys, words)],
  // SQLite adds one column at a time.
  addColumns: (id, columns) =>
    columns.map(
      (column) => `ALTER TABLE ${tableSql(id)} ADD ${newColumnSql(column, words, false)}`
    ),
  createOffsetsTable: (table) => offsetsTableSql(table, sqliteOffsetWords),
  statementText: (shape) => writeStatement(shape) ?? ''
}
