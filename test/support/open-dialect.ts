import { systemClock } from '../../src/clock.ts'
import { Password } from '../../src/config/config-def.ts'
import type {
  Connection,
  Dialect,
  OpenOptions,
  Row
} from '../../src/connectors/jdbc/database/database.ts'
import { parseJdbcUrl } from '../../src/connectors/jdbc/database/jdbc-url.ts'
import { TimeZone } from '../../src/connectors/jdbc/values/time-zone.ts'
import { postgresDialect } from '../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { postgresUrl } from './environment.ts'
import { recordingLog } from './recording-log.ts'

export interface DialectTarget {
  readonly url: string
  readonly user?: string
  readonly password?: string
  readonly properties?: Record<string, string>
}

/** What a connector would hand to its dialect; `over` replaces parts of it. */
export function openOptions(
  dialect: Dialect,
  target: DialectTarget,
  over: Partial<OpenOptions> = {}
): OpenOptions {
  return {
    url: parseJdbcUrl(target.url, [dialect]).url,
    user: target.user ?? null,
    password: target.password === undefined ? null : new Password(target.password),
    properties: new Map(Object.entries(target.properties ?? {})),
    timeZone: new TimeZone('UTC'),
    isolation: 'DEFAULT',
    timeoutMs: 5000,
    signal: new AbortController().signal,
    clock: systemClock,
    log: recordingLog().log,
    ...over
  }
}

/** All rows of a query. */
export async function rowsOf(connection: Connection, sql: string, fetchRows = 100): Promise<Row[]> {
  const stream = await connection.query(sql, [], { fetchRows, table: null })
  const all: Row[] = []
  for (let rows = await stream.next(); rows !== null; rows = await stream.next()) all.push(...rows)
  return all
}

/** A session of the PostgreSQL dialect on the server of the tests. */
export function openPostgres(): Promise<Connection> {
  const url = new URL(postgresUrl())
  return postgresDialect.open(
    openOptions(postgresDialect, {
      url: `jdbc:postgresql://${url.host}${url.pathname}`,
      user: url.username,
      password: url.password
    })
  )
}
