import { ConfigError, ConnectError, messageOf } from '../../../../errors.ts'
import { databaseError } from '../../database/database.ts'
import { trustHint } from '../shared/trust-hint.ts'

/*
 * Error numbers after which the same call may succeed. Sources: SQL Server "Database Engine events and
 * errors"; the lists of transient errors of Azure SQL Database and of Microsoft's drivers.
 */
const CONNECTION_LOST = [
  20, 64, 121, 203, 233, 596, 997, 6005, 10053, 10054, 10060, 10061, 11001, 17142, 17187, 17197,
  17809, 17830
]
/** Databases that start, recover, restore, move between replicas, are offline or wait for their files. */
const DATABASE_NOT_READY = [
  615, 617, 904, 921, 922, 923, 924, 926, 927, 942, 945, 952, 955, 956, 976, 978, 979, 981, 982,
  983, 4060, 4221, 9001, 18401, 18451
]
/** Memory, locks, latches, workers, space of tempdb and the log, input and output. */
const TOO_MUCH = [
  669, 701, 708, 802, 823, 845, 846, 1105, 1203, 1204, 1807, 8628, 8645, 8651, 9002, 9515, 10922,
  10928, 10929, 10936, 10980, 10982
]
/** Deadlock, lock time-out, rows moved under a query, a snapshot that cannot be kept. */
const LOST_A_RACE = [
  601, 1205, 1221, 1222, 3935, 3958, 3959, 3960, 3961, 3966, 3971, 41_301, 41_302, 41_305, 41_325,
  41_839
]
const CLOUD = [
  40020, 40143, 40166, 40174, 40197, 40501, 40540, 40549, 40550, 40551, 40552, 40553, 40613, 42108,
  42109, 45168, 45169, 49918, 49919, 49920
]
const RETRIABLE = new Set(
  [CONNECTION_LOST, DATABASE_NOT_READY, TOO_MUCH, LOST_A_RACE, CLOUD].flat()
)
/** The column, the table, the right (of a table, a column, a database) or what a view reads is not there. */
const MISSING = new Set([207, 208, 229, 230, 297, 300, 916, 4413])
/**
 * Codes of the driver and of the network below it. ELOGIN by itself is final: a wrong password stays wrong.
 */
const RETRIABLE_CODES =
  /^(ESOCKET|ETIMEOUT|ECLOSE|ECANCEL|EINSTLOOKUP|EINVALIDSTATE|ECONNCLOSED|ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/

const WAYS = {
  trust: 'trustStore or serverCertificate',
  name: 'hostNameInCertificate=<that name>',
  any: 'trustServerCertificate=true'
}

/** The driver's error as one of ours; several errors of one statement come as an AggregateError. */
export function sqlServerError(error: unknown, what: string, sql?: string): ConnectError {
  if (error instanceof ConfigError || error instanceof ConnectError) return error
  const all = error instanceof AggregateError ? [error, ...(error.errors as unknown[])] : [error]
  const facts = all.map((each) => each as { number?: number; code?: string; isTransient?: boolean })
  const retriable = facts.some(
    ({ number, code, isTransient }) =>
      isTransient === true ||
      (number !== undefined && RETRIABLE.has(number)) ||
      (number === undefined && code !== undefined && RETRIABLE_CODES.test(code))
  )
  const code = facts.find(({ number }) => number !== undefined)?.number ?? facts[0]?.code
  // The driver's words for it name its own states.
  const text =
    code === 'EINVALIDSTATE' ? `the session has ended (${messageOf(error)})` : messageOf(error)
  const hint = trustHint(text, WAYS)
  return databaseError(`${what}: ${text}${hint === null ? '' : ` (${hint})`}`, {
    retriable,
    missing: facts.some(({ number }) => number !== undefined && MISSING.has(number)),
    cause: error,
    ...(code === undefined ? {} : { code }),
    ...(sql === undefined ? {} : { sql })
  })
}
