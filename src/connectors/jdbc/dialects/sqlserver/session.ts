import { isRetriable } from '../../../../errors.ts'
import { abortedError, databaseError, type OpenOptions } from '../../database/database.ts'
import { firstAnswer } from '../shared/first-answer.ts'
import type { SqlServerConnection, SqlServerParts } from './connection.ts'
import { sqlServerError } from './errors.ts'
import type { SqlServerAddress, SqlServerSessionSettings, SqlServerTarget } from './target.ts'
import { abortable, within } from '../../../../wait.ts'

/** Logs in and fixes the session's settings. */
export async function connectSqlServer<C extends SqlServerConnection>(
  target: SqlServerTarget,
  options: OpenOptions,
  make: MakeConnection<C>
): Promise<C> {
  return await firstAnswer({
    addresses: target.addresses,
    timeoutMs: Math.min(options.timeoutMs, target.loginLimitMs ?? options.timeoutMs),
    eachMs: null,
    signal: options.signal,
    clock: options.clock,
    // Before the partner has taken over it refuses the database as well, which passes.
    goesOn: (error) => target.addresses.length > 1 || isRetriable(error),
    what: 'Could not connect to SQL Server',
    tryOne: (address, limitMs) => openSession(target, address, { options, limitMs, make })
  })
}

type MakeConnection<C> = (parts: Omit<SqlServerParts, 'dialect'>) => C

async function openSession<C extends SqlServerConnection>(
  target: SqlServerTarget,
  address: SqlServerAddress,
  { options, limitMs, make }: { options: OpenOptions; limitMs: number; make: MakeConnection<C> }
): Promise<C> {
  const driver = await import('tedious')
  if (options.signal.aborted) throw abortedError()
  const session = new driver.Connection(target.configuration(address, limitMs))
  const what = `Could not connect to SQL Server at ${address.name}`
  // A session that dies later is reported here and to whoever uses it; without a listener it would end the
  // process.
  session.on('error', () => undefined)
  const { signal, clock } = options
  const opened = new Promise<void>((resolve, reject) => {
    session.connect((error) => {
      if (error === undefined || error === null) resolve()
      else reject(error)
    })
  })
  try {
    await within(clock, abortable(opened, signal, abortedError), limitMs, () =>
      databaseError(`${what}: no answer in ${Math.round(limitMs)} ms`, { retriable: true })
    )
    const connection = make({
      driver,
      session,
      clock,
      isolation: options.isolation,
      answerLimitMs: target.answerLimitMs
    })
    const cut = (): void => connection.abort()
    signal.addEventListener('abort', cut, { once: true })
    try {
      await connection.rowsOf(sessionStatement(target.session, options.readOnly === true))
    } finally {
      signal.removeEventListener('abort', cut)
    }
    return connection
  } catch (error) {
    session.close()
    throw sqlServerError(error, what)
  }
}

/**
 * Every statement is a transaction of its own: locks of a query end with it. There are no transactions that
 * only read; where nothing may be changed, all statements are one that is never committed, and is undone with
 * the end of the session.
 */
export function sessionStatement(settings: SqlServerSessionSettings, readOnly = false): string {
  const { isolation, lockTimeoutMs, quotedIdentifier, concatNullYieldsNull } = settings
  const level =
    isolation === 'SQL_SERVER_SNAPSHOT'
      ? 'SNAPSHOT'
      : isolation === 'DEFAULT'
        ? 'READ COMMITTED'
        : isolation.replace('_', ' ')
  return [
    `SET TRANSACTION ISOLATION LEVEL ${level}`,
    `SET LOCK_TIMEOUT ${lockTimeoutMs}`,
    'SET TEXTSIZE 2147483647',
    ...(quotedIdentifier ? [] : ['SET QUOTED_IDENTIFIER OFF']),
    ...(concatNullYieldsNull ? [] : ['SET CONCAT_NULL_YIELDS_NULL OFF']),
    ...(readOnly ? ['SET IMPLICIT_TRANSACTIONS ON'] : [])
  ].join('; ')
}
