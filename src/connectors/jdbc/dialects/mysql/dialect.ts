import { isRetriable } from '../../../../errors.ts'
import {
  abortedError,
  type Connection,
  type Dialect,
  type OpenOptions
} from '../../database/database.ts'
import { timestampText } from '../../values/timestamp.ts'
import { MysqlConnection } from './connection.ts'
import { mysqlError } from './errors.ts'
import { connectMysql, cutSession, killOnServer, type LogIn } from './session.ts'
import { type MysqlTarget, mysqlTarget } from './target.ts'
import type { MysqlAddress } from './url.ts'
import { firstAnswer } from '../shared/first-answer.ts'

/**
 * MySQL and MariaDB. DATETIME and TIMESTAMP alike are readings of the session's wall clock, as they are for
 * the JVM's drivers.
 */
export const mysqlDialect: Dialect = {
  name: 'MySqlDatabaseDialect',
  displayName: 'MySQL/MariaDB',
  subProtocols: ['mysql', 'mariadb', 'mysql+srv'],
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
  firstRow: (sql) => `${sql} LIMIT 1`,
  bindId(id) {
    // A text or a double would make the server compare as doubles, which are equal beyond 2^53.
    const text = String(id)
    const signed = BigInt(id) < 2n ** 63n
    return { sql: signed ? 'CAST(? AS SIGNED)' : 'CAST(? AS DECIMAL(65,0))', value: text }
  }
}

async function openMysql(options: OpenOptions): Promise<Connection> {
  if (options.signal.aborted) throw abortedError()
  const settings = mysqlTarget(options)
  return await firstAnswer({
    addresses: settings.hosts,
    timeoutMs: options.timeoutMs,
    eachMs: settings.connectLimitMs,
    signal: options.signal,
    clock: options.clock,
    // A wrong password is wrong everywhere, and every try counts against the account.
    goesOn: isRetriable,
    what: 'Could not connect to MySQL',
    tryOne: (address, limitMs) => openSession(settings, address, { ...options, limitMs })
  })
}

async function openSession(
  settings: MysqlTarget,
  address: MysqlAddress,
  logIn: LogIn
): Promise<Connection> {
  const { signal, clock } = logIn
  const place = address.socketPath ?? `${address.host}:${address.port}`
  try {
    const driver = await connectMysql(settings, address, logIn)
    const connection = new MysqlConnection({
      dialect: mysqlDialect,
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
