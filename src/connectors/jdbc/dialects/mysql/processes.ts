import type { Row } from '../../database/database.ts'

/**
 * Sessions that run a statement, with as much of its text as tells what it is; and threads that write what
 * another server committed.
 */
export const PROCESSES = `SELECT ID, TIME, STATE, LEFT(INFO, 500), USER = 'system user' FROM information_schema.PROCESSLIST WHERE COMMAND <> 'Daemon' AND (INFO IS NOT NULL OR USER = 'system user') AND ID <> CONNECTION_ID()`

const COMMENTS = /^(?:[\s(]+|\/\*[\s\S]*?(?:\*\/|$)|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$))*/
const CHANGES = /^(insert|replace|update|delete|load|call|with|merge|do|execute)\b/i
const READS = /^(select|values|table)\b/i

/** What the process list says. */
export interface Processes {
  /** Threads of replication. */
  readonly appliers: number
  /** Statements of users that may change rows. */
  readonly statements: readonly { readonly thread: number; readonly ageMs: number | null }[]
}

export function processesOf(rows: readonly Row[]): Processes {
  const users = rows.filter(([, , , , isReplication]) => Number(isReplication) !== 1)
  return {
    appliers: rows.length - users.length,
    statements: users.filter(mayChange).map(([thread, seconds]) => ({
      thread: Number(thread),
      ageMs: seconds === null ? null : (Math.max(0, Number(seconds)) + 1) * 1000
    }))
  }
}

/** What reads may change rows by a function, for which it waits first if it has to. */
function mayChange([, , state, info]: Row): boolean {
  const text = String(info).replace(COMMENTS, '')
  const waits = String(state ?? '').startsWith('Waiting for')
  // The text ends inside a comment: what comes behind it is not known.
  return text === '' || CHANGES.test(text) || (waits && READS.test(text))
}
