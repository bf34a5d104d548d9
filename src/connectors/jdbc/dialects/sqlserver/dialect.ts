import {
  type Bind,
  type Column,
  type Connection,
  type Dialect,
  type OpenOptions,
  type TimestampColumn
} from '../../database/database.ts'
import { type Timestamp, timestampText } from '../../values/timestamp.ts'
import { sqlServerTarget } from './target.ts'
import { sqlServerWriting } from './writing.ts'
import { modulo } from '../../../../data/calendar.ts'

/**
 * SQL Server and Azure SQL Database. Wall clocks are those of the server, as they are for the JVM connector.
 */
export const sqlServerDialect: Dialect = {
  name: 'SqlServerDatabaseDialect',
  displayName: 'SQL Server',
  subProtocols: ['sqlserver', 'microsoft:sqlserver', 'jtds:sqlserver'],
  urlExample: 'jdbc:sqlserver://host:1433;databaseName=database',
  quotes: ['[', ']'],
  driverQuotes: ['"', '"'],
  open: openSqlServer,
  nameParts: (table) => [
    table.catalog,
    table.schema ?? (table.catalog === null ? null : 'dbo'),
    table.table
  ],
  timestampExpression: (names) =>
    names.length === 1 ? (names[0] ?? '') : `COALESCE(${names.join(',')})`,
  bindTimestamp,
  firstRow: (sql) => `${sql} OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY`,
  bindId: (id, column, index) => ({
    sql: `CAST(@p${index} AS ${idType(id, column)})`,
    value: id.toString()
  }),
  writing: sqlServerWriting(() => sqlServerDialect)
}

/**
 * Binds travel as text; the cast gives them the column's own type, so that an index serves and nothing is
 * rounded.
 */
function bindTimestamp(time: Timestamp, column: TimestampColumn, index: number): Bind {
  const type = column.databaseType.toLowerCase()
  const bind = (as: string, value: string): Bind => ({ sql: `CAST(@p${index} AS ${as})`, value })
  if (type === 'smalldatetime') {
    return bind('smalldatetime', `${timestampText(time, 0, 'T').slice(0, -2)}00`)
  }
  if (type === 'datetime') return bind('datetime', timestampText(cutToDatetime(time), 3, 'T'))
  const digits = Math.min(7, Math.max(0, 9 - Math.round(Math.log10(column.resolutionNanos))))
  const text = timestampText(time, digits, 'T')
  return column.hasZone
    ? bind(`datetimeoffset(${digits})`, `${text}+00:00`)
    : bind(`datetime2(${digits})`, text)
}

/**
 * A `datetime` counts three-hundredths of a second and shows them as .000, .003, .007: the last of these
 * moments that is not later. The server finds the same step again in the cast, so a row's own moment compares
 * as equal and the row does not come twice.
 */
function cutToDatetime(time: Timestamp): Timestamp {
  const ofSecond = Math.floor(time.nanos / 1_000_000)
  const shown = (step: number): number => Math.round((step * 10) / 3)
  let step = Math.floor((ofSecond * 3) / 10) + 1
  while (shown(step) > ofSecond) step -= 1
  const ms = time.ms - modulo(time.ms, 1000) + shown(step)
  return { ms, nanos: shown(step) * 1_000_000 }
}

function idType(id: number | bigint, column: Column): string {
  const wide = BigInt(id) >= 2n ** 63n || BigInt(id) < -(2n ** 63n)
  return column.type === 'decimal' || wide ? 'decimal(38,0)' : 'bigint'
}

async function openSqlServer(options: OpenOptions): Promise<Connection> {
  const target = sqlServerTarget(options)
  const { connectSqlServer } = await import('./session.ts')
  const { SqlServerConnection } = await import('./connection.ts')
  return await connectSqlServer(
    target,
    options,
    (parts) => new SqlServerConnection({ ...parts, dialect: sqlServerDialect })
  )
}
