import type { Connection as DriverConnection } from 'mysql2'
import { withTimeout } from '../../../../clock.ts'
import { abortedError, databaseError } from '../../database/database.ts'
import type { DriverPlugins } from './authentication.ts'
import { driverOptions, type MysqlTarget } from './target.ts'
import { checkServerOf } from './tls.ts'
import type { MysqlAddress } from './url.ts'

/** How long a second session may take to end the query of the first one on the server. */
const KILL_LIMIT_MS = 5000

/** The driver's connection, logged in; aborting the signal ends the attempt. Rejects with the driver's error. */
export async function connectMysql(
  settings: MysqlTarget,
  address: MysqlAddress,
  signal: AbortSignal,
  limitMs: number
): Promise<DriverConnection> {
  const deadline = performance.now() + limitMs
  try {
    return await connectOnce(settings, address, signal, { withSsl: true, limitMs })
  } catch (error) {
    // Only a server that says it has no TLS is spoken to without it, not one whose TLS went wrong.
    const noSsl = (error as { code?: string }).code === 'HANDSHAKE_NO_SSL_SUPPORT'
    if (!settings.sslOptional || !noSsl) throw error
    const left = Math.max(1, deadline - performance.now())
    return await connectOnce(settings, address, signal, { withSsl: false, limitMs: left })
  }
}

/** Cuts the session off. The driver by itself would wait for the server to hang up as well. */
export function cutSession(driver: DriverConnection): void {
  driver.destroy()
  const { stream } = driver as unknown as { stream: { destroy(): void } }
  stream.destroy()
}

/** Ends the query of a session, or all of it, over another session; the server learns of a client that is gone only when it next writes. */
export async function killOnServer(
  settings: MysqlTarget,
  address: MysqlAddress,
  statement: string
): Promise<void> {
  const tooLate = AbortSignal.timeout(KILL_LIMIT_MS)
  const session = await connectMysql(settings, address, tooLate, KILL_LIMIT_MS)
  const answer = new Promise<void>((resolve) => {
    // «No such thread»: it has ended by itself.
    session.query(statement, () => resolve())
  })
  try {
    await withTimeout(answer, KILL_LIMIT_MS, () =>
      databaseError(`MySQL did not answer ${statement} in ${KILL_LIMIT_MS} ms`, { retriable: true })
    )
  } finally {
    cutSession(session)
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
