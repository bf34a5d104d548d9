import { createRequire } from 'node:module'
import { withTimeout } from '../../../clock.ts'
import {
  abortedError,
  type Connection,
  databaseError,
  type Dialect,
  type OpenOptions
} from '../database.ts'
import { OracleConnection } from './oracle-connection.ts'
import type { OracleDriver, OracleSession } from './oracle-driver.ts'
import { oracleError } from './oracle-errors.ts'
import { keepMomentsExact } from './oracle-moment.ts'
import { PROBE, SESSION_STATEMENT } from './oracle-sql.ts'
import type { OracleTarget } from './oracle-url.ts'

/** Logs in, fixes the session's settings and proves that values come through exactly. */
export async function connectOracle(
  dialect: Dialect,
  target: OracleTarget,
  options: OpenOptions
): Promise<Connection> {
  const driver = loadDriver()
  const what = 'Could not connect to Oracle'
  let session: OracleSession
  try {
    session = await logIn(driver, target, options)
  } catch (error) {
    throw oracleError(error, what)
  }
  session.module = target.module
  session.action = 'source'
  session.callTimeout = target.answerLimitMs ?? 0
  const connection = new OracleConnection(dialect, driver, session, {
    isolation: options.isolation,
    log: options.log
  })
  const cut = (): void => connection.abort()
  options.signal.addEventListener('abort', cut, { once: true })
  try {
    await connection.ask(SESSION_STATEMENT)
    await prove(connection)
    return connection
  } catch (error) {
    connection.abort()
    throw error
  } finally {
    options.signal.removeEventListener('abort', cut)
  }
}

/** Loads the driver when the first connection is opened; it is CommonJS and ships no types. */
export function loadDriver(): OracleDriver {
  const load = createRequire(import.meta.url)
  const { BaseBuffer } = load('oracledb/lib/impl/datahandlers/buffer.js') as {
    BaseBuffer: Parameters<typeof keepMomentsExact>[0]
  }
  keepMomentsExact(BaseBuffer)
  return load('oracledb') as OracleDriver
}

async function logIn(
  driver: OracleDriver,
  target: OracleTarget,
  options: OpenOptions
): Promise<OracleSession> {
  const seconds = Math.max(1, Math.ceil(target.connectTimeoutMs / 1000))
  const opening = driver.getConnection({
    user: target.user,
    ...(target.password === null ? {} : { password: target.password }),
    connectString: target.connectString,
    ...(target.configDir === null ? {} : { configDir: target.configDir }),
    ...(target.walletLocation === null ? {} : { walletLocation: target.walletLocation }),
    ...(target.walletPassword === null ? {} : { walletPassword: target.walletPassword }),
    ...(target.sslServerDNMatch === null ? {} : { sslServerDNMatch: target.sslServerDNMatch }),
    ...(target.sslServerCertDN === null ? {} : { sslServerCertDN: target.sslServerCertDN }),
    ...(target.httpsProxy === null
      ? {}
      : { httpsProxy: target.httpsProxy.host, httpsProxyPort: target.httpsProxy.port }),
    ...(target.privilege === null ? {} : { privilege: driver[target.privilege] as number }),
    connectTimeout: seconds,
    transportConnectTimeout: seconds,
    // A probe a minute, so that a server that is gone is noticed while a query runs.
    expireTime: 1
  })
  let stop: () => void = () => undefined
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(abortedError())
  })
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    if (options.signal.aborted) stop()
    return await withTimeout(Promise.race([opening, stopped]), target.connectTimeoutMs, () =>
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
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
}

/** I5: a version of the driver that loses digits is not worked with. */
async function prove(connection: OracleConnection): Promise<void> {
  const [row = []] = await connection.ask(PROBE.sql)
  const given = row.map(String)
  if (PROBE.expected.every((text, index) => given[index] === text)) return
  throw databaseError(
    `The Oracle driver does not hand out exact values: expected ${PROBE.expected.join(', ')}, got ${given.join(', ')}`,
    { retriable: false }
  )
}
