import {
  abortedError,
  type Connection,
  type Dialect,
  type OpenOptions
} from '../../database/database.ts'
import { epochNanos } from '../../values/timestamp.ts'
import { SqliteConnection } from './connection.ts'
import { sqliteError } from './errors.ts'
import { sqliteTarget } from './target.ts'
import { SqliteThread } from './thread.ts'
import { NANOS_FUNCTION } from './times.ts'

export const sqliteDialect: Dialect = {
  name: 'SqliteDatabaseDialect',
  displayName: 'SQLite',
  subProtocols: ['sqlite'],
  urlExample: 'jdbc:sqlite:/path/to/file.db',
  quotes: ['`', '`'],
  driverQuotes: ['"', '"'],
  open: openSqlite,
  nameParts: (table) => [table.table],
  timestampExpression(names) {
    const wrapped = names.map((name) => `${NANOS_FUNCTION}(${name})`)
    return wrapped.length === 1 ? (wrapped[0] ?? '') : `COALESCE(${wrapped.join(',')})`
  },
  bindTimestamp: (time) => ({ sql: '?', value: epochNanos(time) }),
  firstRow: (sql) => `${sql} LIMIT 1`,
  bindId: (id) => ({ sql: '?', value: BigInt(id) }),
  commitsInOrder: 'SQLite lets one transaction write at a time'
}

async function openSqlite(options: OpenOptions): Promise<Connection> {
  if (options.signal.aborted) throw abortedError()
  const { path, ...target } = sqliteTarget(options)
  const thread = new SqliteThread(options.clock)
  const abort = (): void => thread.abort()
  options.signal.addEventListener('abort', abort, { once: true })
  try {
    await thread.ask('open', {
      ...target,
      zone: options.timeZone.id,
      lenient: options.leavesOutUnreadable === true
    })
    return new SqliteConnection(sqliteDialect, thread, options)
  } catch (error) {
    thread.abort()
    throw sqliteError(error, `Could not open the SQLite database ${path}`)
  } finally {
    options.signal.removeEventListener('abort', abort)
  }
}
