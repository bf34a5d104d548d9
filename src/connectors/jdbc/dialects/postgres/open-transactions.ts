import type { OpenTransactions, Row, TableId } from '../../database/database.ts'
import { unanswered } from '../shared/unanswered.ts'

/**
 * Numbers of a lock that disturbs nobody: whoever holds it reads tables for a connector, and writes nothing.
 */
const READER = [1_801_677_418, 1] as const

/**
 * Begins a transaction that other connectors do not wait for. The lock ends with it, also behind a pool of
 * connections.
 */
export function beginReading(level: string): string {
  return `BEGIN${level}; SELECT pg_advisory_xact_lock_shared(${READER.join(', ')})`
}

/**
 * Every transaction holds the lock of its virtual id from its first statement to after its end is visible,
 * before it takes a sequence number or knows its now(); anybody may see these locks, only ages need a
 * privilege. A prepared transaction has given that lock up: it is in its own view before, which therefore has
 * to be read behind. Workers of the server itself have no user. Source: PostgreSQL manual, pg_locks and
 * pg_prepared_xacts.
 */
const OPEN = `SELECT l.virtualtransaction, FLOOR(EXTRACT(EPOCH FROM clock_timestamp() - a.xact_start) * 1000)::bigint, CASE WHEN l.pid = pg_backend_pid() THEN CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'own' END WHEN l.writes IS NOT NULL THEN 'writer' ELSE 'reader' END,
CASE WHEN NOT pg_is_in_recovery() THEN txid_snapshot_xmax(txid_current_snapshot()) - COALESCE(l.writes, 0) END
FROM (SELECT virtualtransaction, pid, MAX(age(transactionid)) FILTER (WHERE locktype = 'transactionid') AS writes FROM pg_catalog.pg_locks
WHERE granted AND (locktype IN ('virtualxid', 'transactionid') AND mode = 'ExclusiveLock' OR locktype = 'advisory' AND classid = ${READER[0]} AND objid = ${READER[1]})
GROUP BY virtualtransaction, pid HAVING bool_or(locktype = 'virtualxid') AND (pid = pg_backend_pid() OR NOT bool_or(locktype = 'advisory'))) l
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE a.pid IS NULL OR (a.datname = current_database() AND a.usesysid IS NOT NULL)
UNION ALL
SELECT 'prepared ' || p.transaction::text, FLOOR(EXTRACT(EPOCH FROM clock_timestamp() - p.prepared) * 1000)::bigint, 'prepared',
CASE WHEN NOT pg_is_in_recovery() THEN txid_snapshot_xmax(txid_current_snapshot()) - age(p.transaction) END
FROM pg_catalog.pg_prepared_xacts p WHERE p.database = current_database()`

/** The open transactions of this database. */
export async function postgresTransactions(
  ask: (sql: string) => Promise<Row[]>
): Promise<OpenTransactions> {
  let rows: Row[]
  try {
    rows = await ask(OPEN)
  } catch (error) {
    // Rights, syntax, views and functions that are not there; a feature the server does not have.
    return unanswered(error, (state) => /^(42|0A)/.test(state))
  }
  const kinds = new Set(rows.map(([, , kind]) => kind))
  if (kinds.has('standby')) {
    return {
      answer: 'unseen',
      why: 'the server is a standby, which does not show the transactions of its primary'
    }
  }
  // Servers that only speak PostgreSQL's protocol may have the view and leave it empty.
  if (!kinds.has('own')) {
    return { answer: 'unseen', why: 'pg_locks does not even show the transaction that reads it' }
  }
  return {
    answer: 'seen',
    source: 'pg_locks',
    open: rows
      .filter(([, , kind]) => kind !== 'own')
      .map(([id, age, kind, since]) => ({
        id: String(id),
        // A prepared transaction began at an unknown time before it was prepared.
        ageMs: age === null || kind === 'prepared' ? null : Math.max(0, Number(age)),
        ...(since === null || since === undefined ? {} : { since: String(since) }),
        ...(kind === 'prepared' ? { successor: true } : {}),
        ...(kind === 'reader' ? { readsOnly: true } : {})
      }))
  }
}

const HAS_TRANSACTION_IDS = `SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`

/**
 * Every row of a table names the transaction that wrote it. These numbers are compared by their age, for they
 * begin anew: that of a row which has been there for two thousand million transactions may look young, which
 * only has it read once more.
 */
export async function postgresWrittenSince(
  ask: (sql: string, binds: readonly unknown[]) => Promise<Row[]>,
  { schema, table }: TableId,
  { from, since }: { readonly from: string; readonly since: string }
): Promise<string | null> {
  if (!/^\d+$/.test(since)) return null
  const rows = await ask(HAS_TRANSACTION_IDS, [schema ?? 'public', table])
  if (rows.length === 0) return null
  return `age(${from}.xmin) <= age('${BigInt(since) % 2n ** 32n}'::xid)`
}
