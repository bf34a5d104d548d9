import { scaleOf } from '../../../../data/values.ts'
import type { Schema } from '../../../../data/schema.ts'
import type { TableId } from '../../database/database.ts'
import type { NewColumn, NewColumnUse, TargetType } from '../../database/writing.ts'
import { newColumnDefault, newColumnKind, type NewColumnKind } from '../shared/new-column-kind.ts'
import { literalOfType } from './write-literals.ts'
import { quoted, tableName } from './write-statements.ts'

const TYPES: Readonly<Record<Exclude<NewColumnKind, 'decimal'>, string>> = {
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
const MOST_DIGITS = 65

export function mysqlColumnType(schema: Schema, use: NewColumnUse): string | null {
  if (use.timestampDigits !== null) return 'DATETIME(6)'
  const kind = newColumnKind(schema)
  if (kind === null) return null
  if (kind === 'decimal') return `DECIMAL(${MOST_DIGITS},${Math.max(0, scaleOf(schema))})`
  return kind === 'string' && use.isKey ? TEXT_OF_KEY : TYPES[kind]
}

export function mysqlCreateTable(
  table: TableId,
  columns: readonly NewColumn[],
  keys: readonly string[]
): string[] {
  const lines = columns.map(columnSpec)
  if (keys.length > 0) lines.push(`PRIMARY KEY(${keys.map(quoted).join(', ')})`)
  return [`CREATE TABLE ${tableName(table)} (\n${lines.join(',\n')})`]
}

export function mysqlAddColumns(table: TableId, columns: readonly NewColumn[]): string[] {
  const specs = columns.map((column) => `ADD COLUMN ${columnSpec(column)}`)
  return [`ALTER TABLE ${tableName(table)} ${specs.join(', ')}`]
}

function columnSpec({ name, type, schema, isOptional }: NewColumn): string {
  return `${quoted(name)} ${type}${isOptional ? ' NULL' : ' NOT NULL'}${presetOf(type, schema)}`
}

function presetOf(type: string, schema: Schema): string {
  const value = newColumnDefault(schema)
  const kind = newColumnKind(schema)
  // An epoch in a column of timestamps is no literal of that column.
  if (value === undefined || kind === null || (type === 'DATETIME(6)' && kind !== 'timestamp')) {
    return ''
  }
  const literal = literalOfType(PRESETS[kind])(value)
  // A TEXT takes expressions alone.
  return ` DEFAULT ${type === 'TEXT' || literal.startsWith('FROM_') ? `(${literal})` : literal}`
}

const INTEGER: TargetType = { kind: 'integer', min: 0n, max: 0n }
const FLOAT: TargetType = { kind: 'float', bits: 64, takesNaN: false }
/** How a default is written. */
const PRESETS: Readonly<Record<NewColumnKind, TargetType>> = {
  int8: INTEGER,
  int16: INTEGER,
  int32: INTEGER,
  int64: INTEGER,
  float32: FLOAT,
  float64: FLOAT,
  boolean: { kind: 'boolean' },
  string: { kind: 'string', max: null, unit: 'bytes', refuses: null },
  bytes: { kind: 'bytes', max: null },
  decimal: { kind: 'decimal', precision: null, scale: null },
  date: { kind: 'date', minDay: 0, maxDay: 0 },
  time: { kind: 'time', resolutionNanos: 1e6 },
  timestamp: { kind: 'timestamp', hasZone: false, resolutionNanos: 1e6, minMs: 0, maxMs: 0 }
}
