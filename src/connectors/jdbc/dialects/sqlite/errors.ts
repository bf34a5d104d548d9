import { ConnectError } from '../../../../errors.ts'
import { databaseError } from '../../database/database.ts'

// SQLITE_BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL and SCHEMA; the low byte of the
// extended code.
const RETRIABLE_CODES = new Set([5, 6, 7, 9, 10, 13, 14, 15, 17])

export function sqliteError(error: unknown, what: string): ConnectError {
  // An end of the connection, and what nested work translated already.
  if (error instanceof ConnectError) return error
  const code = (error as { errcode?: number }).errcode
  const message = error instanceof Error ? error.message : String(error)
  return databaseError(`${what}: ${message}`, {
    retriable: code !== undefined && RETRIABLE_CODES.has(code & 0xff),
    missing: /^no such (table|column)\b/.test(message),
    cause: error,
    ...(code === undefined ? {} : { code })
  })
}
