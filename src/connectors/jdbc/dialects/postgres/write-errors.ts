import { ConnectError } from '../../../../errors.ts'
import { databaseError } from '../../database/database.ts'
import { errorClassOf, type WriteErrorClass } from '../../database/writing.ts'
import { writeError } from '../shared/write-error.ts'

/** SQLSTATEs, or their class (two letters), by who is at fault; a whole state comes before its class. */
const CLASSES: ReadonlyMap<string, WriteErrorClass> = new Map([
  ['08', 'outage'], // connection exceptions
  ['57', 'outage'], // shut down, starting up
  ['53300', 'outage'], // too many connections
  ['25006', 'outage'], // the server lets nobody write: a primary that was demoted
  ['25P03', 'outage'], // the session was ended because it was idle in a transaction
  ['25P04', 'outage'],
  ['26000', 'outage'], // a pooler gave the session away
  ['40', 'conflict'], // serialization failure, deadlock
  ['55P03', 'conflict'], // lock not available
  ['55006', 'conflict'], // object in use
  ['57014', 'conflict'], // statement_timeout: somebody was in the way for too long
  ['53', 'resource'], // disk full, out of memory
  ['58', 'resource'], // the system below the server
  ['22', 'data'],
  ['23', 'data'],
  ['44', 'data'], // WITH CHECK OPTION of a view
  ['54', 'data'], // a row or an entry of an index that is too large
  ['P0', 'data'], // RAISE in a trigger
  ['3F000', 'structure'],
  ['42P01', 'structure'],
  ['42703', 'structure'],
  ['42704', 'structure'], // no such type
  ['42804', 'structure'], // a column has another type by now
  ['42846', 'structure'],
  ['42883', 'structure'],
  ['42P10', 'structure'], // no unique index for ON CONFLICT
  ['428C9', 'structure'], // a generated column
  ['42809', 'structure'],
  ['42501', 'privilege'],
  ['28', 'privilege']
])

/** What the server says beside the message: names, and where in a `COPY` it was. */
interface ServerError {
  readonly code?: string
  readonly severity?: string
  readonly schema?: string
  readonly table?: string
  readonly column?: string
  readonly constraint?: string
  readonly where?: string
}

/** What is known of the statement that failed. */
interface Statement {
  readonly sql: string
  /** The table of a `COPY`. */
  readonly copied?: string
}

/**
 * An error of the driver, without the values the server puts into its details, its context and some of its
 * messages (I7). One that has no SQLSTATE comes from the network.
 */
export function postgresWriteError(
  error: unknown,
  what: string,
  { sql, copied }: Statement
): ConnectError {
  if (error instanceof ConnectError) {
    if (errorClassOf(error) !== null) return error
    return databaseError(error.message, { retriable: true, errorClass: 'outage', cause: error })
  }
  const { code = '', severity, where, column, constraint, table } = error as ServerError
  if (severity === undefined || !/^[0-9A-Z]{5}$/.test(code)) {
    return writeError(what, { errorClass: 'outage', sql, cause: error })
  }
  const errorClass = CLASSES.get(code) ?? CLASSES.get(code.slice(0, 2)) ?? 'unknown'
  const rowIndex = copied === undefined ? null : copiedRow(where, copied)
  return writeError(what, {
    errorClass,
    sql,
    code,
    text: shownText((error as Error).message, code, where),
    ...(table === undefined ? {} : { table }),
    ...(column === undefined ? {} : { column }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(rowIndex === null ? {} : { rowIndex })
  })
}

/** `COPY orders, line 3, column a: "x"`: lines are counted from 1. */
function copiedRow(where: string | undefined, table: string): number | null {
  const context = `COPY ${table}, line `
  const at = where?.indexOf(context) ?? -1
  if (at === -1) return null
  const line = Number.parseInt(where?.slice(at + context.length) ?? '', 10)
  return line >= 1 ? line - 1 : null
}

/** Messages of these classes name tables, columns and constraints, and hold no value. */
const NAMES_ONLY = /^(?:08|23|25|28|3D|3F|40|42|53|55|57|58)/

/** The message without values: in most others they stand in quotes, or behind a colon. */
function shownText(message: string, code: string, where = ''): string {
  // The text of a RAISE may be anything, whichever SQLSTATE it has.
  if (code.startsWith('P0') || /\bRAISE$/m.test(where))
    return 'a trigger or function raised an error'
  if (NAMES_ONLY.test(code)) return message
  return message.replace(/: .*$/s, '').replace(/"[^]*"/, '"…"')
}
