import type { Connection as DriverConnection } from 'mysql2'
import { withTimeout } from '../../../clock.ts'
import { abortedError, databaseError } from '../database.ts'
import { driverOptions, type MysqlSettings } from './mysql-settings.ts'

/** How long a second session may take to end the query of the first one on the server. */
const KILL_LIMIT_MS = 5000

export interface MysqlAddress {
  readonly host: string
  readonly port: number
}

/** The driver's connection, logged in; aborting the signal ends the attempt. Rejects with the driver's error. */
export async function connectSession(
  settings: MysqlSettings,
  address: MysqlAddress,
  signal: AbortSignal
): Promise<DriverConnection> {
  try {
    return await connectOnce(settings, address, signal, true)
  } catch (error) {
    const noSsl = (error as { code?: string }).code === 'HANDSHAKE_NO_SSL_SUPPORT'
    if (!settings.sslOptional || !noSsl) throw error
    return await connectOnce(settings, address, signal, false)
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
  settings: MysqlSettings,
  address: MysqlAddress,
  statement: string
): Promise<void> {
  const tooLate = AbortSignal.timeout(KILL_LIMIT_MS)
  const session = await connectSession(settings, address, tooLate)
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
  settings: MysqlSettings,
  address: MysqlAddress,
  signal: AbortSignal,
  withSsl: boolean
): Promise<DriverConnection> {
  const { createConnection } = await import('mysql2')
  if (signal.aborted) throw abortedError()
  const driver = createConnection(driverOptions(settings, address, withSsl))
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
      if (error === null) return resolve(driver)
      cutSession(driver)
      reject(error)
    })
  })
}
