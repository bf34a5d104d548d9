import { ConnectError, DataError } from '../../../../errors.ts'
import { abortable, within } from '../../../../wait.ts'
import { abortedError, databaseError, type Row, type TableId } from '../../database/database.ts'
import type { SinkOffsets, SinkOffsetsPlace } from '../../database/sink-offsets.ts'
import type {
  TargetTable,
  WriteRow,
  WriterOptions,
  WriteSession,
  WriteShape
} from '../../database/writing.ts'
import { SqlServerConnection, type SqlServerParts } from './connection.ts'
import { sqlServerTargetTable } from './target-table.ts'
import { classified, sqlServerWriteError } from './write-errors.ts'
import {
  PLACE,
  STAGE,
  type StagedStatement,
  stagedStatement,
  stageName
} from './write-statements.ts'
import { SqlOffsets } from '../shared/sql-offsets.ts'
import { sqlServerOffsetWords } from './offset-words.ts'

/** The server gives up waits for locks by itself; without an answer in this time beyond that, it is away. */
const GRACE_MS = 5000
const CHUNK_BYTES = 8 * 1024 * 1024
const CHUNK_ROWS = 10_000
/** What a value without a length takes, about. */
const VALUE_BYTES = 16
const SAVEPOINT = 'kafka_batch'
/** Nothing is decided by the server's defaults: an error undoes its statement, and no more if that can be. */
const START = 'SET XACT_ABORT OFF; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET ANSI_PADDING ON'

interface Answer {
  readonly rows: Row[]
  readonly affected: number
}

/**
 * A session that writes: rows are loaded in bulk into a table of the session, where each value is of a type
 * the driver carries without loss, and written from there by a statement that makes the column's type of it.
 */
export class SqlServerWriteSession extends SqlServerConnection implements WriteSession {
  readonly #parts: SqlServerParts
  readonly #limitMs: number
  readonly #gone = new AbortController()

  constructor(parts: SqlServerParts, options: WriterOptions) {
    super(parts)
    this.#parts = parts
    this.#limitMs = options.writeTimeoutMs
  }

  async start(): Promise<void> {
    await this.#batch('prepare the session', `${START}; SET LOCK_TIMEOUT ${this.#limitMs}`)
  }

  async describeTarget(table: TableId): Promise<TargetTable | null> {
    try {
      return await sqlServerTargetTable((sql, binds) => this.rowsOf(sql, binds), table)
    } catch (error) {
      throw classified(error)
    }
  }

  async begin(): Promise<void> {
    await this.#batch('begin a transaction', 'BEGIN TRANSACTION')
  }

  async commit(): Promise<void> {
    await this.#batch('commit', 'COMMIT TRANSACTION')
  }

  async rollback(): Promise<void> {
    await this.#batch('roll back', 'IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION')
  }

  async savepoint(): Promise<void> {
    await this.#batch('set a savepoint', `SAVE TRANSACTION ${SAVEPOINT}`)
  }

  /** Some errors doom the transaction: it can only be rolled back as a whole then. */
  async rollbackToSavepoint(): Promise<boolean> {
    const { rows } = await this.#batch(
      'go back to a savepoint',
      `IF XACT_STATE() = 1 ROLLBACK TRANSACTION ${SAVEPOINT}; SELECT CONVERT(int, XACT_STATE())`
    )
    return rows[0]?.[0] === 1
  }

  async write(shape: WriteShape, rows: readonly WriteRow[]): Promise<void> {
    const statement = stagedStatement(shape)
    if (statement === null) return
    const what = `write rows (${shape.operation}) to ${shape.table.id.schema ?? 'dbo'}.${shape.table.id.table}`
    for (const chunk of chunksOf(shape, statement, rows)) {
      await this.#batch(what, statement.create)
      await this.#load(what, statement, chunk)
      await this.#batch(what, statement.apply)
    }
  }

  offsets(place: SinkOffsetsPlace): SinkOffsets {
    return new SqlOffsets(this, place, sqlServerOffsetWords)
  }

  async execute(sql: string): Promise<void> {
    await this.#batch('change the structure', sql)
  }

  async ask(
    sql: string,
    binds: readonly unknown[]
  ): Promise<{ rows: unknown[][]; affected: number }> {
    const { driver, session } = this.#parts
    return await this.#send('answer', (done) => {
      const request = new driver.Request(sql, done.over)
      request.on('row', done.row)
      for (const [index, value] of binds.entries()) {
        request.addParameter(`p${index + 1}`, driver.TYPES.NVarChar, value)
      }
      session.execSql(request)
    })
  }

  override abort(): void {
    super.abort()
    this.#gone.abort()
  }

  async #batch(what: string, sql: string): Promise<Answer> {
    const { driver, session } = this.#parts
    return await this.#send(
      what,
      (done) => {
        const request = new driver.Request(sql, done.over)
        request.on('row', done.row)
        // Not by a procedure: what it made would end with it, tables and settings alike.
        session.execSqlBatch(request)
      },
      sql
    )
  }

  async #load(
    what: string,
    { columns }: StagedStatement,
    rows: readonly unknown[][]
  ): Promise<void> {
    const { driver, session } = this.#parts
    await this.#send(what, (done) => {
      const load = session.newBulkLoad(STAGE, { keepNulls: true }, done.over)
      load.addColumn(PLACE, driver.TYPES.Int, { nullable: false })
      for (const [index, { type, length }] of columns.entries()) {
        const size = length === null ? {} : { length }
        load.addColumn(stageName(index), driver.TYPES[type], { nullable: true, ...size })
      }
      session.execBulkLoad(load, rows)
    })
  }

  async #send(
    what: string,
    start: (done: {
      over: (error?: Error | null, rowCount?: number) => void
      row: (columns: readonly { value: unknown }[]) => void
    }) => void,
    sql?: string
  ): Promise<Answer> {
    if (this.#gone.signal.aborted) throw classified(abortedError())
    const rows: Row[] = []
    const work = new Promise<Answer>((resolve, reject) => {
      start({
        over: (error, rowCount = 0) => {
          if (error === null || error === undefined) resolve({ rows, affected: rowCount })
          else reject(error)
        },
        row: (columns) => void rows.push(columns.map(({ value }) => value))
      })
    })
    const limitMs = this.#limitMs + GRACE_MS
    try {
      return await within(
        this.#parts.clock,
        abortable(work, this.#gone.signal, abortedError),
        limitMs,
        () => {
          this.abort()
          return databaseError(`SQL Server did not answer in ${limitMs} ms`, {
            retriable: true,
            errorClass: 'outage'
          })
        }
      )
    } catch (error) {
      if (this.#gone.signal.aborted && !(error instanceof ConnectError))
        throw classified(abortedError())
      throw sqlServerWriteError(
        error,
        `SQL Server did not ${what}`,
        sql === undefined ? {} : { sql }
      )
    }
  }
}

/** Rows in the driver's forms, numbered, in parts that a load may have. */
function* chunksOf(
  shape: WriteShape,
  { columns }: StagedStatement,
  rows: readonly WriteRow[]
): Generator<unknown[][]> {
  let chunk: unknown[][] = []
  let bytes = 0
  for (const [index, row] of rows.entries()) {
    const values = columns.map((column, at) => {
      const value = row[at]
      if (value === null || value === undefined) return null
      try {
        return column.value(value)
      } catch (error) {
        if (!(error instanceof DataError)) throw error
        throw databaseError(`Column ${shape.columns[at]?.name ?? ''}: ${error.message}`, {
          retriable: false,
          errorClass: 'data',
          rowIndex: index
        })
      }
    })
    const size = values.reduce<number>((sum, value) => sum + bytesOf(value), 0)
    if (chunk.length > 0 && (bytes + size > CHUNK_BYTES || chunk.length >= CHUNK_ROWS)) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push([index, ...values])
    bytes += size
  }
  if (chunk.length > 0) yield chunk
}

/** Texts travel as UTF-16. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length
  return value instanceof Uint8Array ? value.length : VALUE_BYTES
}
