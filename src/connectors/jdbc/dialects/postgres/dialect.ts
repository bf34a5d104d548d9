import { ConfigError } from '../../../../errors.ts'
import {
  type Connection,
  databaseError,
  type Dialect,
  type OpenOptions
} from '../../database/database.ts'
import { asciiLower } from '../shared/letter-case.ts'
import { type Timestamp, timestampText } from '../../values/timestamp.ts'
import { firstAnswer } from '../shared/first-answer.ts'
import { postgresEscapes } from './escapes.ts'
import { type PostgresTarget, postgresTarget, type WantedRole } from './target.ts'
import type { PostgresAddress } from './url.ts'
import { within } from '../../../../wait.ts'

export const postgresDialect: Dialect = {
  name: 'PostgreSqlDatabaseDialect',
  displayName: 'PostgreSQL',
  subProtocols: ['postgresql', 'postgres'],
  urlExample: 'jdbc:postgresql://host:5432/database',
  quotes: ['"', '"'],
  jdbcEscapes: postgresEscapes,
  open: openPostgres,
  nameParts: (table) => [table.schema, table.table],
  foldCase: asciiLower,
  timestampExpression: (names) =>
    names.length === 1 ? (names[0] ?? '') : `COALESCE(${names.join(',')})`,
  // Microseconds are all a column can hold. The cast is on the value: an index on the column stays of use.
  bindTimestamp: (time, column, index) =>
    column.hasZone
      ? { sql: `$${index}::timestamptz`, value: writtenTime(time, '+00') }
      : { sql: `$${index}::timestamp`, value: writtenTime(time, '') },
  firstRow: (sql) => `${sql} LIMIT 1`,
  bindId: (id, column, index) => ({
    sql: `$${index}::${column.type === 'decimal' ? 'numeric' : 'bigint'}`,
    value: id.toString()
  })
}

/** The year before AD 1 is 1 BC for PostgreSQL, for `timestampText` it is 0. */
function writtenTime(time: Timestamp, offset: string): string {
  const text = `${timestampText(time, 6)}${offset}`
  const [, year, rest = ''] = /^(-?\d+)(-.*)$/.exec(text) ?? []
  return Number(year) > 0 ? text : `${String(1 - Number(year)).padStart(4, '0')}${rest} BC`
}

async function openPostgres(options: OpenOptions): Promise<Connection> {
  const target = postgresTarget(options)
  const deadline =
    options.clock.monotonicMs() +
    Math.min(options.timeoutMs, target.loginLimitMs ?? options.timeoutMs)
  const { role } = target
  const connect = (wanted: WantedRole | null, share: number): Promise<Connection> =>
    firstAnswer({
      addresses: target.hosts,
      timeoutMs: Math.max(1, (deadline - options.clock.monotonicMs()) * share),
      eachMs: target.connectLimitMs,
      signal: options.signal,
      clock: options.clock,
      // As the JDBC driver: even a password that one server does not take may be right for the next.
      goesOn: () => true,
      what: 'Could not connect to PostgreSQL',
      tryOne: (address, limitMs) => openSession(target, address, wanted, { options, limitMs })
    })
  if (role?.isOnlyPreferred !== true) return await connect(role, 1)
  try {
    return await connect(role, 1 / 2)
  } catch (error) {
    if (options.signal.aborted || error instanceof ConfigError) throw error
    return await connect(null, 1)
  }
}

async function openSession(
  target: PostgresTarget,
  address: PostgresAddress,
  wanted: WantedRole | null,
  { options, limitMs }: { options: OpenOptions; limitMs: number }
): Promise<Connection> {
  const { cancelOnServer, destroy, connectPostgres } = await import('./session.ts')
  const { PostgresConnection } = await import('./connection.ts')
  const client = await connectPostgres(target, address, options, limitMs)
  const connection = new PostgresConnection(postgresDialect, client, {
    clock: options.clock,
    database: target.database,
    isolation: options.isolation,
    readOnly: options.readOnly === true,
    lockWaitMs: options.lockWaitMs ?? 0,
    answerLimitMs: target.answerLimitMs,
    onlyAllowed: target.onlyAllowed,
    settings: target.settings,
    cancel: () => cancelOnServer(client, address)
  })
  try {
    // I8: a server that falls silent behind the log-in is one that does not answer.
    const inTime = <T>(work: Promise<T>): Promise<T> =>
      within(options.clock, work, limitMs, () =>
        databaseError(`PostgreSQL did not say its role or encoding in ${Math.round(limitMs)} ms`, {
          retriable: true
        })
      )
    const asked = wanted === null ? null : await inTime(connection.role())
    if (wanted !== null && asked !== wanted.role) {
      throw databaseError(
        `PostgreSQL at ${address.host}:${address.port} is no ${wanted.role}, which targetServerType=${wanted.word} asks for`,
        { retriable: true }
      )
    }
    await inTime(connection.prepare())
    return connection
  } catch (error) {
    destroy(client)
    throw error
  }
}
