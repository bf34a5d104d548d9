import type { Connection as DriverConnection } from 'mysql2'
import { withTimeout } from '../../../clock.ts'
import {
  abortedError,
  type Column,
  type Connection,
  databaseError,
  type Dialect,
  type Finding,
  type OpenTransactions,
  type Row,
  type RowStream,
  type TableColumn,
  type TableFilter,
  type TableId
} from '../database.ts'
import { readTimestampText, type TimestampParts } from '../values/timestamp.ts'
import { ConnectError } from '../../../errors.ts'
import { translateMysqlError } from './mysql-errors.ts'
import { MysqlTransactions } from './mysql-open-transactions.ts'
import { MysqlRowStream } from './mysql-row-stream.ts'
import { mysqlFindings, mysqlIndexes } from './mysql-self-check.ts'
import { mysqlIdHazards } from './mysql-id-hazards.ts'
import { cutSession } from './mysql-session.ts'
import {
  dictionaryColumn,
  type MysqlTypeSettings,
  wireColumn,
  type WireField
} from './mysql-types.ts'

/** Limit for questions to the dictionary; they take milliseconds. */
const DICTIONARY_LIMIT_MS = 60_000
const CLOSE_LIMIT_MS = 1000

interface Parts {
  readonly dialect: Dialect
  readonly driver: DriverConnection
  /** Named in the URL. */
  readonly database: string | null
  readonly zeroDatesAreNull: boolean
  readonly types: MysqlTypeSettings
  /** Limit for the wait for rows (`socketTimeout`); null: none. */
  readonly answerLimitMs: number | null
  /** Ends this session, or its running query, on the server. */
  kill(what: 'KILL' | 'KILL QUERY'): Promise<void>
}

/** One session. Statements are prepared on the server, so that values travel in binary form and exactly. */
export class MysqlConnection implements Connection {
  readonly dialect: Dialect
  readonly #parts: Parts
  readonly #driver: DriverConnection
  readonly #database: string | null
  readonly #transactions = new MysqlTransactions({ ask: (sql) => this.#askInText(sql) })
  #aborted = false
  /** Statements under way, an open result included. */
  #running = 0
  /** The driver forgets the callbacks of a destroyed connection: whoever waits is told from here. */
  readonly #onAbort = new Set<() => void>()

  constructor(parts: Parts) {
    this.dialect = parts.dialect
    this.#parts = parts
    this.#driver = parts.driver
    this.#database = parts.database
  }

  async listTables(filter: TableFilter): Promise<TableId[]> {
    const catalog = filter.catalogPattern ?? this.#database
    const binds: unknown[] = catalog === null ? [] : [catalog]
    let sql = `SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE ${
      catalog === null
        ? "table_schema NOT IN ('information_schema','mysql','performance_schema','sys')"
        : 'table_schema LIKE ?'
    }`
    if (filter.names !== null) {
      if (filter.names.length === 0) return []
      sql += ` AND LOWER(table_name) IN (${filter.names.map(() => '?').join(',')})`
      binds.push(...filter.names.map((name) => name.toLowerCase()))
    }
    const rows = await this.run(`${sql} ORDER BY table_type, table_schema, table_name`, binds)
    return rows
      .filter((row) => filter.types.includes(jdbcType(String(row[2]))))
      .map((row) => ({ catalog: String(row[0]), schema: null, table: String(row[1]) }))
  }

  async describeTable(table: TableId): Promise<TableColumn[]> {
    const schema = table.catalog ?? this.#database
    const rows = await this.run(
      `SELECT c.column_name, c.data_type, c.column_type, c.is_nullable, c.numeric_precision,
              c.numeric_scale, c.datetime_precision, c.character_set_name, c.extra, k.ordinal_position
         FROM information_schema.columns c
         LEFT JOIN information_schema.key_column_usage k
           ON k.constraint_name = 'PRIMARY' AND k.table_schema = c.table_schema
          AND k.table_name = c.table_name AND k.column_name = c.column_name
        WHERE c.table_schema = COALESCE(?, DATABASE()) AND c.table_name = ?
        ORDER BY c.ordinal_position`,
      [schema, table.table]
    )
    return rows.map((row) => ({
      ...dictionaryColumn(
        {
          name: String(row[0]),
          dataType: String(row[1]),
          columnType: String(row[2]),
          nullable: row[3] === 'YES',
          precision: numberOf(row[4]),
          scale: numberOf(row[5]),
          datetimePrecision: numberOf(row[6]),
          characterSet: row[7] === null ? null : String(row[7])
        },
        this.#parts.types
      ),
      autoIncrement: /auto_increment/i.test(String(row[8])),
      keyPosition: numberOf(row[9])
    }))
  }

  selfCheck(): Promise<Finding[]> {
    return mysqlFindings((sql) => this.run(sql, []))
  }

  idHazards({ catalog, table }: TableId, column: string): Promise<string[]> {
    const binds = [catalog ?? this.#database, table, column]
    return mysqlIdHazards((sql) => this.run(sql, binds), column)
  }

  indexesOf({ catalog, table }: TableId): Promise<(string | null)[][] | null> {
    return mysqlIndexes((sql, binds) => this.run(sql, binds), catalog ?? this.#database, table)
  }

  openTransactions(): Promise<OpenTransactions> {
    return this.#transactions.open()
  }

  describeQuery(sql: string): Promise<Column[]> {
    return this.#use('check the query', sql, DICTIONARY_LIMIT_MS, async () => {
      const statement = await new Promise<{ columns: WireField[]; close(): void }>(
        (resolve, reject) => {
          this.#driver.prepare(sql, (error, prepared) => {
            if (error === null)
              resolve(prepared as unknown as { columns: WireField[]; close(): void })
            else reject(error)
          })
        }
      )
      statement.close()
      return statement.columns.map((field) => wireColumn(field, this.#parts.types))
    })
  }

  query(
    sql: string,
    binds: readonly unknown[],
    { fetchRows }: { fetchRows: number }
  ): Promise<RowStream> {
    const { zeroDatesAreNull, types, answerLimitMs } = this.#parts
    return this.#use('run the query', sql, answerLimitMs, async () => {
      const command = this.#driver.execute({
        sql,
        values: [...binds] as string[],
        rowsAsArray: true
      })
      const stream = new MysqlRowStream({
        driver: this.#driver,
        command,
        fetchRows,
        convert: (error) =>
          this.#aborted
            ? abortedError()
            : translateMysqlError(error, 'MySQL could not read rows', sql),
        zeroDatesAreNull,
        types,
        limit: (work) => this.#limit(work, answerLimitMs),
        endOnServer: () => this.#parts.kill('KILL QUERY')
      })
      const fail = (): void => stream.fail(abortedError())
      const lost = (error: Error): void => stream.fail(error)
      this.#onAbort.add(fail)
      this.#driver.on('error', lost)
      this.#running += 1
      void stream.ended.then(() => {
        this.#running -= 1
        this.#onAbort.delete(fail)
        this.#driver.off('error', lost)
      })
      await stream.opened
      return stream
    })
  }

  async now(): ReturnType<Connection['now']> {
    const rows = await this.run('SELECT CURRENT_TIMESTAMP(6)')
    const parts: TimestampParts = { ms: 0, nanos: 0 }
    readTimestampText(String(rows[0]?.[0]), parts)
    return { ...parts, hasZone: false }
  }

  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    // The server only sees that its client is gone when it next writes: tell it. If it cannot be told, it will see.
    if (this.#running > 0) this.#parts.kill('KILL').catch(() => undefined)
    cutSession(this.#driver)
    for (const tell of this.#onAbort) tell()
  }

  async close(): Promise<void> {
    if (this.#aborted) return
    this.#aborted = true
    const ended = new Promise<void>((resolve) => this.#driver.end(() => resolve()))
    try {
      await withTimeout(ended, CLOSE_LIMIT_MS, () =>
        databaseError('MySQL did not end the session in time', { retriable: true })
      )
    } catch {
      // Not polite, but over: what remains of the session goes with its socket.
    } finally {
      cutSession(this.#driver)
    }
  }

  /** Runs a small statement and answers all its rows. */
  run(sql: string, binds: readonly unknown[] = []): Promise<Row[]> {
    return this.#use('answer', sql, DICTIONARY_LIMIT_MS, () => {
      return new Promise<Row[]>((resolve, reject) => {
        this.#driver.execute(
          { sql, values: [...binds] as string[], rowsAsArray: true },
          (error, rows) => {
            if (error === null) resolve(Array.isArray(rows) ? (rows as unknown as Row[]) : [])
            else reject(error)
          }
        )
      })
    })
  }

  /** Not prepared: each statement is another. */
  #askInText(sql: string): Promise<Row[]> {
    return this.#use('answer', sql, DICTIONARY_LIMIT_MS, () => {
      return new Promise<Row[]>((resolve, reject) => {
        this.#driver.query({ sql, rowsAsArray: true }, (error, rows) => {
          if (error === null) resolve(Array.isArray(rows) ? (rows as unknown as Row[]) : [])
          else reject(error)
        })
      })
    })
  }

  async #use<T>(
    what: string,
    sql: string,
    limitMs: number | null,
    work: () => Promise<T>
  ): Promise<T> {
    if (this.#aborted) throw abortedError()
    let tell: () => void = () => undefined
    const aborted = new Promise<never>((_, reject) => {
      tell = () => reject(abortedError())
    })
    this.#onAbort.add(tell)
    this.#running += 1
    try {
      return await this.#limit(Promise.race([work(), aborted]), limitMs)
    } catch (error) {
      if (this.#aborted && !(error instanceof ConnectError)) throw abortedError()
      throw translateMysqlError(error, `MySQL could not ${what}`, sql)
    } finally {
      this.#running -= 1
      this.#onAbort.delete(tell)
    }
  }

  #limit<T>(work: Promise<T>, ms: number | null): Promise<T> {
    if (ms === null) return work
    return withTimeout(work, ms, () => {
      this.abort()
      return databaseError(`MySQL did not answer in ${ms} ms`, { retriable: true })
    })
  }
}

function numberOf(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}

function jdbcType(tableType: string): string {
  return tableType === 'BASE TABLE' || tableType === 'SYSTEM VERSIONED' ? 'TABLE' : tableType
}
