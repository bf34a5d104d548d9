import { withTimeout } from '../../../clock.ts'
import {
  abortedError,
  type Connection,
  databaseError,
  type Dialect,
  type IsolationMode,
  type OpenOptions
} from '../database.ts'
import { SqlServerConnection } from './sqlserver-connection.ts'
import { sqlServerError } from './sqlserver-errors.ts'
import type { SqlServerTarget } from './sqlserver-url.ts'

/** Logs in and fixes the session's settings. */
export async function connectSqlServer(
  dialect: Dialect,
  target: SqlServerTarget,
  options: OpenOptions
): Promise<Connection> {
  const driver = await import('tedious')
  if (options.signal.aborted) throw abortedError()
  const session = new driver.Connection(target.configuration)
  const what = `Could not connect to SQL Server at ${target.name}`
  // A session that dies later is reported here and to whoever uses it; without a listener it would end the process.
  session.on('error', () => undefined)
  let stop: () => void = () => undefined
  const opened = new Promise<void>((resolve, reject) => {
    stop = () => reject(abortedError())
    options.signal.addEventListener('abort', stop, { once: true })
    session.connect((error) => {
      if (error === undefined || error === null) resolve()
      else reject(error)
    })
  })
  try {
    await withTimeout(opened, options.timeoutMs, () =>
      databaseError(`${what}: no answer in ${options.timeoutMs} ms`, { retriable: true })
    )
    const connection = new SqlServerConnection({
      dialect,
      driver,
      session,
      answerLimitMs: target.answerLimitMs
    })
    const cut = (): void => connection.abort()
    options.signal.addEventListener('abort', cut, { once: true })
    try {
      await connection.ask(sessionStatement(options.isolation, target.lockTimeoutMs))
    } finally {
      options.signal.removeEventListener('abort', cut)
    }
    return connection
  } catch (error) {
    session.close()
    throw sqlServerError(error, what)
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
}

/** Every statement is a transaction of its own: locks of a query end with it. */
export function sessionStatement(isolation: IsolationMode, lockTimeoutMs: number): string {
  const level =
    isolation === 'SQL_SERVER_SNAPSHOT'
      ? 'SNAPSHOT'
      : isolation === 'DEFAULT'
        ? 'READ COMMITTED'
        : isolation.replace('_', ' ')
  return `SET TRANSACTION ISOLATION LEVEL ${level}; SET LOCK_TIMEOUT ${lockTimeoutMs}; SET TEXTSIZE 2147483647`
}
