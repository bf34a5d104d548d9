import type { Dialect } from '../database/database.ts'
import { mysqlDialect } from './mysql/dialect.ts'
import { oracleDialect } from './oracle/dialect.ts'
import { postgresDialect } from './postgres/dialect.ts'
import { sqlServerDialect } from './sqlserver/dialect.ts'
import { sqliteDialect } from './sqlite/dialect.ts'

/** Every database the source can read. The first whose sub-protocol fits a URL serves it. */
export const dialects: readonly Dialect[] = [
  postgresDialect,
  mysqlDialect,
  oracleDialect,
  sqlServerDialect,
  sqliteDialect
]

/** Dialects of the JVM connector that we lack: known by name, so that an answer can say so. */
export const unsupportedDialects: readonly string[] = [
  'Db2DatabaseDialect',
  'DerbyDatabaseDialect',
  'SapHanaDatabaseDialect',
  'SybaseDatabaseDialect',
  'VerticaDatabaseDialect',
  'GenericDatabaseDialect'
]

/** What is wrong with an isolation mode for the database of a URL; null when nothing is. */
export function isolationProblem(mode: string, url: string): string | null {
  return mode === 'SQL_SERVER_SNAPSHOT' && !/^jdbc:(microsoft:|jtds:)?sqlserver:/i.test(url)
    ? 'Isolation mode of `SQL_SERVER_SNAPSHOT` can only be configured with a Sql Server Dialect'
    : null
}
