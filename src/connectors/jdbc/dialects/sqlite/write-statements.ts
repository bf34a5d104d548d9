import { MS_PER_DAY } from '../../../../data/calendar.ts'
import type { TableId } from '../../database/database.ts'
import type { TargetColumn, TargetType, WriteRow, WriteShape } from '../../database/writing.ts'
import { type Timestamp, timestampText } from '../../values/timestamp.ts'

export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

export const tableSql = ({ table }: TableId): string => quoted(table)

const names = (columns: readonly TargetColumn[]): string =>
  columns.map(({ name }) => quoted(name)).join(',')

/** A statement that writes one row; null: rows of this shape change nothing. */
export function writeStatement(shape: WriteShape): string | null {
  const { table, columns, keyColumns, operation } = shape
  const into = tableSql(table.id)
  const keys = columns.slice(0, keyColumns)
  const others = columns.slice(keyColumns)
  const where = keys.map(({ name }) => `${quoted(name)}=?`).join(' AND ')
  switch (operation) {
    case 'insert':
      return insertStatement(shape)
    case 'upsert': {
      const sets = others.map(({ name }) => `${quoted(name)}=excluded.${quoted(name)}`)
      const action = sets.length === 0 ? 'NOTHING' : `UPDATE SET ${sets.join(',')}${ifNewer(shape)}`
      return `${insertStatement(shape)} ON CONFLICT(${names(keys)}) DO ${action}`
    }
    case 'update': {
      const sets = others.map(({ name }) => `${quoted(name)}=?`).join(',')
      return sets === '' ? null : `UPDATE ${into} SET ${sets} WHERE ${where}`
    }
    case 'truncate':
      return `DELETE FROM ${into}`
    case 'delete':
      return `DELETE FROM ${into} WHERE ${where}`
  }
}

function ifNewer({ table, newerBy }: WriteShape): string {
  if (newerBy === undefined) return ''
  const name = quoted(newerBy.name)
  const there = `${tableSql(table.id)}.${name}`
  return ` WHERE ${there} IS NULL OR excluded.${name}>=${there}`
}

function insertStatement({ table, columns }: WriteShape): string {
  const places = columns.map(() => '?').join(',')
  return `INSERT INTO ${tableSql(table.id)} (${names(columns)}) VALUES (${places})`
}

type Bind = (value: unknown) => unknown

/** A row as it is bound, in the order of the statement: an update has its key behind the others. */
export function boundRow(shape: WriteShape): (row: WriteRow) => unknown[] {
  const binds = shape.columns.map(({ type }) => bindOf(type))
  const bound = (row: WriteRow): unknown[] =>
    binds.map((bind, at) => {
      const value = row[at] ?? null
      return value === null ? null : bind(value)
    })
  if (shape.operation !== 'update') return bound
  return (row) => {
    const values = bound(row)
    return [...values.slice(shape.keyColumns), ...values.slice(0, shape.keyColumns)]
  }
}

/** Whole numbers are bigints, for a number would be bound as a double. */
function bindOf(type: TargetType): Bind {
  switch (type.kind) {
    case 'boolean':
      return (value) => (value === true ? 1n : 0n)
    case 'integer':
      // A fraction that such a column keeps is a double.
      return (value) => (Number.isInteger(value) ? BigInt(value as number) : value)
    case 'date':
      return (value) => BigInt(value as number) * BigInt(MS_PER_DAY)
    case 'time':
      return (value) => BigInt((value as number) / 1_000_000)
    case 'timestamp':
      return (value) => boundTimestamp(value as Timestamp)
    case 'array':
    case 'bits':
    case 'bytes':
    case 'decimal':
    case 'enum':
    case 'float':
    case 'json':
    case 'other':
    case 'string':
    case 'uuid':
      return (value) => value
  }
}

/** Milliseconds, as the JVM's driver writes them, or a text where that would lose digits. */
function boundTimestamp(time: Timestamp): bigint | string {
  if (time.nanos % 1_000_000 === 0) return BigInt(time.ms)
  return `${timestampText(time, 9).replace(/0+$/, '')}Z`
}
