import { DataError, isRetriable, messageOf } from '../../../errors.ts'
import { RowCursor } from '../positions/cursor-value.ts'
import type { Connection, Row, TableId } from '../database/database.ts'
import type { Position } from '../positions/source-offset.ts'
import { rowsBehindQuery, timestampSql } from '../queries/table-query.ts'
import type { TableShape } from '../queries/table-shape.ts'
import type { TimeZone } from '../values/time-zone.ts'
import type { Timestamp } from '../values/timestamp.ts'

/** What stands before the name of a table in the query of its rows. */
export const WHOLE_ROWS = 'SELECT * FROM '

type LargestId =
  | { readonly id: number | bigint | null; readonly refused: null }
  | { readonly id: null; readonly refused: string }

interface Behind {
  readonly position: Position
  readonly zone: TimeZone
}

/**
 * The largest id of the rows behind a position visible now; null when there are none. `refused`: the database
 * does not answer that of this query.
 */
export async function largestId(
  connection: Connection,
  shape: TableShape,
  table: TableId | null,
  behind: Behind
): Promise<LargestId> {
  const { id } = shape
  if (id === null) throw new TypeError('The largest id of a table without an id')
  try {
    const found = await largest(connection, shape, { of: id.sql, isTable: table !== null }, behind)
    return { id: found === null ? null : idOf(found, id.column.name), refused: null }
  } catch (error) {
    const isFinal = error instanceof DataError || table !== null
    if (isFinal || isRetriable(error)) throw error
    return { id: null, refused: `the largest id of the query: ${messageOf(error)}` }
  }
}

/**
 * The latest time of the rows behind a position, as an instant; null when there are none, or the database
 * does not say.
 */
export async function latestTime(
  connection: Connection,
  shape: TableShape,
  table: TableId | null,
  behind: Behind
): Promise<Timestamp | null> {
  const of = timestampSql(shape)
  const found = await largest(connection, shape, { of, isTable: table !== null }, behind)
  // A maximum may have another type than its column.
  if (found?.columns[0]?.type !== 'timestamp') return null
  const { row, columns, name } = found
  const cursor = new RowCursor(columns, { timestamps: [name], id: null }, behind.zone)
  cursor.read(row)
  return cursor.timestamp
}

interface Found {
  readonly row: Row
  readonly columns: ConstructorParameters<typeof RowCursor>[0]
  readonly name: string
  readonly zone: TimeZone
}

/** One range of the index that serves the polls. */
async function largest(
  connection: Connection,
  shape: TableShape,
  { of, isTable }: { readonly of: string; readonly isTable: boolean },
  { position, zone }: Behind
): Promise<Found | null> {
  const rows = rowsBehindQuery(shape, position, zone)
  // The line break ends a comment inside the query.
  const from = isTable ? rows.sql.slice(WHOLE_ROWS.length) : `(${rows.sql}\n) late_commits`
  const stream = await connection.query(`SELECT MAX(${of}) FROM ${from}`, rows.binds, {
    fetchRows: 1,
    table: null
  })
  const [row] = (await stream.next()) ?? []
  // To its end: ending it before would take a session of its own where the server has to be told.
  if (row !== undefined) await stream.next()
  await stream.close()
  const { columns } = stream
  if (row === undefined || row[0] === null || row[0] === undefined) return null
  return { row, columns, name: columns[0]?.name ?? '', zone }
}

function idOf({ row, columns, name, zone }: Found, column: string): number | bigint | null {
  try {
    const cursor = new RowCursor(columns, { timestamps: [], id: name }, zone)
    cursor.read(row)
    return cursor.id
  } catch (error) {
    // I5: which row.
    const shown = `${column}=${String(row[0])}`
    throw new DataError(`row (${shown}): ${messageOf(error)}`, { cause: error, row: shown })
  }
}
