import type { Connection as DriverConnection, Request } from 'tedious'
import type { Clock } from '../../../../clock.ts'
import { ConnectError } from '../../../../errors.ts'
import {
  abortedError,
  type Column,
  type Connection,
  databaseError,
  type Dialect,
  type Finding,
  type IsolationMode,
  type OpenTransactions,
  type Row,
  type RowStream,
  type Source,
  type TableColumn,
  type TableFilter,
  type TableId
} from '../../database/database.ts'
import { readTimestampText, type TimestampParts } from '../../values/timestamp.ts'
import { sqlServerError } from './errors.ts'
import { sqlServerTransactions } from './open-transactions.ts'
import { SqlServerRowStream } from './row-stream.ts'
import { indexColumns } from '../shared/index-columns.ts'
import { sqlServerCopies } from './copies.ts'
import { sqlServerFindings } from './self-check.ts'
import {
  columnsMarkStatement,
  databasesStatement,
  describeQueryStatement,
  describeStatement,
  exactSelect,
  indexStatement,
  isTableStatement,
  listStatements
} from './dictionary.ts'
import { sqlServerColumn } from './types.ts'
import { within } from '../../../../wait.ts'

/** Limit for questions to the dictionary; they take milliseconds. */
const DICTIONARY_LIMIT_MS = 60_000
const CLOSE_LIMIT_MS = 1000
const DICTIONARY_ROWS = 1000

export interface SqlServerParts {
  readonly dialect: Dialect
  readonly driver: typeof import('tedious')
  /** Logged in. */
  readonly session: DriverConnection
  readonly clock: Clock
  /** Limit for the wait for rows; null: none. */
  readonly answerLimitMs: number | null
  readonly isolation: IsolationMode
}

export class SqlServerConnection implements Connection {
  readonly dialect: Dialect
  readonly #parts: SqlServerParts
  #aborted = false
  /** Where rows are read from, beside the session's own database. */
  readonly #databases = new Set<string>()
  readonly #columns = new Map<string, { mark: string; columns: readonly TableColumn[] }>()
  #knowsHidden = true
  /** The statement under way. */
  #stream: SqlServerRowStream | null = null

  constructor(parts: SqlServerParts) {
    this.dialect = parts.dialect
    this.#parts = parts
  }

  async listTables(filter: TableFilter): Promise<TableId[]> {
    const tables: TableId[] = []
    for (const catalogPattern of await this.#catalogs(filter.catalogPattern)) {
      for (const { sql, binds } of listStatements({ ...filter, catalogPattern })) {
        for (const [catalog, schema, table] of await this.rowsOf(sql, binds)) {
          tables.push({ catalog: String(catalog), schema: String(schema), table: String(table) })
        }
      }
    }
    return tables
  }

  async #catalogs(pattern: string | null): Promise<readonly (string | null)[]> {
    if (pattern?.includes('%') !== true) return [pattern]
    const { sql, binds } = databasesStatement(pattern)
    return (await this.rowsOf(sql, binds)).map(([name]) => String(name))
  }

  async describeTable(table: TableId): Promise<TableColumn[]> {
    if (table.catalog !== null) this.#databases.add(table.catalog)
    const rows = await this.#describe(table)
    return rows.map(([name, type, nullable, identity, place, hidden]) => ({
      ...sqlServerColumn(String(name), nullable === 1, String(type)),
      autoIncrement: identity === 1,
      isInvisible: hidden === 1,
      keyPosition: typeof place === 'number' ? place : null
    }))
  }

  async #describe(table: TableId): Promise<Row[]> {
    try {
      const { sql, binds } = describeStatement(table, this.#knowsHidden)
      return await this.rowsOf(sql, binds)
    } catch (error) {
      // Releases before 2016 do not have the column that says what is hidden.
      if (!this.#knowsHidden || !isUnknownColumn(error)) throw error
      this.#knowsHidden = false
      return await this.#describe(table)
    }
  }

  /** The columns `SELECT *` answers now, described anew only when they are others than at the last poll. */
  async #visibleColumns(table: TableId): Promise<readonly TableColumn[]> {
    const { sql, binds } = columnsMarkStatement(table)
    const marks = await this.rowsOf(sql, binds)
    const mark = JSON.stringify(marks)
    const key = binds.join()
    const known = this.#columns.get(key)
    // What the server does not tell cannot say either that nothing changed.
    if (marks.length > 0 && known?.mark === mark) return known.columns
    const columns = (await this.describeTable(table)).filter(
      ({ isInvisible }) => isInvisible !== true
    )
    this.#columns.set(key, { mark, columns })
    return columns
  }

  selfCheck(): Promise<Finding[]> {
    return sqlServerFindings((sql) => this.rowsOf(sql), this.#parts.isolation)
  }

  async indexesOf(table: TableId): Promise<(string | null)[][] | null> {
    const { sql, binds } = indexStatement(table)
    const rows = await this.rowsOf(sql, binds)
    if (rows.length > 0) return indexColumns(rows)
    const isTable = isTableStatement(table)
    return (await this.rowsOf(isTable.sql, isTable.binds)).length > 0 ? [] : null
  }

  openTransactions(): Promise<OpenTransactions> {
    return sqlServerTransactions((sql, binds) => this.rowsOf(sql, binds), [...this.#databases])
  }

  async writersElsewhere(source: Source): Promise<string | null> {
    const { why, databases } = await sqlServerCopies(
      (sql, binds) => this.rowsOf(sql, binds),
      source
    )
    for (const database of databases) this.#databases.add(database)
    return why
  }

  async describeQuery(sql: string): Promise<Column[]> {
    return await this.#describeQuery(sql, 0)
  }

  /**
   * With a table, `sql` begins with `SELECT * FROM` and its name; the columns are then named one by one, see
   * `exactSelect`.
   */
  async query(
    sql: string,
    binds: readonly unknown[],
    { fetchRows, table }: { fetchRows: number; table: TableId | null }
  ): Promise<RowStream> {
    const { answerLimitMs } = this.#parts
    const columns =
      table === null
        ? await this.#describeQuery(sql, binds.length)
        : await this.#visibleColumns(table)
    const text = table === null || columns.length === 0 ? sql : exactSelect(sql, columns)
    const stream = this.#start(text, binds, { columns, fetchRows, limitMs: answerLimitMs })
    await stream.opened
    return Object.assign(stream, { sql: text })
  }

  async now(): ReturnType<Connection['now']> {
    const [row] = await this.rowsOf('SELECT CONVERT(varchar(30), SYSDATETIME(), 121)')
    const parts: TimestampParts = { ms: 0, nanos: 0 }
    readTimestampText(String(row?.[0]), parts)
    return { ...parts, hasZone: false }
  }

  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    const { session } = this.#parts
    // The attention ends the query on the server; the session is cut in any case.
    session.cancel()
    this.#stream?.fail(abortedError())
    setImmediate(() => session.close())
  }

  async close(): Promise<void> {
    if (this.#aborted) return
    this.#aborted = true
    const { session, clock } = this.#parts
    const ended = new Promise<void>((resolve) => session.once('end', () => resolve()))
    session.close()
    try {
      await within(clock, ended, CLOSE_LIMIT_MS, () =>
        databaseError('no farewell in time', { retriable: true })
      )
    } catch {
      // The driver has closed its socket; whether the server noticed does not matter.
    }
  }

  /** All rows of a small statement. */
  async rowsOf(sql: string, binds: readonly string[] = []): Promise<Row[]> {
    const stream = this.#start(sql, binds, {
      columns: [],
      fetchRows: DICTIONARY_ROWS,
      limitMs: DICTIONARY_LIMIT_MS
    })
    const all: Row[] = []
    for (let rows = await stream.next(); rows !== null; rows = await stream.next()) {
      for (const row of rows) all.push(row)
    }
    return all
  }

  async #describeQuery(query: string, parameters: number): Promise<Column[]> {
    const { sql, binds } = describeQueryStatement(query, parameters)
    return (await this.rowsOf(sql, binds)).map(([name, type, nullable, problem]) => {
      if (typeof problem === 'string') {
        throw databaseError(`SQL Server cannot describe the query: ${problem}`, {
          retriable: false,
          sql: query
        })
      }
      return sqlServerColumn(String(name ?? ''), nullable !== 0, String(type))
    })
  }

  #start(
    sql: string,
    binds: readonly unknown[],
    settings: { columns: readonly Column[]; fetchRows: number; limitMs: number | null }
  ): SqlServerRowStream {
    if (this.#aborted) throw abortedError()
    const { driver, session, clock } = this.#parts
    const { limitMs } = settings
    const stream: SqlServerRowStream = new SqlServerRowStream({
      columns: settings.columns,
      fetchRows: settings.fetchRows,
      clock,
      convert: (error) => this.#translated(error, sql),
      limit: (work) =>
        limitMs === null
          ? work
          : within(clock, work, limitMs, () => {
              this.abort()
              return databaseError(`SQL Server did not answer in ${limitMs} ms`, {
                retriable: true
              })
            }),
      start: (done): Request => {
        const request = new driver.Request(sql, done)
        for (const [index, value] of binds.entries()) {
          request.addParameter(`p${index + 1}`, driver.TYPES.NVarChar, value)
        }
        session.execSql(request)
        return request
      }
    })
    this.#stream = stream
    return stream
  }

  #translated(error: unknown, sql: string): ConnectError {
    if (this.#aborted && !(error instanceof ConnectError)) return abortedError()
    return sqlServerError(error, 'SQL Server did not run the query', sql)
  }
}

function isUnknownColumn(error: unknown): boolean {
  return error instanceof ConnectError && error.facts['code'] === 207
}
