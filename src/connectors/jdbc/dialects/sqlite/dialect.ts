import type { StatementColumnMetadata } from 'node:sqlite'
import { ConnectError, DataError } from '../../../../errors.ts'
import type { Logger } from '../../../../log.ts'
import {
  abortedError,
  type Column,
  type ColumnFacts,
  type Connection,
  databaseError,
  type Dialect,
  type Finding,
  type OpenOptions,
  type Row,
  type RowStream,
  type TableColumn,
  type TableFilter,
  type TableId
} from '../../database/database.ts'
import type { TimeZone } from '../../values/time-zone.ts'
import { epochNanos, timestampOfMs } from '../../values/timestamp.ts'
import { quoteName } from '../../database/table-name.ts'
import { indexColumns } from '../shared/index-columns.ts'
import { hasOuterJoin } from '../shared/outer-join.ts'
import { type SqliteAnswers, SqliteThread } from './thread.ts'
import { NANOS_FUNCTION } from './times.ts'
import { declaredColumn, sampledColumn } from './types.ts'
import { unreadableTimes } from './unreadable-times.ts'
import { sqliteTarget } from './url.ts'

// SQLITE_BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL and SCHEMA; the low byte of the extended code.
const RETRIABLE_CODES = new Set([5, 6, 7, 9, 10, 13, 14, 15, 17])

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
  const thread = new SqliteThread()
  const abort = (): void => thread.abort()
  options.signal.addEventListener('abort', abort, { once: true })
  try {
    await thread.ask('open', {
      ...target,
      zone: options.timeZone.id,
      lenient: options.leavesOutUnreadable === true
    })
    return new SqliteConnection(thread, options)
  } catch (error) {
    thread.abort()
    throw translate(error, `Could not open the SQLite database ${path}`)
  } finally {
    options.signal.removeEventListener('abort', abort)
  }
}

class SqliteConnection implements Connection {
  readonly dialect = sqliteDialect
  readonly #thread: SqliteThread
  readonly #zone: TimeZone
  readonly #log: Logger
  readonly #lenient: boolean

  constructor(
    thread: SqliteThread,
    {
      timeZone,
      log,
      leavesOutUnreadable
    }: Pick<OpenOptions, 'timeZone' | 'log' | 'leavesOutUnreadable'>
  ) {
    this.#thread = thread
    this.#zone = timeZone
    this.#log = log
    this.#lenient = leavesOutUnreadable === true
  }

  listTables(filter: TableFilter): Promise<TableId[]> {
    return this.#run('list the tables', async () => {
      const types = new Set(filter.types)
      const names = filter.names?.map((name) => name.toLowerCase()) ?? null
      const rows = await this.#rows(
        `SELECT name, upper(type) FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name`
      )
      return rows
        .map(([name, type]) => ({ name: String(name), type: String(type) }))
        .filter(({ type }) => types.has(type))
        .filter(({ name }) => names === null || names.includes(name.toLowerCase()))
        .map(({ name }) => ({ catalog: null, schema: null, table: name }))
    })
  }

  describeTable(table: TableId): Promise<TableColumn[]> {
    return this.#run(`describe table ${table.table}`, () => this.#tableColumns(table))
  }

  selfCheck(): Promise<Finding[]> {
    return this.#run('say its version', async () => {
      const [[version] = []] = await this.#rows('SELECT sqlite_version()')
      return [{ level: 'info', text: `SQLite ${String(version)}` }]
    })
  }

  indexesOf({ table }: TableId): Promise<(string | null)[][] | null> {
    return this.#run(`look up the indexes of ${table}`, () => this.#indexes(table))
  }

  idHazards({ table }: TableId, column: string): Promise<string[]> {
    return this.#run(`look up the ids of ${table}`, async () => {
      const own = await this.#tableColumns({ catalog: null, schema: null, table })
      const isRowId = own.some(({ name, autoIncrement }) => name === column && autoIncrement)
      const [[sql] = []] = await this.#rows(
        `SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?`,
        table
      )
      // SQLite gives the largest number of those that are there, and one more.
      return isRowId && !/\bAUTOINCREMENT\b/i.test(String(sql))
        ? [
            `${column} is INTEGER PRIMARY KEY without AUTOINCREMENT: the number of a deleted last row is given out again, and the new row is not read`
          ]
        : []
    })
  }

  async #tableColumns(table: TableId): Promise<TableColumn[]> {
    const rows = await this.#rows(`PRAGMA table_xinfo(${quoteName(sqliteDialect, table.table)})`)
    const keys = rows.filter((row) => Number(row[5]) > 0).length
    return rows
      .filter((row) => row[6] !== 1n)
      .map((row) => {
        const declared = String(row[2])
        const key = Number(row[5])
        // `INTEGER PRIMARY KEY` is SQLite's row id: never null, counted up by itself.
        const autoIncrement = keys === 1 && key === 1 && declared.toUpperCase() === 'INTEGER'
        const facts: ColumnFacts = {
          name: String(row[1]),
          databaseType: declared,
          nullable: row[3] !== 1n && !autoIncrement
        }
        return {
          ...declaredColumn(facts, this.#zone),
          autoIncrement,
          keyPosition: key > 0 ? key : null
        }
      })
  }

  describeQuery(sql: string): Promise<Column[]> {
    return this.#run('check the query', async () =>
      this.#columns(await this.#thread.ask('columns', { sql }), [], null, sql)
    )
  }

  query(
    sql: string,
    binds: readonly unknown[],
    { fetchRows, table }: { fetchRows: number; table: TableId | null }
  ): Promise<RowStream> {
    return this.#run('run a query', async () => {
      const { columns, rows } = await this.#begin(sql, binds, fetchRows, table)
      let ahead: Row[] | null = rows
      return {
        columns: await this.#columns(columns, rows, table, sql),
        next: async () => {
          const batch = ahead ?? (await this.#run('read rows', () => this.#thread.ask('next', {})))
          ahead = null
          if (batch.length > 0) return batch
          await this.#tellLeftOut(sql, table)
          return null
        },
        close: () => this.#run('end a query', async () => void (await this.#thread.ask('end', {})))
      }
    })
  }

  /** I5: the row whose time cannot be read is named. */
  async #begin(
    sql: string,
    binds: readonly unknown[],
    fetchRows: number,
    table: TableId | null
  ): Promise<SqliteAnswers['query']> {
    try {
      return await this.#thread.ask('query', { sql, binds, fetchRows })
    } catch (error) {
      const [row] = await this.#unreadableTimes(sql, table)
      throw row === undefined ? error : new DataError(row, { cause: error })
    }
  }

  async #tellLeftOut(sql: string, table: TableId | null): Promise<void> {
    if (!this.#lenient) return
    const problems = await this.#thread.ask('problems', {})
    if (problems.length === 0) return
    const rows = await this.#unreadableTimes(sql, table)
    for (const problem of rows.length > 0 ? rows : problems) {
      this.#log.warn(`${table?.table ?? 'The query'}, ${problem}; the row is left out`)
    }
  }

  async #unreadableTimes(sql: string, table: TableId | null): Promise<string[]> {
    if (table === null || !sql.includes(NANOS_FUNCTION)) return []
    const columns = await this.#tableColumns(table)
    const keys = columns.filter(({ keyPosition }) => keyPosition !== null)
    const names = keys.map(({ name }) => name)
    return await unreadableTimes((question) => this.#rows(question), table, names, sql)
  }

  /** Columns of a view come from its tables, and so do their types; whether one can be null the view itself knows. */
  async #columns(
    described: readonly StatementColumnMetadata[],
    rows: readonly Row[],
    table: TableId | null,
    sql: string
  ): Promise<Column[]> {
    const tables = new Map<string, TableColumn[]>()
    const columnsOf = async (name: string): Promise<TableColumn[]> => {
      const id = { catalog: null, schema: null, table: name }
      const known = tables.get(name) ?? (await this.#tableColumns(id))
      tables.set(name, known)
      return known
    }
    const outer = hasOuterJoin(sql)
    const columns: Column[] = []
    for (const [index, column] of described.entries()) {
      const facts = { name: column.name, databaseType: column.type ?? '', nullable: null }
      const from = column.table === null ? [] : await columnsOf(column.table)
      const origin = from.find(({ name }) => name === column.column)
      if (origin !== undefined && origin.databaseType !== '') {
        const own = table === null ? origin : (await columnsOf(table.table))[index]
        const nullable = outer ? null : (own?.nullable ?? null)
        columns.push(declaredColumn({ ...origin, name: column.name, nullable }, this.#zone))
      } else {
        const isUnknown = facts.databaseType === ''
        columns.push(
          isUnknown ? sampledColumn(facts, index, rows) : declaredColumn(facts, this.#zone)
        )
      }
    }
    return columns
  }

  now(): ReturnType<Connection['now']> {
    // SQLite has no clock of its own: it asks the machine's, as we do.
    return Promise.resolve({ ...timestampOfMs(Date.now()), hasZone: true })
  }

  abort(): void {
    this.#thread.abort()
  }

  close(): Promise<void> {
    return this.#thread.close()
  }

  /** The key of a table without an index of its own is found by its rows' numbers, which serves as well. */
  async #indexes(table: string): Promise<(string | null)[][] | null> {
    const [found] = await this.#rows(
      `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`,
      table
    )
    if (found === undefined) return null
    const columns = await this.#rows(`PRAGMA table_xinfo(${quoteName(sqliteDialect, table)})`)
    const key = columns
      .filter((row) => Number(row[5]) > 0)
      .sort((a, b) => Number(a[5]) - Number(b[5]))
      .map((row) => String(row[1]))
    const rows = await this.#rows(
      `SELECT l.name, i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE l.partial = 0 ORDER BY l.seq, i.seqno`,
      table
    )
    return [...(key.length === 0 ? [] : [key]), ...indexColumns(rows)]
  }

  #rows(sql: string, ...binds: string[]): Promise<Row[]> {
    return this.#thread.ask('all', { sql, binds })
  }

  async #run<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw translate(error, `SQLite could not ${what}`)
    }
  }
}

function translate(error: unknown, what: string): ConnectError {
  // An end of the connection, and what nested work translated already.
  if (error instanceof ConnectError) return error
  const code = (error as { errcode?: number }).errcode
  const message = error instanceof Error ? error.message : String(error)
  return databaseError(`${what}: ${message}`, {
    retriable: code !== undefined && RETRIABLE_CODES.has(code & 0xff),
    missing: /^no such (table|column)\b/.test(message),
    cause: error,
    ...(code === undefined ? {} : { code })
  })
}
