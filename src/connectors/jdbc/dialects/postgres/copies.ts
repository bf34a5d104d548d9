import { isRetriable } from '../../../../errors.ts'
import type { Row, Source } from '../../database/database.ts'
import { queryWords } from '../shared/query-words.ts'

type Ask = (sql: string, binds: readonly unknown[]) => Promise<Row[]>

/**
 * What the relations that `START` finds read: views what they are made of, tables their partitions and
 * children. Whatever is among them that others fill: foreign tables, materialized views (rows appear at a
 * refresh), and tables a subscription writes (in the order in which the publisher's transactions committed,
 * with times and ids of the publisher). A partition may be written through its parents.
 */
const COPIES = (start: string): string => `
WITH RECURSIVE used(oid) AS (
  SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${start}
  UNION
  SELECT below.oid FROM used CROSS JOIN LATERAL (
    SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = used.oid
    UNION ALL
    SELECT d.refobjid FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass
    AND d.objid = r.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass WHERE r.ev_class = used.oid
  ) AS below(oid)
), written(oid, by) AS (
  SELECT oid, oid FROM used
  UNION
  SELECT w.oid, i.inhparent FROM written w JOIN pg_catalog.pg_inherits i ON i.inhrelid = w.by
)
SELECT n.nspname || '.' || c.relname, CASE c.relkind WHEN 'f' THEN 'a foreign table' WHEN 'm' THEN 'a materialized view' ELSE 'the copy of a subscription' END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid IN (SELECT oid FROM used) AND (c.relkind IN ('f', 'm')
OR EXISTS (SELECT FROM written w JOIN pg_catalog.pg_subscription_rel s ON s.srrelid = w.by WHERE w.oid = c.oid))
ORDER BY 1 LIMIT 1`

const OF_TABLE = COPIES('n.nspname = $1 AND c.relname = $2')
const OF_QUERY = COPIES(
  `c.relname = ANY($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')`
)

/**
 * Whose transactions cannot be seen here, if any table that is read is a copy; of a query everything that has
 * the name of a table counts.
 */
export async function postgresCopies(ask: Ask, { table, query }: Source): Promise<string | null> {
  const of = query === null ? OF_TABLE : OF_QUERY
  const binds = query === null ? [table?.schema ?? 'public', table?.table] : [queryWords(query)]
  let rows: Row[]
  try {
    rows = await ask(of, binds)
  } catch (error) {
    // Releases before 10, and servers that only speak the protocol, have no subscriptions.
    if (isRetriable(error)) throw error
    return null
  }
  const [[name, kind] = []] = rows
  return name === undefined
    ? null
    : `${String(name)} is ${String(kind)}, whose rows are committed elsewhere`
}
