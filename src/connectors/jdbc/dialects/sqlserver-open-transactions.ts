import type { OpenTransactions, Row } from '../database.ts'
import { unanswered } from './unanswered.ts'

/** Syntax, functions, columns and views that are not there; rights to the server's state, to a view, and to a database. */
const REFUSALS = new Set([102, 156, 195, 207, 208, 229, 230, 262, 297, 300, 371, 916, 4121, 15_247])

/** Transactions that use this database, readers (type 2) and this session left out. */
export const OPEN_TRANSACTIONS = `SELECT CONVERT(varchar(20), d.transaction_id), DATEDIFF_BIG(millisecond, a.transaction_begin_time, GETDATE())
FROM sys.dm_tran_database_transactions d
JOIN sys.dm_tran_active_transactions a ON a.transaction_id = d.transaction_id
WHERE d.database_id = DB_ID() AND a.transaction_type <> 2
AND d.transaction_id NOT IN (SELECT s.transaction_id FROM sys.dm_tran_session_transactions s WHERE s.session_id = @@SPID)`

/** The views answer only to who has VIEW SERVER STATE (or VIEW DATABASE STATE in a database of its own); a replica has none to show. */
export async function sqlServerTransactions(
  ask: (sql: string) => Promise<Row[]>
): Promise<OpenTransactions> {
  try {
    const [[updateable] = []] = await ask(
      `SELECT CONVERT(varchar(20), DATABASEPROPERTYEX(DB_NAME(), 'Updateability'))`
    )
    if (updateable === 'READ_ONLY') {
      return {
        answer: 'unseen',
        why: 'the database is read-only: a replica does not show the transactions of its primary'
      }
    }
    const rows = await ask(OPEN_TRANSACTIONS)
    return {
      answer: 'seen',
      source: 'sys.dm_tran_active_transactions',
      open: rows.map(([id, age]) => ({
        id: String(id),
        ageMs: age === null || age === undefined ? null : Math.max(0, Number(age))
      }))
    }
  } catch (error) {
    return unanswered(error, (code) => REFUSALS.has(Number(code)))
  }
}
