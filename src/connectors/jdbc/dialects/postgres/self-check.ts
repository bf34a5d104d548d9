import type { Finding, Row, TableId } from '../../database/database.ts'
import { indexColumns } from '../shared/index-columns.ts'

type Ask = (sql: string, binds: readonly unknown[]) => Promise<Row[]>

const FACTS = `SELECT current_setting('server_version'), current_setting('TimeZone'),
  (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'TimeZone')`

const IS_TABLE = `SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'm')`

/** Indexes of a part of the rows serve no poll. */
const INDEX_COLUMNS = `SELECT i.indexrelid, a.attname
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0
WHERE n.nspname = $1 AND c.relname = $2 AND i.indisvalid AND i.indpred IS NULL
ORDER BY i.indexrelid, k.place`

/** Version and time zones. */
export async function postgresFindings(ask: Ask): Promise<Finding[]> {
  const [[version, ofSession, ofServer] = []] = await ask(FACTS, [])
  return [
    { level: 'info', text: `PostgreSQL ${String(version)}` },
    {
      level: 'info',
      text: `Time zones: session ${String(ofSession)}, server ${String(ofServer)}`
    }
  ]
}

/** The indexes of a table; null when it is no table. */
export async function postgresIndexes(
  ask: Ask,
  { schema, table }: TableId
): Promise<(string | null)[][] | null> {
  const binds = [schema ?? 'public', table]
  const rows = await ask(INDEX_COLUMNS, binds)
  if (rows.length > 0) return indexColumns(rows)
  return (await ask(IS_TABLE, binds)).length > 0 ? [] : null
}
