import type { Connection as DriverConnection } from 'mysql2'
import type { Clock } from '../../../../clock.ts'
import { messageOf } from '../../../../errors.ts'
import { abortedError, databaseError } from '../../database/database.ts'
import type { DriverPlugins } from './authentication.ts'
import { driverOptions, type MysqlTarget } from './target.ts'
import { checkServerOf } from './tls.ts'
import type { MysqlAddress } from './url.ts'
import { abortingAfter, within } from '../../../../wait.ts'

/** How long a second session may take to end the query of the first one on the server. */
const KILL_LIMIT_MS = 5000

export interface LogIn {
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly limitMs: number
}

/**
 * The driver's connection, logged in; aborting the signal ends the attempt. Rejects with the driver's error.
 */
export async function connectMysql(
  settings: MysqlTarget,
  address: MysqlAddress,
  { signal, clock, limitMs }: LogIn
): Promise<DriverConnection> {
  const deadline = clock.monotonicMs() + limitMs
  try {
    return await connectOnce(settings, address, signal, { withSsl: true, limitMs })
  } catch (error) {
    // Only a server that says it has no TLS is spoken to without it, not one whose TLS went wrong.
    const noSsl = (error as { code?: string }).code === 'HANDSHAKE_NO_SSL_SUPPORT'
    if (!settings.sslOptional || !noSsl) throw error
    const left = Math.max(1, deadline - clock.monotonicMs())
    return await connectOnce(settings, address, signal, { withSsl: false, limitMs: left })
  }
}

/** Cuts the session off. The driver by itself would wait for the server to hang up as well. */
export function cutSession(driver: DriverConnection): void {
  driver.destroy()
  const { stream } = driver as unknown as { stream: { destroy(): void } }
  stream.destroy()
}

/**
 * Ends the query of a session, or all of it, over another session; the server learns of a client that is gone
 * only when it next writes. Whatever keeps it from that may pass: whether the account may log on is found out
 * where a session takes the place of this one.
 */
export async function killOnServer(
  settings: MysqlTarget,
  address: MysqlAddress,
  clock: Clock,
  statement: string
): Promise<void> {
  try {
    const session = await abortingAfter(clock, KILL_LIMIT_MS, (signal) =>
      connectMysql(settings, address, { signal, clock, limitMs: KILL_LIMIT_MS })
    )
    const answer = new Promise<void>((resolve) => {
      // «No such thread»: it has ended by itself.
      session.query(statement, () => resolve())
    })
    try {
      await within(
        clock,
        answer,
        KILL_LIMIT_MS,
        () => new Error(`no answer in ${KILL_LIMIT_MS} ms`)
      )
    } finally {
      cutSession(session)
    }
  } catch (error) {
    const text = `MySQL could not be told to end what runs (${statement}): ${messageOf(error)}`
    throw databaseError(text, { retriable: true, cause: error })
  }
}

async function connectOnce(
  settings: MysqlTarget,
  address: MysqlAddress,
  signal: AbortSignal,
  way: { readonly withSsl: boolean; readonly limitMs: number }
): Promise<DriverConnection> {
  const mysql2 = await import('mysql2')
  if (signal.aborted) throw abortedError()
  const checkServer = way.withSsl ? checkServerOf(settings.ssl, address.host) : null
  const plugins = mysql2.authPlugins as unknown as DriverPlugins
  const driver = mysql2.createConnection(
    driverOptions(settings, address, { ...way, plugins, checkServer })
  )
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cutSession(driver)
      reject(abortedError())
    }
    signal.addEventListener('abort', onAbort, { once: true })
    // The driver reports a session that dies later here; whoever uses the session then gets its own error.
    driver.on('error', () => undefined)
    driver.connect((error) => {
      signal.removeEventListener('abort', onAbort)
      try {
        if (error !== null) throw error
        // A way of proving oneself that gives nothing away has not asked who the server is.
        checkServer?.((driver as unknown as { stream: unknown }).stream)
        resolve(driver)
      } catch (problem) {
        cutSession(driver)
        reject(problem as Error)
      }
    })
  })
}
