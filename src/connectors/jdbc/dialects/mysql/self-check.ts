import type { Finding, Row } from '../../database/database.ts'
import { indexColumns } from '../shared/index-columns.ts'

type Ask = (sql: string, binds: unknown[]) => Promise<Row[]>

/** Version and time zones. */
export async function mysqlFindings(ask: Ask): Promise<Finding[]> {
  const [[version, ofSession, ofServer, ofHost] = []] = await ask(
    'SELECT VERSION(), @@session.time_zone, @@global.time_zone, @@system_time_zone',
    []
  )
  return [
    { level: 'info', text: `MySQL ${String(version)}` },
    {
      level: 'info',
      text: `Time zones: session ${String(ofSession)}, server ${String(ofServer)}, host of the server ${String(ofHost)}`
    }
  ]
}

/** The indexes of a table; null when it is no table. */
export async function mysqlIndexes(
  ask: Ask,
  database: string | null,
  table: string
): Promise<(string | null)[][] | null> {
  const where = 'WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ?'
  const rows = await ask(
    `SELECT index_name, column_name FROM information_schema.statistics ${where} ORDER BY index_name, seq_in_index`,
    [database, table]
  )
  if (rows.length > 0) return indexColumns(rows)
  const found = await ask(
    `SELECT 1 FROM information_schema.tables ${where} AND table_type = 'BASE TABLE'`,
    [database, table]
  )
  return found.length > 0 ? [] : null
}
