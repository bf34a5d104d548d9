import { abortedError, type Connection, type Dialect, type OpenOptions } from '../database.ts'
import { timestampText } from '../values/timestamp.ts'
import { MysqlConnection } from './mysql-connection.ts'
import { translateMysqlError } from './mysql-errors.ts'
import { connectSession, cutSession, killOnServer } from './mysql-session.ts'
import { mysqlSettings } from './mysql-settings.ts'

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
      const driver = await connectSession(settings, address, options.signal)
      const connection = new MysqlConnection({
        dialect: mysqlDialect,
        driver,
        database: settings.database === '' ? null : settings.database,
        zeroDatesAreNull: settings.zeroDatesAreNull,
        types: settings.types,
        answerLimitMs: settings.answerLimitMs,
        kill: (what) => killOnServer(settings, address, `${what} ${driver.threadId}`)
      })
      const cut = (): void => connection.abort()
      options.signal.addEventListener('abort', cut, { once: true })
      try {
        for (const statement of settings.session) await connection.run(statement)
      } catch (error) {
        cutSession(driver)
        throw error
      } finally {
        options.signal.removeEventListener('abort', cut)
      }
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
