import { ConfigError, ConnectError } from '../../../../errors.ts'
import { databaseError } from '../../database/database.ts'
import { trustHint } from '../shared/trust-hint.ts'

/*
 * Errors after which the same call may succeed: the session or the server is gone or busy, or the statement
 * lost a race. Sources: MySQL and MariaDB error references; what Galera, group replication and ProxySQL
 * answer while they are not ready.
 */
/**
 * The server is shutting down, cannot be reached, ended the session, or is in a mode that serves nobody; 1047
 * is a Galera node's.
 */
const NOT_THERE = [
  1042, 1043, 1047, 1053, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2002, 2003, 2005, 2006,
  2012, 2013, 2026, 2027, 2055, 3032, 3168, 4031, 9001
]
/** Connections, disk, memory, threads, files, transactions, locks. */
const TOO_MUCH = [
  1021, 1023, 1024, 1028, 1030, 1037, 1038, 1040, 1041, 1135, 1203, 1206, 1226, 1297, 1637, 1878,
  3170
]
/**
 * Waits, deadlocks, statements that were ended, and what changed under a statement: rows, a table, a prepared
 * statement.
 */
const LOST_A_RACE = [
  1020, 1205, 1213, 1243, 1317, 1412, 1613, 1614, 1615, 1689, 1969, 3024, 3101, 3572
]
/** The server behind a federated table. */
const BEHIND_A_TABLE = [1429, 1430]
const RETRIABLE_NUMBERS = new Set([NOT_THERE, TOO_MUCH, LOST_A_RACE, BEHIND_A_TABLE].flat())
/** The right (to a database, table, column, routine or view), the database, table or column is not there. */
const MISSING_NUMBERS = new Set([1044, 1049, 1051, 1054, 1109, 1142, 1143, 1146, 1227, 1356, 1370])
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

const WAYS = {
  trust: 'trustCertificateKeyStoreUrl (MariaDB: trustStore, serverSslCert)',
  name: 'sslMode=VERIFY_CA',
  any: 'sslMode=REQUIRED (MariaDB: trust)'
}

/** The driver's error as one of ours. */
export function mysqlError(error: unknown, what: string, sql?: string): ConnectError {
  if (error instanceof ConnectError || error instanceof ConfigError) return error
  const { errno, code, fatal } = error as { errno?: number; code?: string; fatal?: boolean }
  const plain = error instanceof Error ? error.message || (code ?? error.name) : String(error)
  const hint = trustHint(plain, WAYS)
  const text = hint === null ? plain : `${plain} (${hint})`
  const retriable =
    (errno !== undefined && RETRIABLE_NUMBERS.has(errno)) ||
    (code !== undefined && RETRIABLE_CODES.has(code)) ||
    // A server that threw out what it knew of a prepared statement (seen under load): preparing it anew
    // helps.
    (errno === WRONG_ARGUMENTS && text.includes('mysqld_stmt_execute')) ||
    // A closed connection, which the driver reports without a number.
    (fatal === true && (errno === undefined || errno < 1000) && code === undefined)
  const shown = errno !== undefined && errno >= 1000 ? errno : code
  return databaseError(`${what}: ${text}`, {
    retriable: retriable || /closed state|connection.*(closed|destroyed)/i.test(text),
    missing: errno !== undefined && MISSING_NUMBERS.has(errno),
    cause: error,
    ...(shown === undefined ? {} : { code: shown }),
    ...(sql === undefined ? {} : { sql })
  })
}
