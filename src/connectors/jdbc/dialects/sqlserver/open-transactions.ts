import type { OpenTransactions, Row } from '../../database/database.ts'
import { unanswered } from '../shared/unanswered.ts'

/**
 * Syntax, functions, columns and views that are not there; rights to the server's state, to a view, and to a
 * database; and the number under which a server that translates says anything (33557097).
 */
const REFUSALS = new Set([
  102, 156, 195, 207, 208, 229, 230, 262, 297, 300, 371, 916, 4121, 15_247, 33_557_097
])

/**
 * Transactions of others that use a database rows are read from, or none yet: one that has only asked for the
 * time may still write. Read-only ones (type 2) are left out; who has written no log record yet has changed
 * nothing. `databases`: beside the session's own.
 */
function openTransactionsStatement(databases: number): string {
  const own = Array.from({ length: databases }, (_, index) => `, DB_ID(@p${index + 1})`).join('')
  return `SELECT CONVERT(varchar(20), a.transaction_id), DATEDIFF(second, a.transaction_begin_time, GETDATE()),
CASE WHEN EXISTS (SELECT 1 FROM sys.dm_tran_database_transactions w WHERE w.transaction_id = a.transaction_id AND w.database_transaction_begin_time IS NOT NULL) THEN 1 ELSE 0 END
FROM sys.dm_tran_active_transactions a
WHERE a.transaction_type <> 2
AND a.transaction_id NOT IN (SELECT m.transaction_id FROM sys.dm_tran_session_transactions m WHERE m.session_id = @@SPID)
AND (EXISTS (SELECT 1 FROM sys.dm_tran_database_transactions d WHERE d.transaction_id = a.transaction_id AND d.database_id IN (DB_ID()${own}))
OR EXISTS (SELECT 1 FROM sys.dm_tran_session_transactions s WHERE s.transaction_id = a.transaction_id)
AND NOT EXISTS (SELECT 1 FROM sys.dm_tran_database_transactions n WHERE n.transaction_id = a.transaction_id))`
}

const UPDATEABILITY = `SELECT CONVERT(varchar(20), DATABASEPROPERTYEX(DB_NAME(), 'Updateability'))`

/**
 * The views answer only to a user with VIEW SERVER STATE (or VIEW DATABASE STATE in a database of its own); a
 * replica has none to show.
 */
export async function sqlServerTransactions(
  ask: (sql: string, binds: readonly string[]) => Promise<Row[]>,
  databases: readonly string[] = []
): Promise<OpenTransactions> {
  try {
    const [[updateable] = []] = await ask(UPDATEABILITY, [])
    if (updateable === 'READ_ONLY') {
      return {
        answer: 'unseen',
        why: 'the database is read-only: a replica does not show the transactions of its primary'
      }
    }
    const rows = await ask(openTransactionsStatement(databases.length), databases)
    return {
      answer: 'seen',
      source: 'sys.dm_tran_active_transactions',
      open: rows.map(([id, age, writes]) => ({
        id: String(id),
        // The server counts how often the second changed.
        ageMs: age === null || age === undefined ? null : (Math.max(0, Number(age)) + 1) * 1000,
        ...(Number(writes) === 1 ? {} : { readsOnly: true })
      }))
    }
  } catch (error) {
    return unanswered(error, (code) => REFUSALS.has(Number(code)))
  }
}
