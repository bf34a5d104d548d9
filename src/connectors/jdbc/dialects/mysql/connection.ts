import type { Connection as DriverConnection } from 'mysql2'
import type { Clock } from '../../../../clock.ts'
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
  type Source,
  type TableColumn,
  type TableFilter,
  type TableId
} from '../../database/database.ts'
import { readTimestampText, type TimestampParts } from '../../values/timestamp.ts'
import { ConnectError } from '../../../../errors.ts'
import { mysqlError } from './errors.ts'
import { mysqlColumns, mysqlCopies, mysqlTables } from './dictionary.ts'
import { MysqlTransactions } from './open-transactions.ts'
import { MysqlRowStream } from './row-stream.ts'
import { mysqlFindings, mysqlIndexes } from './self-check.ts'
import { mysqlIdHazards } from './id-hazards.ts'
import { cutSession } from './session.ts'
import { type MysqlTypeSettings, wireColumn, type WireField } from './types.ts'
import { abortable, within } from '../../../../wait.ts'

/** Limit for questions to the dictionary; they take milliseconds. */
const DICTIONARY_LIMIT_MS = 60_000
const CLOSE_LIMIT_MS = 1000

export interface MysqlParts {
  readonly dialect: Dialect
  readonly driver: DriverConnection
  readonly clock: Clock
  /** Named in the URL. */
  readonly database: string | null
  readonly zeroDatesAreNull: boolean
  readonly types: MysqlTypeSettings
  /** Limit for the wait for rows (`socketTimeout`); null: none. */
  readonly answerLimitMs: number | null
  /** Ends this session, or its running query, on the server. */
  kill(what: 'KILL' | 'KILL QUERY'): Promise<void>
}

/** What a statement answers: its rows, or how many it changed. */
interface Changed {
  readonly rows: Row[]
  readonly affected: number
}

/** One session. Statements are prepared on the server, so that values travel in binary form and exactly. */
export class MysqlConnection implements Connection {
  readonly dialect: Dialect
  readonly #parts: MysqlParts
  readonly #driver: DriverConnection
  readonly #database: string | null
  readonly #transactions: MysqlTransactions
  #aborted = false
  /** Statements under way, an open result included. */
  #running = 0
  /** The driver forgets the callbacks of a destroyed connection: whoever waits is told from here. */
  readonly #gone = new AbortController()

  constructor(parts: MysqlParts) {
    this.dialect = parts.dialect
    this.#parts = parts
    this.#driver = parts.driver
    this.#database = parts.database
    this.#transactions = new MysqlTransactions({ ask: (sql) => this.#askInText(sql) }, parts.clock)
  }

  listTables(filter: TableFilter): Promise<TableId[]> {
    return mysqlTables((sql, binds) => this.run(sql, binds), filter, this.#database)
  }

  async describeTable({ catalog, table }: TableId): Promise<TableColumn[]> {
    const schema = catalog ?? (await this.currentDatabase())
    return await mysqlColumns(
      (sql, binds) => this.run(sql, binds),
      schema,
      table,
      this.#parts.types
    )
  }

  writersElsewhere(source: Source): Promise<string | null> {
    return mysqlCopies((sql, binds) => this.run(sql, binds), source, this.#database)
  }

  /** In which names of tables stand by themselves. */
  async currentDatabase(): Promise<string> {
    return this.#database ?? String((await this.run('SELECT DATABASE()'))[0]?.[0] ?? '')
  }

  selfCheck(): Promise<Finding[]> {
    return mysqlFindings((sql) => this.run(sql, []))
  }

  idHazards({ catalog, table }: TableId, column: string): Promise<string[]> {
    const name = [catalog ?? this.#database, table] as const
    return mysqlIdHazards((sql, binds) => this.run(sql, binds), name, column)
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
        clock: this.#parts.clock,
        convert: (error) =>
          this.#aborted ? abortedError() : mysqlError(error, 'MySQL could not read rows', sql),
        zeroDatesAreNull,
        types,
        limit: (work) => this.#limit(work, answerLimitMs),
        endOnServer: () => this.#parts.kill('KILL QUERY')
      })
      const fail = (): void => stream.fail(abortedError())
      const lost = (error: Error): void => stream.fail(error)
      this.#gone.signal.addEventListener('abort', fail, { once: true })
      this.#driver.on('error', lost)
      this.#running += 1
      void stream.ended.then(() => {
        this.#running -= 1
        this.#gone.signal.removeEventListener('abort', fail)
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
    // The server only sees that its client is gone when it next writes: tell it. If it cannot be told, it
    // will see.
    if (this.#running > 0) this.#parts.kill('KILL').catch(() => undefined)
    cutSession(this.#driver)
    this.#gone.abort()
  }

  async close(): Promise<void> {
    if (this.#aborted) return
    this.#aborted = true
    const ended = new Promise<void>((resolve) => this.#driver.end(() => resolve()))
    try {
      await within(this.#parts.clock, ended, CLOSE_LIMIT_MS, () =>
        databaseError('MySQL did not end the session in time', { retriable: true })
      )
    } catch {
      // Not polite, but over: what remains of the session goes with its socket.
    } finally {
      cutSession(this.#driver)
    }
  }

  /** Runs a small statement and answers all its rows. */
  async run(sql: string, binds: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#use('answer', sql, DICTIONARY_LIMIT_MS, () => this.#send(sql, binds))).rows
  }

  /** Not prepared: each statement is another. */
  async #askInText(sql: string): Promise<Row[]> {
    return (await this.#use('answer', sql, DICTIONARY_LIMIT_MS, () => this.#send(sql, null))).rows
  }

  /**
   * Sends a statement: as a text without `binds`, else prepared. `convert` makes the error of the driver's,
   * which has the whole statement in it, and what the server says of its values.
   */
  change(
    sql: string,
    binds: readonly unknown[] | null,
    limitMs: number,
    convert: (error: unknown) => ConnectError
  ): Promise<Changed> {
    return this.#use('write', '', limitMs, () => this.#send(sql, binds), convert)
  }

  #send(sql: string, binds: readonly unknown[] | null): Promise<Changed> {
    return new Promise((resolve, reject) => {
      const answer = (error: unknown, result: unknown): void => {
        if (error !== null) reject(error as Error)
        else if (Array.isArray(result)) resolve({ rows: result as Row[], affected: result.length })
        else resolve({ rows: [], affected: (result as { affectedRows: number }).affectedRows })
      }
      if (binds === null) this.#driver.query({ sql, rowsAsArray: true }, answer)
      else {
        const values = [...binds] as string[]
        this.#driver.execute({ sql, values, rowsAsArray: true }, answer)
      }
    })
  }

  async #use<T>(
    what: string,
    sql: string,
    limitMs: number | null,
    work: () => Promise<T>,
    convert = (error: unknown): ConnectError => mysqlError(error, `MySQL could not ${what}`, sql)
  ): Promise<T> {
    if (this.#aborted) throw abortedError()
    this.#running += 1
    try {
      return await this.#limit(abortable(work(), this.#gone.signal, abortedError), limitMs)
    } catch (error) {
      if (this.#aborted && !(error instanceof ConnectError)) throw abortedError()
      throw convert(error)
    } finally {
      this.#running -= 1
    }
  }

  #limit<T>(work: Promise<T>, ms: number | null): Promise<T> {
    if (ms === null) return work
    return within(this.#parts.clock, work, ms, () => {
      this.abort()
      return databaseError(`MySQL did not answer in ${ms} ms`, {
        retriable: true,
        errorClass: 'outage'
      })
    })
  }
}
