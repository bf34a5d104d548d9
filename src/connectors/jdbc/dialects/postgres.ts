import { connect as connectSocket } from 'node:net'
import type { Client, ClientConfig } from 'pg'
import { withTimeout } from '../../../clock.ts'
import {
  abortedError,
  type Connection,
  databaseError,
  type Dialect,
  type OpenOptions
} from '../database.ts'
import { type Timestamp, timestampText } from '../values/timestamp.ts'
import { postgresEscapes } from './postgres-escapes.ts'
import { postgresError } from './postgres-errors.ts'
import { postgresTarget } from './postgres-url.ts'

export const postgresDialect: Dialect = {
  name: 'PostgreSqlDatabaseDialect',
  displayName: 'PostgreSQL',
  subProtocols: ['postgresql', 'postgres'],
  urlExample: 'jdbc:postgresql://host:5432/database',
  quotes: ['"', '"'],
  jdbcEscapes: postgresEscapes,
  open: openPostgres,
  nameParts: (table) => [table.schema, table.table],
  foldCase: (name) => name.toLowerCase(),
  timestampExpression: (names) =>
    names.length === 1 ? (names[0] ?? '') : `COALESCE(${names.join(',')})`,
  // Microseconds are all a column can hold. The cast is on the value: an index on the column stays of use.
  bindTimestamp: (time, column, index) =>
    column.hasZone
      ? { sql: `$${index}::timestamptz`, value: writtenTime(time, '+00') }
      : { sql: `$${index}::timestamp`, value: writtenTime(time, '') },
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
  const { Client: PgClient } = (await import('pg')).default
  const { PostgresConnection } = await import('./postgres-connection.ts')
  const deadline = performance.now() + options.timeoutMs
  let first: unknown
  for (const settings of target.attempts) {
    const left = deadline - performance.now()
    if (options.signal.aborted) throw abortedError()
    if (left <= 0) break
    const client = new PgClient(settings)
    try {
      await connect(client, options.signal, left)
      const connection = new PostgresConnection(postgresDialect, client, {
        database: settings.database ?? '',
        isolation: options.isolation,
        answerLimitMs: target.answerLimitMs,
        cancel: () => cancelOnServer(client, settings)
      })
      await connection.prepare(target.searchPath)
      return connection
    } catch (error) {
      destroy(client)
      if (options.signal.aborted) throw abortedError()
      // A wrong password stays wrong, whatever the encryption; only «no entry without encryption» asks for another try.
      first ??= error
      const state = (error as { code?: unknown }).code
      if (typeof state === 'string' && /^(28P01|3D000)$/.test(state)) break
    }
  }
  throw postgresError(
    first ?? databaseError('no answer in time', { retriable: true }),
    `Could not connect to PostgreSQL at ${target.name}`
  )
}

async function connect(client: Client, signal: AbortSignal, limitMs: number): Promise<void> {
  // An error on an idle connection is noticed by the next call; without a listener it would end the process.
  client.on('error', () => undefined)
  const stop = (): void => destroy(client)
  signal.addEventListener('abort', stop, { once: true })
  try {
    await withTimeout(client.connect(), limitMs, () =>
      databaseError(`no answer in ${Math.round(limitMs)} ms`, { retriable: true })
    )
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The parts of the driver's client that its types leave out. */
interface ClientInside {
  readonly connection: { readonly stream: { destroy(): void } }
  readonly processID: number | null
  readonly secretKey: number | null
}

function inside(client: Client): ClientInside {
  return client as unknown as ClientInside
}

function destroy(client: Client): void {
  inside(client).connection.stream.destroy()
}

/** Asks the server to end what the session does, over a connection of its own, then cuts the session. Bounded to a second. */
function cancelOnServer(client: Client, settings: ClientConfig): void {
  const { processID, secretKey } = inside(client)
  if (typeof processID === 'number' && typeof secretKey === 'number') {
    const request = Buffer.alloc(16)
    request.writeInt32BE(16, 0)
    request.writeInt32BE(80_877_102, 4)
    request.writeInt32BE(processID, 8)
    request.writeInt32BE(secretKey, 12)
    const socket = connectSocket({ host: settings.host ?? '', port: settings.port ?? 5432 })
    socket.setTimeout(1000, () => socket.destroy())
    // The session is cut in any case: a server that cannot be asked ends the query when it finds nobody there.
    socket.on('error', () => socket.destroy())
    socket.end(request)
    socket.unref()
  }
  destroy(client)
}
