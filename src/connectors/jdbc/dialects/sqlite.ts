import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ConfigError, type ConnectError, DataError } from '../../../errors.ts'
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
} from '../database.ts'
import {
  epochNanos,
  readTimestampText,
  type TimestampParts,
  timestampOfMs
} from '../values/timestamp.ts'
import { quoteName } from '../tables/table-name.ts'
import { BATCH_BYTES, rowBytes } from './batch-size.ts'
import { indexColumns } from './index-columns.ts'
import { hasOuterJoin } from './outer-join.ts'
import { declaredColumn, sampledColumn } from './sqlite-types.ts'
import { sqliteTarget } from './sqlite-url.ts'

/** SQL function of ours: text or epoch milliseconds → nanoseconds, so that timestamps in any form compare exactly. */
const NANOS_FUNCTION = 'connect_epoch_nanos'
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
  bindId: (id) => ({ sql: '?', value: BigInt(id) }),
  commitsInOrder: 'SQLite lets one transaction write at a time'
}

async function openSqlite(options: OpenOptions): Promise<Connection> {
  if (options.signal.aborted) throw abortedError()
  const target = sqliteTarget(options)
  try {
    const database = new DatabaseSync(target.file, {
      timeout: target.busyTimeoutMs,
      readOnly: target.readOnly,
      readBigInts: true,
      returnArrays: true
    })
    const connection = new SqliteConnection(database)
    connection.prepare(target.pragmas)
    return connection
  } catch (error) {
    throw translate(error, `Could not open the SQLite database ${target.path}`)
  }
}

class SqliteConnection implements Connection {
  readonly dialect = sqliteDialect
  readonly #database: DatabaseSync
  #aborted = false

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Sets the session up. The file is not ours to change: not its journal mode either. */
  prepare(pragmas: readonly string[]): void {
    for (const pragma of ['PRAGMA query_only = 1', ...pragmas]) this.#database.exec(pragma)
    const parts: TimestampParts = { ms: 0, nanos: 0 }
    this.#database.function(
      NANOS_FUNCTION,
      { deterministic: true, useBigIntArguments: true },
      (value) => {
        if (value === null) return null
        if (typeof value === 'bigint') return value * 1_000_000n
        if (typeof value !== 'string') throw new DataError(`${String(value)} is not a timestamp`)
        readTimestampText(value, parts)
        return epochNanos(parts)
      }
    )
  }

  listTables(filter: TableFilter): Promise<TableId[]> {
    return this.#run('list the tables', (database) => {
      const types = new Set(filter.types)
      const names = filter.names?.map((name) => name.toLowerCase()) ?? null
      const rows = rowsOf(
        database.prepare(
          `SELECT name, upper(type) FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name`
        )
      )
      return rows
        .map(([name, type]) => ({ name: String(name), type: String(type) }))
        .filter(({ type }) => types.has(type))
        .filter(({ name }) => names === null || names.includes(name.toLowerCase()))
        .map(({ name }) => ({ catalog: null, schema: null, table: name }))
    })
  }

  describeTable(table: TableId): Promise<TableColumn[]> {
    return this.#run(`describe table ${table.table}`, (database) =>
      this.#tableColumns(database, table)
    )
  }

  selfCheck(): Promise<Finding[]> {
    return this.#run('say its version', (database) => {
      const [[version] = []] = rowsOf(database.prepare('SELECT sqlite_version()'))
      return [{ level: 'info', text: `SQLite ${String(version)}` }]
    })
  }

  indexesOf({ table }: TableId): Promise<(string | null)[][] | null> {
    return this.#run(`look up the indexes of ${table}`, (database) =>
      sqliteIndexes(database, table)
    )
  }

  idHazards({ table }: TableId, column: string): Promise<string[]> {
    return this.#run(`look up the ids of ${table}`, (database) => {
      const own = this.#tableColumns(database, { catalog: null, schema: null, table })
      const isRowId = own.some(({ name, autoIncrement }) => name === column && autoIncrement)
      const [[sql] = []] = rowsOf(
        database.prepare(`SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?`),
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

  #tableColumns(database: DatabaseSync, table: TableId): TableColumn[] {
    const rows = rowsOf(
      database.prepare(`PRAGMA table_xinfo(${quoteName(sqliteDialect, table.table)})`)
    )
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
          ...declaredColumn(facts),
          autoIncrement,
          keyPosition: key > 0 ? key : null
        }
      })
  }

  describeQuery(sql: string): Promise<Column[]> {
    return this.#run('check the query', (database) =>
      this.#columns(database, database.prepare(sql), [], null, sql)
    )
  }

  query(
    sql: string,
    binds: readonly unknown[],
    { fetchRows, table }: { fetchRows: number; table: TableId | null }
  ): Promise<RowStream> {
    return this.#run('run a query', async (database) => {
      const statement = database.prepare(sql)
      const rows = statement.iterate(...(binds as bigint[])) as unknown as IterableIterator<Row>
      const read = (): Row[] => {
        const batch: Row[] = []
        let bytes = 0
        while (batch.length < fetchRows && bytes < BATCH_BYTES) {
          const step = rows.next()
          if (step.done === true) break
          batch.push(step.value)
          bytes += rowBytes(step.value)
        }
        return batch
      }
      let ahead: Row[] | null = read()
      const columns = this.#columns(database, statement, ahead, table, sql)
      const next = async (): Promise<Row[] | null> => {
        const batch = ahead
        ahead = null
        if (batch !== null) return batch.length === 0 ? null : batch
        // SQLite reads in this thread: let everything else have its turn between two batches.
        await nextTurn()
        return await this.#run('read rows', () => {
          const more = read()
          return more.length === 0 ? null : more
        })
      }
      return {
        columns,
        next,
        close: () => this.#run('end a query', () => void rows.return?.())
      }
    })
  }

  /** Columns of a view come from its tables, and so do their types; whether one can be null the view itself knows. */
  #columns(
    database: DatabaseSync,
    statement: StatementSync,
    rows: readonly Row[],
    table: TableId | null,
    sql: string
  ): Column[] {
    const tables = new Map<string, TableColumn[]>()
    const columnsOf = (name: string): TableColumn[] => {
      const id = { catalog: null, schema: null, table: name }
      const known = tables.get(name) ?? this.#tableColumns(database, id)
      tables.set(name, known)
      return known
    }
    const outer = hasOuterJoin(sql)
    return statement.columns().map((column, index) => {
      const facts = { name: column.name, databaseType: column.type ?? '', nullable: null }
      if (column.table !== null && column.column !== null) {
        const origin = columnsOf(column.table).find(({ name }) => name === column.column)
        if (origin !== undefined && origin.databaseType !== '') {
          const own = table === null ? origin : columnsOf(table.table)[index]
          const nullable = outer ? null : (own?.nullable ?? null)
          return declaredColumn({ ...origin, name: column.name, nullable })
        }
      }
      return facts.databaseType === '' ? sampledColumn(facts, index, rows) : declaredColumn(facts)
    })
  }

  now(): ReturnType<Connection['now']> {
    // SQLite has no clock of its own: it asks the machine's, as we do.
    return Promise.resolve({ ...timestampOfMs(Date.now()), hasZone: true })
  }

  abort(): void {
    this.#aborted = true
    if (this.#database.isOpen) this.#database.close()
  }

  close(): Promise<void> {
    this.abort()
    return Promise.resolve()
  }

  async #run<T>(what: string, work: (database: DatabaseSync) => T | Promise<T>): Promise<T> {
    if (this.#aborted) throw abortedError()
    try {
      return await work(this.#database)
    } catch (error) {
      throw translate(error, `SQLite could not ${what}`)
    }
  }
}

/** The key of a table without an index of its own is found by its rows' numbers, which serves as well. */
function sqliteIndexes(database: DatabaseSync, table: string): (string | null)[][] | null {
  const name = quoteName(sqliteDialect, table)
  const [found] = rowsOf(
    database.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`),
    table
  )
  if (found === undefined) return null
  const key = rowsOf(database.prepare(`PRAGMA table_xinfo(${name})`))
    .filter((row) => Number(row[5]) > 0)
    .sort((a, b) => Number(a[5]) - Number(b[5]))
    .map((row) => String(row[1]))
  const rows = rowsOf(
    database.prepare(
      `SELECT l.name, i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE l.partial = 0 ORDER BY l.seq, i.seqno`
    ),
    table
  )
  return [...(key.length === 0 ? [] : [key]), ...indexColumns(rows)]
}

function rowsOf(statement: StatementSync, ...binds: string[]): Row[] {
  return statement.all(...binds) as unknown as Row[]
}

function translate(error: unknown, what: string): ConnectError {
  if (error instanceof ConfigError) return error
  const code = (error as { errcode?: number }).errcode
  const message = error instanceof Error ? error.message : String(error)
  return databaseError(`${what}: ${message}`, {
    retriable: code !== undefined && RETRIABLE_CODES.has(code & 0xff),
    cause: error,
    ...(code === undefined ? {} : { code })
  })
}
