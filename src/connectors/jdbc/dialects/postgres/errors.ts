import { ConfigError, ConnectError, messageOf } from '../../../../errors.ts'
import { databaseError } from '../../database/database.ts'
import { trustHint } from '../shared/trust-hint.ts'

/**
 * SQLSTATEs (or their class, two letters) after which the same may succeed later. Source: PostgreSQL manual,
 * appendix A, and the states that poolers answer.
 */
const RETRIABLE = new Set([
  '08', // connection exceptions
  '40', // serialization failure, deadlock
  '53', // out of connections, memory, disk
  '57', // shut down, starting up, cancelled, idle session ended
  '58', // the system below the server
  '25P03', // idle in transaction for too long
  '25P04', // transaction took too long
  '26000', // a pooler took the prepared statement away
  '34000', // or the cursor
  '55000', // a database that accepts no connections just now, a materialized view that is not filled yet
  '55006', // object in use
  '55P03', // lock not available
  '72000', // snapshot too old
  'HV00L', // a foreign server that cannot be reached
  'HV00M',
  'HV00N',
  'XX000' // internal error, as when a table is dropped while it is opened
])

/** The right, the schema, the table or the column is not there. */
const MISSING = new Set(['42501', '3F000', '42P01', '42703'])

const WAYS = { trust: 'sslrootcert', name: 'sslmode=verify-ca', any: 'sslmode=require' }

/** A driver's error in our words. An error without an SQLSTATE comes from the network: it may pass. */
export function postgresError(error: unknown, what: string, sql?: string): ConnectError {
  if (error instanceof ConfigError || error instanceof ConnectError) return error
  const code = (error as { code?: unknown }).code
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null
  const { severity, detail, hint } = error as { severity?: string; detail?: string; hint?: string }
  // Names such as EPIPE have five letters too: only what the server says carries a severity.
  const isStateOfServer = state !== null && severity !== undefined
  const retriable = isStateOfServer
    ? RETRIABLE.has(state) || RETRIABLE.has(state.slice(0, 2))
    : true
  const more = [detail, hint, trustHint(messageOf(error), WAYS)]
    .filter((text) => typeof text === 'string' && text !== '')
    .join(' ')
  return databaseError(`${what}: ${messageOf(error)}${more === '' ? '' : ` (${more})`}`, {
    retriable,
    missing: isStateOfServer && MISSING.has(state),
    cause: error,
    ...(typeof code === 'string' ? { code } : {}),
    ...(sql === undefined ? {} : { sql })
  })
}
