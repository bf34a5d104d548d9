import { ConfigError, ConnectError } from '../../../errors.ts'
import { databaseError } from '../database.ts'

/**
 * Errors after which the same call may succeed: the session or the server is gone or busy, or the statement lost a race.
 * Source: MySQL and MariaDB error references.
 */
const RETRIABLE_NUMBERS = new Set([
  1040, // too many connections
  1042, // host cannot be resolved
  1043, // bad handshake
  1053, // server shutdown in progress
  1129, // host blocked after too many connection errors
  1152, // connection aborted
  1158,
  1159,
  1160,
  1161, // network errors and time-outs
  1184, // connection aborted
  1203, // too many connections of this user
  1205, // lock wait time-out
  1213, // deadlock
  1226, // resource limit of the user
  1243, // prepared statement is gone
  1317, // query interrupted
  1615, // prepared statement must be prepared again
  1927, // connection was killed (MariaDB)
  2003,
  2006,
  2013,
  2055, // server unreachable, gone, lost
  3024,
  1969, // statement time-out (MySQL, MariaDB)
  4031 // disconnected for inactivity
])
const WRONG_ARGUMENTS = 1210
const RETRIABLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CONNECTION_LOST'
])

/** The driver's error as one of ours. */
export function translateMysqlError(error: unknown, what: string, sql?: string): ConnectError {
  if (error instanceof ConnectError || error instanceof ConfigError) return error
  const { errno, code, fatal } = error as { errno?: number; code?: string; fatal?: boolean }
  const text = error instanceof Error ? error.message || (code ?? error.name) : String(error)
  const retriable =
    (errno !== undefined && RETRIABLE_NUMBERS.has(errno)) ||
    (code !== undefined && RETRIABLE_CODES.has(code)) ||
    // A server that threw out what it knew of a prepared statement (seen under load): preparing it anew helps.
    (errno === WRONG_ARGUMENTS && text.includes('mysqld_stmt_execute')) ||
    // A closed connection, which the driver reports without a number.
    (fatal === true && (errno === undefined || errno < 1000) && code === undefined)
  const shown = errno !== undefined && errno >= 1000 ? errno : code
  return databaseError(`${what}: ${text}`, {
    retriable: retriable || /closed state|connection.*(closed|destroyed)/i.test(text),
    cause: error,
    ...(shown === undefined ? {} : { code: shown }),
    ...(sql === undefined ? {} : { sql })
  })
}
