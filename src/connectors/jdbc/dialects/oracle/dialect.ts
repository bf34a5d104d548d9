import { ConfigError } from '../../../../errors.ts'
import {
  abortedError,
  type Bind,
  type Connection,
  type Dialect,
  type OpenOptions,
  type TimestampColumn
} from '../../database/database.ts'
import { letterUpper } from '../shared/letter-case.ts'
import { type Timestamp, timestampText } from '../../values/timestamp.ts'
import { oracleEscapes } from './escapes.ts'
import { oracleTarget } from './target.ts'
import { oracleWriting } from './writing.ts'

export const oracleDialect: Dialect = {
  name: 'OracleDatabaseDialect',
  displayName: 'Oracle',
  subProtocols: ['oracle'],
  urlExample: 'jdbc:oracle:thin:@//host:1521/service',
  quotes: ['"', '"'],
  jdbcEscapes: oracleEscapes,
  open: openOracle,
  nameParts: (table) => [table.schema, table.table],
  foldCase: letterUpper,
  timestampExpression(names, columns) {
    if (names.length === 1) return names[0] ?? ''
    if (new Set(columns.map(isDate)).size > 1) {
      throw new ConfigError(
        `Timestamp columns of type DATE and TIMESTAMP cannot be compared with one another: ${columns.map((column) => `${column.name} ${column.databaseType}`).join(', ')}`
      )
    }
    return `COALESCE(${names.join(',')})`
  },
  bindTimestamp,
  // A bigint beyond 2^53; the driver makes a NUMBER of its digits.
  // Oracle 11 knows no FETCH FIRST.
  firstRow: (sql) => `SELECT * FROM (${sql}) WHERE ROWNUM <= 1`,
  bindId: (id, _column, index) => ({ sql: `:${index}`, value: id }),
  writing: oracleWriting(() => oracleDialect)
}

const isDate = (column: TimestampColumn): boolean => column.databaseType === 'DATE'

/**
 * The conversion is on the value and gives exactly the column's type. A TIMESTAMP compared with a DATE
 * column, or a moment with a zone compared with one in the local zone, would make the database convert the
 * column, row by row, instead of using its index.
 */
function bindTimestamp(time: Timestamp, column: TimestampColumn, index: number): Bind {
  const [year, text] = oracleText(time, isDate(column) ? 0 : 9)
  const format = `${year}-MM-DD HH24:MI:SS`
  if (isDate(column)) return { sql: `TO_DATE(:${index}, '${format}')`, value: text }
  if (!column.hasZone) return { sql: `TO_TIMESTAMP(:${index}, '${format}.FF9')`, value: text }
  const sql = `TO_TIMESTAMP_TZ(:${index}, '${format}.FF9 TZH:TZM')`
  return {
    sql: column.databaseType.endsWith('LOCAL TIME ZONE')
      ? `CAST(${sql} AS TIMESTAMP(9) WITH LOCAL TIME ZONE)`
      : sql,
    value: `${text} +00:00`
  }
}

/** The format of the year, and the text. The year before AD 1 is -1. */
function oracleText(time: Timestamp, digits: number): [string, string] {
  const text = timestampText(time, digits)
  const [, year = '', rest = ''] = /^(-?\d+)(-.*)$/.exec(text) ?? []
  if (Number(year) > 0) return ['YYYY', text]
  return ['SYYYY', `-${String(1 - Number(year)).padStart(4, '0')}${rest}`]
}

async function openOracle(options: OpenOptions): Promise<Connection> {
  const target = oracleTarget(options)
  if (options.signal.aborted) throw abortedError()
  const { connectOracle } = await import('./session.ts')
  const { OracleConnection } = await import('./connection.ts')
  return await connectOracle(
    target,
    options,
    (driver, session, settings) => new OracleConnection(oracleDialect, driver, session, settings)
  )
}
