import type { Struct } from '../../../data/struct.ts'
import { toLiteral } from '../../../data/value-text.ts'
import { ConfigError, ConnectError, DataError, isRetriable, messageOf } from '../../../errors.ts'
import { type Column, databaseError, isMissing, type Row } from '../database/database.ts'
import type { TableShape } from '../queries/table-shape.ts'
import { rowText } from './row-text.ts'

interface BrokenRow {
  readonly columns: readonly Column[]
  readonly row: Row
  readonly error: unknown
  /** What becomes of the row, for behind the message. */
  readonly fate: string
}

/**
 * I5: a row that cannot be carried, with the table, the column and which row; `shape` null: its columns are
 * not known yet.
 */
export function rowError(
  name: string,
  shape: TableShape | null,
  { columns, row, error, fate }: BrokenRow
): DataError {
  const names = columns.map((column) => column.name)
  const shown = rowText(shape, names, (index) => String(row[index]))
  const text = `${name}, row (${shown}): ${messageOf(error)}${fate}`
  return new DataError(text, { cause: error, row: shown })
}

/**
 * An error while a table is read: names the table and, when it is final, the statement. One about a setting
 * stays as it is.
 */
export function readingError(
  name: string,
  error: unknown,
  sql: string | null,
  isMasked: boolean
): ConnectError {
  if (error instanceof ConfigError) return error
  const retriable = isRetriable(error)
  const sent = error instanceof ConnectError ? (error.facts['sql'] ?? sql) : sql
  // I7: a masked query is not shown, nor the driver's error, which may hold it.
  const statement = sql === null || retriable || isMasked ? '' : `. Statement: ${String(sent)}`
  return databaseError(`${name}: ${messageOf(error)}${statement}`, {
    retriable,
    missing: isMissing(error),
    ...(isMasked ? {} : { cause: error })
  })
}

/** The table and which row, for messages about a record that was made of it. */
export function nameOfRow(
  name: string,
  shape: TableShape | null,
  { schema, values }: Struct
): string {
  const { fields } = schema
  const names = fields.map((field) => field.name)
  return `${name}, row (${rowText(shape, names, (index) => toLiteral(fields[index]?.schema, values[index]))})`
}

/** The first row that `read` fails at; undefined when there is none. */
export function firstBroken(rows: readonly Row[], read: (row: Row) => unknown): Row | undefined {
  return rows.find((row) => {
    try {
      read(row)
      return false
    } catch {
      return true
    }
  })
}
