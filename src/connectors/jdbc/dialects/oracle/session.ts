import { isRetriable, messageOf } from '../../../../errors.ts'
import { abortedError, databaseError, type OpenOptions } from '../../database/database.ts'
import { loadDriver } from './client.ts'
import type { OracleConnection, OracleSettings } from './connection.ts'
import type { OracleDriver, OracleSession } from './driver.ts'
import { oracleError } from './errors.ts'
import { momentOf } from './moment.ts'
import { isRefusal } from './questions.ts'
import type { OracleTarget } from './target.ts'
import { abortable, within } from '../../../../wait.ts'

/** What text and numbers mean in a session, whatever the client's or the server's settings say. */
const SESSION_SETTINGS = {
  TIME_ZONE: '+00:00',
  NLS_CALENDAR: 'GREGORIAN',
  NLS_NUMERIC_CHARACTERS: '.,',
  NLS_DATE_LANGUAGE: 'AMERICAN',
  NLS_DATE_FORMAT: 'SYYYY-MM-DD HH24:MI:SS',
  NLS_TIMESTAMP_FORMAT: 'SYYYY-MM-DD HH24:MI:SS.FF9',
  NLS_TIMESTAMP_TZ_FORMAT: 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM',
  NLS_COMP: 'BINARY',
  NLS_SORT: 'BINARY'
} as const

const ASSIGNMENTS = Object.entries(SESSION_SETTINGS).map(([name, value]) => `${name} = '${value}'`)

/** All of them in one statement, and one by one for a server that refuses some. */
const SESSION_STATEMENT = `ALTER SESSION SET ${ASSIGNMENTS.join(' ')}`
const SESSION_STATEMENTS: readonly string[] = ASSIGNMENTS.map(
  (assignment) => `ALTER SESSION SET ${assignment}`
)

/** What the driver has to make of these literals, digit by digit; in thick mode only a database can tell. */
const PROBE = {
  sql: `SELECT TIMESTAMP '2001-02-03 04:05:06.123456789', TIMESTAMP '2001-02-03 04:05:06.987654321 +05:30', DATE '1582-10-04', 1234567890123456789012345678.0123456789 FROM DUAL`,
  expected: [
    '2001-02-03 04:05:06.123456789',
    '2001-02-02 22:35:06.987654321',
    '1582-10-04 00:00:00.000000000',
    '1234567890123456789012345678.0123456789'
  ]
} as const

/** Logs in and fixes the session's settings. */
export async function connectOracle<C extends OracleConnection>(
  target: OracleTarget,
  options: OpenOptions,
  make: MakeConnection<C>
): Promise<C> {
  const driver = loadDriver(target, options.log)
  let ended: SettingsEndedSession | null = null
  // Once may be bad luck: what a session goes without it goes without for good.
  for (let tries = 0; tries < 2; tries++) {
    try {
      return await openSession(driver, target, options, make, false)
    } catch (error) {
      if (!(error instanceof SettingsEndedSession)) throw error
      ended = error
    }
  }
  options.log.warn(
    `Oracle ended sessions that gave their module and action and settings of their own; without them: ${messageOf(ended?.cause)}`
  )
  return await openSession(driver, target, options, make, true)
}

type MakeConnection<C> = (
  driver: OracleDriver,
  session: OracleSession,
  settings: OracleSettings
) => C

/** Lost with the first statement, along with which the driver sends module and action. */
class SettingsEndedSession extends Error {}

async function openSession<C extends OracleConnection>(
  driver: OracleDriver,
  target: OracleTarget,
  options: OpenOptions,
  make: MakeConnection<C>,
  bare: boolean
): Promise<C> {
  let session: OracleSession
  try {
    session = await logIn(driver, target, options)
  } catch (error) {
    throw oracleError(error, 'Could not connect to Oracle')
  }
  if (!bare) {
    session.module = target.module
    session.action = 'source'
  }
  session.callTimeout = target.answerLimitMs ?? 0
  const connection = make(driver, session, {
    isolation: options.isolation,
    readOnly: options.readOnly === true,
    clock: options.clock,
    log: options.log,
    isBare: bare
  })
  const cut = (): void => connection.abort()
  options.signal.addEventListener('abort', cut, { once: true })
  try {
    if (!bare) await configure(connection, options)
    if (!driver.thin) await prove(connection)
    return connection
  } catch (error) {
    connection.abort()
    throw error
  } finally {
    options.signal.removeEventListener('abort', cut)
  }
}

/**
 * All settings at once; one by one when the server refuses that. Values carry their format in any case: thin
 * mode can do without.
 */
async function configure(connection: OracleConnection, options: OpenOptions): Promise<void> {
  try {
    if (await accepts(connection, SESSION_STATEMENT)) return
    for (const sql of SESSION_STATEMENTS) {
      if (!(await accepts(connection, sql))) {
        options.log.warn(`Oracle refused a setting of the session, going on without: ${sql}`)
      }
    }
  } catch (error) {
    if (options.signal.aborted || !isRetriable(error)) throw error
    throw new SettingsEndedSession(messageOf(error), { cause: error })
  }
}

async function accepts(connection: OracleConnection, sql: string): Promise<boolean> {
  try {
    await connection.rowsOf(sql)
    return true
  } catch (error) {
    if (isRefusal(error)) return false
    throw error
  }
}

async function logIn(
  driver: OracleDriver,
  target: OracleTarget,
  options: OpenOptions
): Promise<OracleSession> {
  const seconds = Math.max(1, Math.floor(target.addressLimitMs / 1000))
  const { location, content, password: walletPassword } = target.wallet
  const opening = driver.getConnection({
    user: target.user,
    ...(target.password === null ? {} : { password: target.password }),
    connectString: target.connectString,
    ...(target.configDir === null ? {} : { configDir: target.configDir }),
    ...(location === null ? {} : { walletLocation: location }),
    ...(content === null ? {} : { walletContent: content }),
    ...(walletPassword === null ? {} : { walletPassword }),
    ...target.more,
    ...(target.httpsProxy === null
      ? {}
      : { httpsProxy: target.httpsProxy.host, httpsProxyPort: target.httpsProxy.port }),
    ...(target.privilege === null ? {} : { privilege: driver[target.privilege] as number }),
    connectTimeout: seconds,
    transportConnectTimeout: seconds,
    // A probe a minute, so that a server that is gone is noticed while a query runs.
    expireTime: 1
  })
  const { signal, clock } = options
  try {
    const opened = abortable(opening, signal, abortedError)
    return await within(clock, opened, target.connectTimeoutMs, () =>
      databaseError(`no answer in ${target.connectTimeoutMs} ms`, { retriable: true })
    )
  } catch (error) {
    // The driver cannot be stopped in the middle of a log-in: what it still opens is closed again.
    opening
      .then(
        (late) => late.close(),
        () => undefined
      )
      .catch(() => undefined)
    throw error
  }
}

/** I5: a client that loses digits is not worked with. */
async function prove(connection: OracleConnection): Promise<void> {
  const [row = []] = await connection.rowsOf(PROBE.sql)
  const given = row.map((value, index) => String(index < 3 ? momentOf(value) : value))
  if (PROBE.expected.every((text, index) => given[index] === text)) return
  throw databaseError(
    `The Oracle driver does not hand out exact values: expected ${PROBE.expected.join(', ')}, got ${given.join(', ')}`,
    { retriable: false }
  )
}
