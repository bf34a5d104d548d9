import type { Dialect } from '../../database/database.ts'
import type { TimeZone } from '../../values/time-zone.ts'
import { type SqliteAsk, sqliteColumns } from './dictionary.ts'

/** Why a row with a smaller id may come after one with a larger id. */
export async function sqliteIdHazards(
  ask: SqliteAsk,
  dialect: Dialect,
  table: string,
  { column, zone }: { column: string; zone: TimeZone }
): Promise<string[]> {
  const columns = await sqliteColumns(ask, dialect, table, zone)
  const isRowId = columns.some(({ name, autoIncrement }) => name === column && autoIncrement)
  const [[sql] = []] = await ask(
    `SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?`,
    table
  )
  // SQLite gives the largest number of those that are there, and one more.
  return isRowId && !/\bAUTOINCREMENT\b/i.test(String(sql))
    ? [
        `${column} is INTEGER PRIMARY KEY without AUTOINCREMENT: the number of a deleted last row is given out again, and the new row is not read`
      ]
    : []
}
