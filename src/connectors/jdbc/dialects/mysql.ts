import type { Connection as DriverConnection } from 'mysql2'
import { abortedError, type Connection, type Dialect, type OpenOptions } from '../database.ts'
import { timestampText } from '../timestamp.ts'
import { MysqlConnection } from './mysql-connection.ts'
import { translateMysqlError } from './mysql-errors.ts'
import { driverOptions, type MysqlSettings, mysqlSettings } from './mysql-settings.ts'

/** MySQL and MariaDB. DATETIME and TIMESTAMP alike are readings of the session's wall clock, as they are for the JVM's drivers. */
export const mysqlDialect: Dialect = {
  name: 'MySqlDatabaseDialect',
  displayName: 'MySQL/MariaDB',
  subProtocols: ['mysql', 'mariadb'],
  urlExample: 'jdbc:mysql://host:3306/database',
  quotes: ['`', '`'],
  twoPartNamesHaveCatalog: true,
  open: openMysql,
  nameParts: (table) => [table.catalog, table.table],
  timestampExpression: (names) =>
    names.length === 1 ? (names[0] ?? '') : `COALESCE(${names.join(',')})`,
  bindTimestamp(time, column) {
    const digits = Math.max(0, 9 - Math.round(Math.log10(column.resolutionNanos)))
    return { sql: 'CAST(? AS DATETIME(6))', value: timestampText(time, Math.min(6, digits)) }
  },
  bindId(id) {
    // A text or a double would make the server compare as doubles, which are equal beyond 2^53.
    const text = String(id)
    const signed = BigInt(id) < 2n ** 63n
    return { sql: signed ? 'CAST(? AS SIGNED)' : 'CAST(? AS DECIMAL(65,0))', value: text }
  }
}

async function openMysql(options: OpenOptions): Promise<Connection> {
  if (options.signal.aborted) throw abortedError()
  const settings = mysqlSettings(options)
  if (settings.unused.length > 0) {
    options.log.warn(`Driver properties without effect with MySQL: ${settings.unused.join(', ')}`)
  }
  let failure: unknown
  for (const address of settings.hosts) {
    try {
      const driver = await connect(settings, address, options)
      const connection = new MysqlConnection({
        dialect: mysqlDialect,
        driver,
        database: settings.database === '' ? null : settings.database,
        zeroDatesAreNull: settings.zeroDatesAreNull,
        secondSession: () => connect(settings, address, options)
      })
      for (const statement of settings.session) await connection.run(statement)
      return connection
    } catch (error) {
      if (options.signal.aborted) throw abortedError()
      failure ??= translateMysqlError(
        error,
        `Could not connect to MySQL at ${address.host}:${address.port}`
      )
    }
  }
  throw failure
}

async function connect(
  settings: MysqlSettings,
  address: { host: string; port: number },
  options: OpenOptions
): Promise<DriverConnection> {
  try {
    return await connectOnce(settings, address, options.signal, true)
  } catch (error) {
    const noSsl = (error as { code?: string }).code === 'HANDSHAKE_NO_SSL_SUPPORT'
    if (!settings.sslOptional || !noSsl) throw error
    return await connectOnce(settings, address, options.signal, false)
  }
}

async function connectOnce(
  settings: MysqlSettings,
  address: { host: string; port: number },
  signal: AbortSignal,
  withSsl: boolean
): Promise<DriverConnection> {
  const { createConnection } = await import('mysql2')
  const driver = createConnection(driverOptions(settings, address, withSsl))
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      driver.destroy()
      reject(abortedError())
    }
    const done = (): void => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort, { once: true })
    // The driver reports a session that dies later here; whoever uses the session then gets its own error.
    driver.on('error', () => undefined)
    driver.connect((error) => {
      done()
      if (error === null) return resolve(driver)
      driver.destroy()
      reject(error)
    })
    if (signal.aborted) onAbort()
  })
}
