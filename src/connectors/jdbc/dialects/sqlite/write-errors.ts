import { ConnectError } from '../../../../errors.ts'
import { databaseError } from '../../database/database.ts'
import { errorClassOf, type WriteErrorClass } from '../../database/writing.ts'
import { writeError } from '../shared/write-error.ts'

/** Codes of SQLite (the low byte of the extended one) by who is at fault. */
const CLASSES: ReadonlyMap<number, WriteErrorClass> = new Map([
  [3, 'privilege'], // PERM
  [5, 'conflict'], // BUSY
  [6, 'conflict'], // LOCKED
  [7, 'resource'], // NOMEM
  [8, 'privilege'], // READONLY
  [9, 'outage'], // INTERRUPT
  [10, 'resource'], // IOERR
  [13, 'resource'], // FULL
  [14, 'outage'], // CANTOPEN
  [15, 'conflict'], // PROTOCOL
  [17, 'conflict'], // SCHEMA: the tables changed meanwhile
  [18, 'data'], // TOOBIG
  [19, 'data'], // CONSTRAINT
  [20, 'data'], // MISMATCH
  [23, 'privilege'] // AUTH
])
const CONSTRAINT_TRIGGER = 1811
const STRUCTURE =
  /no such (?:table|column)|has no column named|ON CONFLICT clause does not match|cannot (?:INSERT into|UPDATE) generated column/

/**
 * An error of the thread. SQLite names tables, columns and conditions, never a value; only the text of a
 * trigger may be anything (I7).
 */
export function sqliteWriteError(
  error: unknown,
  what: string,
  { sql, start }: { readonly sql?: string; readonly start: number }
): ConnectError {
  if (error instanceof ConnectError) {
    if (errorClassOf(error) !== null) return error
    return databaseError(error.message, { retriable: true, errorClass: 'outage', cause: error })
  }
  const { errcode, rowIndex } = error as { errcode?: number; rowIndex?: number }
  const message = error instanceof Error ? error.message : String(error)
  // oxlint-disable-next-line no-bitwise
  const known = errcode === undefined ? undefined : CLASSES.get(errcode & 0xff)
  const errorClass = known ?? (STRUCTURE.test(message) ? 'structure' : 'unknown')
  return writeError(what, {
    errorClass,
    text: errcode === CONSTRAINT_TRIGGER ? 'a trigger refused it' : message,
    ...(errcode === undefined ? {} : { code: errcode }),
    ...(sql === undefined ? {} : { sql }),
    ...(rowIndex === undefined ? {} : { rowIndex: start + rowIndex })
  })
}
