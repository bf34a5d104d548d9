import type { Dialect } from '../../database/database.ts'
import { asciiLower } from '../shared/letter-case.ts'
import { postgresEscapes } from './escapes.ts'
import { openPostgres, openPostgresWriter } from './opening.ts'
import { postgresWriting } from './writing.ts'
import { timestampLiteral } from './written-text.ts'

export const postgresDialect: Dialect = {
  name: 'PostgreSqlDatabaseDialect',
  displayName: 'PostgreSQL',
  subProtocols: ['postgresql', 'postgres'],
  urlExample: 'jdbc:postgresql://host:5432/database',
  quotes: ['"', '"'],
  jdbcEscapes: postgresEscapes,
  open: (options) => openPostgres(postgresDialect, options),
  nameParts: (table) => [table.schema, table.table],
  foldCase: asciiLower,
  timestampExpression: (names) =>
    names.length === 1 ? (names[0] ?? '') : `COALESCE(${names.join(',')})`,
  // Microseconds are all a column can hold. The cast is on the value: an index on the column stays of use.
  bindTimestamp: (time, column, index) =>
    column.hasZone
      ? { sql: `$${index}::timestamptz`, value: timestampLiteral(time, '+00') }
      : { sql: `$${index}::timestamp`, value: timestampLiteral(time) },
  firstRow: (sql) => `${sql} LIMIT 1`,
  bindId: (id, column, index) => ({
    sql: `$${index}::${column.type === 'decimal' ? 'numeric' : 'bigint'}`,
    value: id.toString()
  }),
  writing: {
    ...postgresWriting,
    open: (options) => openPostgresWriter(postgresDialect, options)
  }
}
