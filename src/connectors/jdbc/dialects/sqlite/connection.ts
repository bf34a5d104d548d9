import type { StatementColumnMetadata } from 'node:sqlite'
import { DataError } from '../../../../errors.ts'
import type { Logger } from '../../../../log.ts'
import type {
  Column,
  Connection,
  Dialect,
  Finding,
  OpenOptions,
  Row,
  RowStream,
  TableColumn,
  TableFilter,
  TableId
} from '../../database/database.ts'
import type { TimeZone } from '../../values/time-zone.ts'
import { timestampOfMs } from '../../values/timestamp.ts'
import { hasOuterJoin } from '../shared/outer-join.ts'
import { type SqliteAsk, sqliteColumns, sqliteIndexes, sqliteTables } from './dictionary.ts'
import { sqliteError } from './errors.ts'
import { sqliteIdHazards } from './id-hazards.ts'
import type { SqliteAnswers, SqliteThread } from './thread.ts'
import { NANOS_FUNCTION } from './times.ts'
import { declaredColumn, sampledColumn } from './types.ts'
import { unreadableTimes } from './unreadable-times.ts'

/** One session, which a thread of its own holds: SQLite's statements do not wait, they work. */
export class SqliteConnection implements Connection {
  readonly dialect: Dialect
  readonly #thread: SqliteThread
  readonly #zone: TimeZone
  readonly #log: Logger
  readonly #lenient: boolean
  readonly #ask: SqliteAsk

  constructor(
    dialect: Dialect,
    thread: SqliteThread,
    {
      timeZone,
      log,
      leavesOutUnreadable
    }: Pick<OpenOptions, 'timeZone' | 'log' | 'leavesOutUnreadable'>
  ) {
    this.dialect = dialect
    this.#thread = thread
    this.#ask = (sql, ...binds) => thread.ask('all', { sql, binds })
    this.#zone = timeZone
    this.#log = log
    this.#lenient = leavesOutUnreadable === true
  }

  listTables(filter: TableFilter): Promise<TableId[]> {
    return this.run('list the tables', () => sqliteTables(this.#ask, filter))
  }

  describeTable(table: TableId): Promise<TableColumn[]> {
    return this.run(`describe table ${table.table}`, () => this.#tableColumns(table.table))
  }

  selfCheck(): Promise<Finding[]> {
    return this.run('say its version', async () => {
      const [[version] = []] = await this.#ask('SELECT sqlite_version()')
      return [{ level: 'info', text: `SQLite ${String(version)}` }]
    })
  }

  indexesOf({ table }: TableId): Promise<(string | null)[][] | null> {
    return this.run(`look up the indexes of ${table}`, () =>
      sqliteIndexes(this.#ask, this.dialect, table)
    )
  }

  idHazards({ table }: TableId, column: string): Promise<string[]> {
    return this.run(`look up the ids of ${table}`, () =>
      sqliteIdHazards(this.#ask, this.dialect, table, { column, zone: this.#zone })
    )
  }

  describeQuery(sql: string): Promise<Column[]> {
    return this.run('check the query', async () =>
      this.#columns(await this.#thread.ask('columns', { sql }), [], null, sql)
    )
  }

  query(
    sql: string,
    binds: readonly unknown[],
    { fetchRows, table }: { fetchRows: number; table: TableId | null }
  ): Promise<RowStream> {
    return this.run('run a query', async () => {
      const { columns, rows } = await this.#begin(sql, binds, fetchRows, table)
      let ahead: Row[] | null = rows
      return {
        columns: await this.#columns(columns, rows, table, sql),
        next: async () => {
          const batch = ahead ?? (await this.run('read rows', () => this.#thread.ask('next', {})))
          ahead = null
          if (batch.length > 0) return batch
          await this.#tellLeftOut(sql, table)
          return null
        },
        close: () => this.run('end a query', async () => void (await this.#thread.ask('end', {})))
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
    const columns = await this.#tableColumns(table.table)
    const keys = columns.filter(({ keyPosition }) => keyPosition !== null)
    const names = keys.map(({ name }) => name)
    return await unreadableTimes(this.#ask, table, names, sql)
  }

  /**
   * Columns of a view come from its tables, and so do their types; whether one can be null the view itself
   * knows.
   */
  async #columns(
    described: readonly StatementColumnMetadata[],
    rows: readonly Row[],
    table: TableId | null,
    sql: string
  ): Promise<Column[]> {
    const tables = new Map<string, TableColumn[]>()
    const columnsOf = async (name: string): Promise<TableColumn[]> => {
      const known = tables.get(name) ?? (await this.#tableColumns(name))
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

  protected errorOf(error: unknown, what: string): Error {
    return sqliteError(error, what)
  }

  #tableColumns(table: string): Promise<TableColumn[]> {
    return sqliteColumns(this.#ask, this.dialect, table, this.#zone)
  }

  protected async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.errorOf(error, `SQLite could not ${what}`)
    }
  }
}
