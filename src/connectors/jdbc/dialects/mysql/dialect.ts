import type { Dialect } from '../../database/database.ts'
import { timestampText } from '../../values/timestamp.ts'
import { MysqlConnection } from './connection.ts'
import { openMysql } from './opening.ts'
import { mysqlTarget } from './target.ts'
import { mysqlWriting } from './writing.ts'

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
  open: async (options) =>
    await openMysql(
      options,
      mysqlTarget(options),
      mysqlDialect,
      (parts) => new MysqlConnection(parts)
    ),
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
  },
  writing: mysqlWriting(() => mysqlDialect)
}
