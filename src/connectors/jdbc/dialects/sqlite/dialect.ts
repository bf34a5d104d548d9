import {
  abortedError,
  type Connection,
  type Dialect,
  type OpenOptions
} from '../../database/database.ts'
import type { WriterOptions, WriteSession } from '../../database/writing.ts'
import { epochNanos } from '../../values/timestamp.ts'
import { SqliteConnection } from './connection.ts'
import { sqliteError } from './errors.ts'
import { type SqliteTarget, sqliteTarget } from './target.ts'
import { SqliteThread } from './thread.ts'
import { NANOS_FUNCTION } from './times.ts'
import { SqliteWriteSession } from './write-session.ts'
import { sqliteWriting } from './writing.ts'

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
  commitsInOrder: 'SQLite lets one transaction write at a time',
  writing: { ...sqliteWriting, open: openWriter }
}

function openSqlite(options: OpenOptions): Promise<Connection> {
  return openAs(
    sqliteTarget(options),
    options,
    (thread) => new SqliteConnection(sqliteDialect, thread, options)
  )
}

/** A wait for a lock cannot be cut short, not even when the process is to end: it is short, and retried. */
const LONGEST_LOCK_WAIT_MS = 5000

/** As of the JVM's driver, the file is made where there is none. */
function openWriter(options: OpenOptions & WriterOptions): Promise<WriteSession> {
  const target = sqliteTarget(options, true)
  const limitMs = Math.min(options.writeTimeoutMs, LONGEST_LOCK_WAIT_MS)
  const busyTimeoutMs = options.properties.has('busy_timeout')
    ? Math.min(target.busyTimeoutMs, options.writeTimeoutMs)
    : limitMs
  return openAs(
    { ...target, busyTimeoutMs },
    options,
    (thread) => new SqliteWriteSession(sqliteDialect, thread, options)
  )
}

async function openAs<T>(
  { path, ...target }: SqliteTarget,
  options: OpenOptions,
  make: (thread: SqliteThread) => T
): Promise<T> {
  if (options.signal.aborted) throw abortedError()
  const thread = new SqliteThread(options.clock)
  const abort = (): void => thread.abort()
  options.signal.addEventListener('abort', abort, { once: true })
  try {
    await thread.ask('open', {
      ...target,
      zone: options.timeZone.id,
      lenient: options.leavesOutUnreadable === true
    })
    return make(thread)
  } catch (error) {
    thread.abort()
    throw sqliteError(error, `Could not open the SQLite database ${path}`)
  } finally {
    options.signal.removeEventListener('abort', abort)
  }
}
