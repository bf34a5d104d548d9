import { isRetriable } from '../../../../errors.ts'
import type { Row, TableId } from '../../database/database.ts'

/** The sequences a column owns, and those its default asks. */
const SEQUENCES = `SELECT s.seqrelid::regclass::text, s.seqcache, s.seqcycle, s.seqincrement
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
JOIN pg_catalog.pg_sequence s ON s.seqrelid IN (
  SELECT d.objid FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
  AND d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
  UNION SELECT d.refobjid FROM pg_catalog.pg_attrdef f
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
  WHERE f.adrelid = c.oid AND f.adnum = a.attnum AND d.refclassid = 'pg_catalog.pg_class'::regclass)
WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3`

/** Sequences that keep numbers for a session, begin anew, or count backwards. */
export async function postgresIdHazards(
  ask: (sql: string, binds: readonly unknown[]) => Promise<Row[]>,
  { schema, table }: TableId,
  column: string
): Promise<string[]> {
  let rows: Row[]
  try {
    rows = await ask(SEQUENCES, [schema ?? 'public', table, column])
  } catch (error) {
    // Releases before 10, and servers that only speak the protocol, do not have this catalog.
    if (isRetriable(error)) throw error
    return []
  }
  return rows.flatMap(([name, cache, cycles, increment]) => [
    ...(Number(cache) > 1
      ? [
          `sequence ${String(name)} hands out blocks of ${String(cache)} ids to each session (CACHE ${String(cache)})`
        ]
      : []),
    ...(cycles === 't' ? [`sequence ${String(name)} begins anew at its end (CYCLE)`] : []),
    ...(Number(increment) < 0 ? [`sequence ${String(name)} counts backwards`] : [])
  ])
}
