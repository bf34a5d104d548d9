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
import { quoted, tableName } from './write-statements.ts'

const TYPES: Readonly<Record<Exclude<NewColumnKind, 'decimal' | 'array'>, string>> = {
  int8: 'NUMBER(3,0)',
  int16: 'NUMBER(5,0)',
  int32: 'NUMBER(10,0)',
  int64: 'NUMBER(19,0)',
  float32: 'BINARY_FLOAT',
  float64: 'BINARY_DOUBLE',
  boolean: 'NUMBER(1,0)',
  string: 'VARCHAR2(4000)',
  bytes: 'BLOB',
  date: 'DATE',
  time: 'DATE',
  timestamp: 'TIMESTAMP'
}

export function oracleColumnType(schema: Schema, { timestampDigits }: NewColumnUse): string | null {
  if (timestampDigits !== null) return `TIMESTAMP(${timestampDigits})`
  const kind = newColumnKind(schema)
  if (kind === null || kind === 'array') return null
  return kind === 'decimal' ? `NUMBER(*,${scaleOf(schema)})` : TYPES[kind]
}

const words: NewColumnWords = {
  quoted,
  literal(kind, value, type) {
    // An epoch is no default of a column of timestamps; bytes have no literal.
    if (kind === 'array' || kind === 'bytes') return null
    if (type.startsWith('TIMESTAMP(') && kind !== 'timestamp') return null
    if (kind === 'boolean') return value === true ? '1' : '0'
    const text = defaultText(kind, value)
    switch (kind) {
      case 'date':
        return `DATE '${text}'`
      case 'time':
        return `TO_DATE('1970-01-01 ${text.slice(0, 8)}', 'YYYY-MM-DD HH24:MI:SS')`
      case 'timestamp':
        return `TIMESTAMP '${text}'`
      case 'string':
        return `'${text.replaceAll("'", "''")}'`
      case 'float32':
      case 'float64':
        return floatLiteral(value as number, kind === 'float32' ? 'F' : 'D')
      case 'decimal':
      case 'int8':
      case 'int16':
      case 'int32':
      case 'int64':
        return text
    }
  }
}

function floatLiteral(value: number, letter: 'F' | 'D'): string {
  const name = letter === 'F' ? 'BINARY_FLOAT' : 'BINARY_DOUBLE'
  if (Number.isNaN(value)) return `${name}_NAN`
  if (!Number.isFinite(value)) return `${value < 0 ? '-' : ''}${name}_INFINITY`
  return `${value}${letter}`
}

export function oracleCreateTable(
  table: TableId,
  columns: readonly NewColumn[],
  keys: readonly string[]
): string[] {
  return [newTableSql(tableName(table), columns, keys, words)]
}

export function oracleAddColumns(table: TableId, columns: readonly NewColumn[]): string[] {
  const specs = columns.map((column) => newColumnSql(column, words, false))
  return [`ALTER TABLE ${tableName(table)} ADD (\n${specs.join(',\n')})`]
}
