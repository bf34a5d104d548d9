import { isRetriable } from '../../../../errors.ts'
import { abortedError, type Dialect, type OpenOptions } from '../../database/database.ts'
import { firstAnswer } from '../shared/first-answer.ts'
import type { MysqlConnection, MysqlParts } from './connection.ts'
import { mysqlError } from './errors.ts'
import { connectMysql, cutSession, killOnServer, type LogIn } from './session.ts'
import type { MysqlTarget } from './target.ts'
import type { MysqlAddress } from './url.ts'

/** A session with the first address that serves, its statements of the start run; `make` wraps the driver. */
export async function openMysql<C extends MysqlConnection>(
  options: OpenOptions,
  settings: MysqlTarget,
  dialect: Dialect,
  make: (parts: MysqlParts) => C
): Promise<C> {
  if (options.signal.aborted) throw abortedError()
  return await firstAnswer({
    addresses: settings.hosts,
    timeoutMs: options.timeoutMs,
    eachMs: settings.connectLimitMs,
    signal: options.signal,
    clock: options.clock,
    // A wrong password is wrong everywhere, and every try counts against the account.
    goesOn: isRetriable,
    what: 'Could not connect to MySQL',
    tryOne: (address, limitMs) =>
      openSession(settings, address, { ...options, limitMs }, dialect, make)
  })
}

async function openSession<C extends MysqlConnection>(
  settings: MysqlTarget,
  address: MysqlAddress,
  logIn: LogIn,
  dialect: Dialect,
  make: (parts: MysqlParts) => C
): Promise<C> {
  const { signal, clock } = logIn
  const place = address.socketPath ?? `${address.host}:${address.port}`
  try {
    const driver = await connectMysql(settings, address, logIn)
    const connection = make({
      dialect,
      driver,
      clock,
      database: settings.database === '' ? null : settings.database,
      zeroDatesAreNull: settings.zeroDatesAreNull,
      types: settings.types,
      answerLimitMs: settings.answerLimitMs,
      kill: (what) => killOnServer(settings, address, clock, `${what} ${driver.threadId}`)
    })
    const cut = (): void => connection.abort()
    signal.addEventListener('abort', cut, { once: true })
    try {
      for (const statement of settings.session) await connection.run(statement)
    } catch (error) {
      cutSession(driver)
      throw error
    } finally {
      signal.removeEventListener('abort', cut)
    }
    return connection
  } catch (error) {
    throw mysqlError(error, `Could not connect to MySQL at ${place}`)
  }
}
