import type { Clock } from '../../../../clock.ts'
import { ConfigError, ConnectError, messageOf } from '../../../../errors.ts'
import type { Logger } from '../../../../log.ts'
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
import { fetchType, type OracleDriver, type OracleResultSet, type OracleSession } from './driver.ts'
import { OracleDictionary } from './dictionary.ts'
import { BatchSize } from '../shared/batch-size.ts'
import { oracleError } from './errors.ts'
import { momentOf } from './moment.ts'
import { OracleTransactions } from './open-transactions.ts'
import { isRefusal, OracleQuestions } from './questions.ts'
import { oracleFindings } from './self-check.ts'
import { fieldColumn } from './types.ts'
import { abortable, within } from '../../../../wait.ts'

/** Limit for questions to the dictionary; large ones answer in seconds. */
const DICTIONARY_LIMIT_MS = 60_000
const CLOSE_LIMIT_MS = 1000
/** How long the server gets to take notice of a break before the connection is cut. */
const BREAK_LIMIT_MS = 500
const DICTIONARY_ROWS = 1000

export interface OracleSettings {
  readonly isolation: IsolationMode
  readonly readOnly: boolean
  readonly clock: Clock
  readonly log: Logger
  /** The server ends sessions that say who they are. */
  readonly isBare: boolean
}

/**
 * One session. Every query runs in a transaction of its own that can only read, where the server has such
 * transactions; what is asked beside that goes without what the server refuses.
 */
export class OracleConnection implements Connection {
  readonly dialect: Dialect
  readonly #driver: OracleDriver
  readonly #session: OracleSession
  readonly #questions: OracleQuestions
  readonly #dictionary: OracleDictionary
  readonly #transaction: OracleTransaction
  readonly #clock: Clock
  readonly #log: Logger
  #readsAnyhow = false
  readonly #transactions: OracleTransactions
  #aborted = false
  /** Aborts when nobody may wait for the session any more. */
  readonly #gone = new AbortController()

  constructor(
    dialect: Dialect,
    driver: OracleDriver,
    session: OracleSession,
    settings: OracleSettings
  ) {
    this.dialect = dialect
    this.#driver = driver
    this.#session = session
    this.#clock = settings.clock
    this.#log = settings.log
    const ask = (sql: string, binds?: readonly unknown[]): Promise<Row[]> => this.rowsOf(sql, binds)
    const describeQuery = (sql: string): Promise<Column[]> => this.describeQuery(sql)
    this.#questions = new OracleQuestions({ ask, describeQuery }, settings.log)
    this.#transactions = new OracleTransactions({ ask })
    this.#dictionary = new OracleDictionary(dialect, this.#questions)
    this.#transaction = settings.readOnly
      ? { sql: READ_ONLY, isWanted: true }
      : transactionOf(settings.isolation, settings.log)
  }

  listTables(filter: TableFilter): Promise<TableId[]> {
    return this.#dictionary.tables(filter)
  }

  describeTable(table: TableId): Promise<TableColumn[]> {
    return this.#dictionary.columns(table)
  }

  selfCheck(): Promise<Finding[]> {
    return oracleFindings(this.#questions, this.#session.oracleServerVersionString)
  }

  openTransactions(): Promise<OpenTransactions> {
    return this.#transactions.open()
  }

  writersElsewhere(source: Source): Promise<string | null> {
    return this.#dictionary.writersElsewhere(source)
  }

  idHazards(table: TableId, column: string): Promise<string[]> {
    return this.#dictionary.idHazards(table, column)
  }

  indexesOf(table: TableId): Promise<(string | null)[][] | null> {
    return this.#dictionary.indexes(table)
  }

  async describeQuery(sql: string): Promise<Column[]> {
    const text = sql.trim().replace(/;$/, '')
    const info = await this.#bounded('check the query', text, () =>
      this.#session.getStatementInfo(text)
    )
    return (info.metaData ?? []).map(fieldColumn)
  }

  async query(
    sql: string,
    binds: readonly unknown[],
    { fetchRows }: { fetchRows: number }
  ): Promise<RowStream> {
    await this.#beginTransaction()
    const size = new BatchSize(fetchRows)
    const result = await this.#use('run the query', sql, () =>
      this.#session.execute(sql, binds, {
        resultSet: true,
        outFormat: this.#driver.OUT_FORMAT_ARRAY,
        fetchArraySize: fetchRows,
        prefetchRows: size.rows,
        fetchTypeHandler: fetchType(this.#driver)
      })
    )
    const rows = result.resultSet
    if (rows === undefined)
      throw databaseError('Oracle answered no rows', { retriable: false, sql })
    return this.#stream(rows, size, sql)
  }

  async now(): ReturnType<Connection['now']> {
    const [row] = await this.rowsOf('SELECT SYSTIMESTAMP FROM DUAL')
    const moment = momentOf(row?.[0])
    if (moment !== null) return { ms: moment.ms, nanos: moment.nanos, hasZone: true }
    throw databaseError(`Oracle answered no time: ${String(row?.[0])}`, { retriable: false })
  }

  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    void this.#breakAndCut()
    this.#gone.abort()
  }

  async close(): Promise<void> {
    if (this.#aborted) return
    this.#aborted = true
    try {
      await within(this.#clock, this.#session.close(), CLOSE_LIMIT_MS, () =>
        databaseError('no farewell in time', { retriable: true })
      )
    } catch {
      // Whether the server heard the farewell does not matter: the connection goes either way.
      cutSession(this.#session)
    }
  }

  /** All rows of a small statement; none when it answers no rows. */
  async rowsOf(sql: string, binds: readonly unknown[] = []): Promise<Row[]> {
    return await this.#bounded('answer', sql, async () => {
      const { resultSet } = await this.#session.execute(sql, binds, {
        resultSet: /^SELECT/i.test(sql),
        outFormat: this.#driver.OUT_FORMAT_ARRAY,
        fetchArraySize: DICTIONARY_ROWS,
        fetchTypeHandler: fetchType(this.#driver)
      })
      if (resultSet === undefined) return []
      const all: Row[] = []
      for (;;) {
        const rows = await resultSet.getRows(DICTIONARY_ROWS)
        for (const row of rows) all.push(row)
        if (rows.length < DICTIONARY_ROWS) break
      }
      await resultSet.close()
      return all
    })
  }

  #stream(result: OracleResultSet, size: BatchSize, sql: string): RowStream {
    let open = true
    const end = async (): Promise<void> => {
      if (!open) return
      open = false
      await this.#bounded('end a query', sql, async () => {
        await result.close()
        await this.#session.rollback()
      })
    }
    return {
      columns: result.metaData.map(fieldColumn),
      next: async () => {
        if (!open) return null
        const rows = await this.#use('read rows', sql, () => result.getRows(size.rows))
        size.seen(rows)
        if (rows.length > 0) return rows
        await end()
        return null
      },
      close: end
    }
  }

  /** A server without transactions that only read serves all the same, unless another kind was asked for. */
  async #beginTransaction(): Promise<void> {
    const { sql, isWanted } = this.#transaction
    if (this.#readsAnyhow) return
    try {
      await this.#bounded('answer', sql, () => this.#session.execute(sql, [], {}))
    } catch (error) {
      if (isWanted || !isRefusal(error)) throw error
      this.#readsAnyhow = true
      this.#log.warn(
        `Oracle refused a transaction that only reads, queries run without: ${messageOf(error)}`
      )
    }
  }

  #bounded<T>(what: string, sql: string, work: () => Promise<T>): Promise<T> {
    return this.#use(what, sql, () =>
      within(this.#clock, work(), DICTIONARY_LIMIT_MS, () => {
        this.abort()
        return databaseError(`no answer in ${DICTIONARY_LIMIT_MS} ms`, { retriable: true })
      })
    )
  }

  /** Uses the driver's session; when it does not answer in `limitMs` all is over. `convert` makes errors. */
  call<T>(
    work: (session: OracleSession, driver: OracleDriver) => Promise<T>,
    limitMs: number,
    convert: (error: unknown) => ConnectError
  ): Promise<T> {
    const bounded = (): Promise<T> =>
      within(this.#clock, work(this.#session, this.#driver), limitMs, () => {
        this.abort()
        return databaseError(`Oracle did not answer in ${limitMs} ms`, {
          retriable: true,
          errorClass: 'outage'
        })
      })
    return this.#use('write', '', bounded, convert)
  }

  /** What the user's dictionary says of names and targets. */
  get questions(): OracleQuestions {
    return this.#questions
  }

  /** The schema that names without one mean. */
  currentSchema(): Promise<string> {
    return this.#dictionary.currentSchema()
  }

  async #use<T>(
    what: string,
    sql: string,
    work: () => Promise<T>,
    convert = (error: unknown): ConnectError => oracleError(error, `Oracle did not ${what}`, sql)
  ): Promise<T> {
    if (this.#aborted) throw abortedError()
    try {
      return await abortable(work(), this.#gone.signal, abortedError)
    } catch (error) {
      if (this.#aborted && !(error instanceof ConnectError)) throw abortedError()
      throw convert(error)
    }
  }

  /** The break ends the query on the server; the connection is cut in any case. */
  async #breakAndCut(): Promise<void> {
    try {
      await within(this.#clock, this.#session.breakExecution(), BREAK_LIMIT_MS, () =>
        databaseError('no answer to a break', { retriable: true })
      )
      await within(this.#clock, this.#session.close({ drop: true }), BREAK_LIMIT_MS, () =>
        databaseError('no farewell in time', { retriable: true })
      )
    } catch {
      // A server that cannot be asked ends the query when it finds nobody there.
    } finally {
      cutSession(this.#session)
    }
  }
}

/** Closes the socket, which the driver's own `close` does only after a farewell. */
function cutSession(session: OracleSession): void {
  const { _impl } = session as unknown as {
    _impl?: { nscon?: { forceDisconnect?(): void } }
  }
  _impl?.nscon?.forceDisconnect?.()
}

const READ_ONLY = 'SET TRANSACTION READ ONLY'

interface OracleTransaction {
  readonly sql: string
  /** Asked for by name: without it nothing is read. */
  readonly isWanted: boolean
}

function transactionOf(isolation: IsolationMode, log: Logger): OracleTransaction {
  const readOnly = { sql: READ_ONLY, isWanted: false }
  switch (isolation) {
    case 'SERIALIZABLE':
      return { sql: 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', isWanted: true }
    case 'SQL_SERVER_SNAPSHOT':
      throw new ConfigError(
        'Isolation mode of `SQL_SERVER_SNAPSHOT` can only be configured with a Sql Server Dialect'
      )
    case 'READ_UNCOMMITTED':
    case 'REPEATABLE_READ':
      log.warn(`Oracle has no isolation level ${isolation}: each query reads one snapshot`)
      return readOnly
    case 'DEFAULT':
    case 'READ_COMMITTED':
      return readOnly
  }
}
