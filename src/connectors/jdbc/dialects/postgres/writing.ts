import type { Schema } from '../../../../data/schema.ts'
import type { NewColumn, NewColumnUse, WriteShape, WritingDialect } from '../../database/writing.ts'
import {
  defaultText,
  type NewColumnKind,
  newColumnKind,
  newColumnSql,
  type NewColumnWords,
  newTableSql
} from '../shared/new-columns.ts'
import { postgresRoom } from './column-room.ts'
import { literal } from './literal.ts'
import { quoted, tableSql, writeStatement } from './write-statements.ts'
import { offsetsTableSql } from '../shared/sql-offsets.ts'
import { postgresOffsetWords } from './offset-words.ts'

const TYPES: Readonly<Record<Exclude<NewColumnKind, 'array'>, string>> = {
  int8: 'SMALLINT',
  int16: 'SMALLINT',
  int32: 'INT',
  int64: 'BIGINT',
  float32: 'REAL',
  float64: 'DOUBLE PRECISION',
  boolean: 'BOOLEAN',
  string: 'TEXT',
  bytes: 'BYTEA',
  decimal: 'DECIMAL',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP'
}

function columnType(schema: Schema, { timestampDigits }: NewColumnUse): string | null {
  return timestampDigits === null ? typeOf(schema) : TYPES.timestamp
}

function typeOf(schema: Schema): string | null {
  const kind = newColumnKind(schema)
  if (kind !== 'array') return kind === null ? null : TYPES[kind]
  const element = schema.valueSchema === undefined ? null : typeOf(schema.valueSchema)
  return element === null ? null : `${element}[]`
}

const NUMBERS: ReadonlySet<NewColumnKind> = new Set(['int8', 'int16', 'int32', 'int64', 'decimal'])

const words: NewColumnWords = {
  quoted,
  literal(kind, value, type) {
    // An epoch is no default of a column of timestamps.
    if (kind === 'array' || (type === TYPES.timestamp && kind !== 'timestamp')) return null
    if (kind === 'bytes') return literal(`\\x${Buffer.from(value as Uint8Array).toString('hex')}`)
    const text = defaultText(kind, value)
    return NUMBERS.has(kind) || kind === 'boolean' ? text : literal(text)
  }
}

/** What is written, as text; `open` is added where the session is made. */
export const postgresWriting: Omit<WritingDialect, 'open'> = {
  columnType,
  createTable: (id, columns, keys) => [newTableSql(tableSql({ id }), columns, keys, words)],
  addColumns: (id, columns) => [`ALTER TABLE ${tableSql({ id })} ${added(columns)}`],
  createOffsetsTable: (table) => offsetsTableSql(table, postgresOffsetWords),
  giveRoom: (_, table, column, room) => Promise.resolve(postgresRoom(table, column, room)),
  statementText: (shape: WriteShape) => writeStatement(shape)?.sql ?? ''
}

function added(columns: readonly NewColumn[]): string {
  return columns.map((column) => `ADD ${newColumnSql(column, words, false)}`).join(', ')
}
