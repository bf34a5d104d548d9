import { DataError, isRetriable, messageOf } from '../../../errors.ts'
import { RowCursor } from '../reading/cursor-value.ts'
import type { Connection, Row, TableId } from '../database.ts'
import { allRowsQuery } from '../reading/table-query.ts'
import type { TableShape } from '../reading/table-shape.ts'
import type { TimeZone } from '../values/time-zone.ts'

const WHOLE_ROWS = 'SELECT * FROM '

export type LargestId =
  | { readonly id: number | bigint | null; readonly refused: null }
  | { readonly id: null; readonly refused: string }

/** The largest id of the rows visible now; null when there are none. `refused`: the database does not answer that of this query. */
export async function largestId(
  connection: Connection,
  shape: TableShape,
  table: TableId | null,
  zone: TimeZone
): Promise<LargestId> {
  const { select, id } = shape
  if (id === null) throw new TypeError('The largest id of a table without an id')
  const all = allRowsQuery(shape, zone)
  // The line break ends a comment inside the query.
  const from =
    table === null
      ? `(${all.sql.replace(/;\s*$/, '')}\n) late_commits`
      : select.slice(WHOLE_ROWS.length)
  const sql = `SELECT MAX(${id.sql}) FROM ${from}`
  try {
    const stream = await connection.query(sql, all.binds, { fetchRows: 1, table: null })
    const rows = await stream.next()
    await stream.close()
    const row = rows?.[0]
    if (row === undefined || row[0] === null || row[0] === undefined) {
      return { id: null, refused: null }
    }
    const name = stream.columns[0]?.name ?? ''
    const cursor = new RowCursor(stream.columns, { timestamps: [], id: name }, zone)
    return { id: idOf(row, cursor, id.column.name), refused: null }
  } catch (error) {
    const isFinal = error instanceof DataError || table !== null
    if (isFinal || isRetriable(error)) throw error
    return { id: null, refused: `the largest id of the query: ${messageOf(error)}` }
  }
}

function idOf(row: Row, cursor: RowCursor, column: string): number | bigint | null {
  try {
    cursor.read(row)
    return cursor.id
  } catch (error) {
    // I5: which row.
    const shown = `${column}=${String(row[0])}`
    throw new DataError(`row (${shown}): ${messageOf(error)}`, { cause: error, row: shown })
  }
}
