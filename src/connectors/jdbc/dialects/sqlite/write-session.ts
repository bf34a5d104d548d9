import type { Dialect, OpenOptions, TableId } from '../../database/database.ts'
import type { SinkOffsets, SinkOffsetsPlace } from '../../database/sink-offsets.ts'
import type { TargetTable, WriteRow, WriteSession, WriteShape } from '../../database/writing.ts'
import { rowBytes } from '../shared/batch-size.ts'
import { SqliteConnection } from './connection.ts'
import { sqliteTargetTable } from './target-table.ts'
import type { SqliteThread } from './thread.ts'
import { sqliteWriteError } from './write-errors.ts'
import { boundRow, writeStatement } from './write-statements.ts'
import { SqlOffsets } from '../shared/sql-offsets.ts'
import { sqliteOffsetWords } from './offset-words.ts'

const SAVEPOINT = 'kafka_connect_rows'
/** What goes over to the thread at a time; it runs a prepared statement for each row. */
const SLICE_BYTES = 1024 * 1024
const SLICE_ROWS = 2000

/** As `SqliteConnection`, and writes. */
export class SqliteWriteSession extends SqliteConnection implements WriteSession {
  readonly #thread: SqliteThread
  #hasSavepoint = false

  constructor(dialect: Dialect, thread: SqliteThread, options: OpenOptions) {
    super(dialect, thread, options)
    this.#thread = thread
  }

  describeTarget(table: TableId): Promise<TargetTable | null> {
    return this.run(`describe table ${table.table}`, () =>
      sqliteTargetTable((sql, ...binds) => this.#thread.ask('all', { sql, binds }), table)
    )
  }

  /** Takes the lock for writing at once: one that is taken later may meet a change it has not seen. */
  async begin(): Promise<void> {
    this.#hasSavepoint = false
    await this.#exec('BEGIN IMMEDIATE', 'begin a transaction')
  }

  commit(): Promise<void> {
    return this.#exec('COMMIT', 'commit')
  }

  /** SQLite has rolled back by itself after some errors. */
  async rollback(): Promise<void> {
    this.#hasSavepoint = false
    await this.run('roll back', () => this.#thread.ask('rollback', {}))
  }

  async savepoint(): Promise<void> {
    const release = this.#hasSavepoint ? `RELEASE ${SAVEPOINT}; ` : ''
    await this.#exec(`${release}SAVEPOINT ${SAVEPOINT}`, 'set a savepoint')
    this.#hasSavepoint = true
  }

  async rollbackToSavepoint(): Promise<boolean> {
    if (!this.#hasSavepoint) return false
    const isOpen = await this.run('look for the transaction', () =>
      this.#thread.ask('inTransaction', {})
    )
    if (!isOpen) return false
    await this.#exec(`ROLLBACK TO ${SAVEPOINT}`, 'go back to a savepoint')
    return true
  }

  async write(shape: WriteShape, rows: readonly WriteRow[]): Promise<void> {
    const sql = writeStatement(shape)
    if (sql === null) return
    const what = `write rows to ${shape.table.id.table}`
    const bound = boundRow(shape)
    let slice: unknown[][] = []
    let bytes = 0
    let start = 0
    const send = async (): Promise<void> => {
      const request = { sql, rows: slice }
      try {
        await this.#thread.ask('write', request)
      } catch (error) {
        throw sqliteWriteError(error, `SQLite could not ${what}`, { sql, start })
      }
      start += slice.length
      slice = []
      bytes = 0
    }
    for (const row of rows) {
      const values = bound(row)
      slice.push(values)
      bytes += rowBytes(values)
      if (bytes >= SLICE_BYTES || slice.length >= SLICE_ROWS) await send()
    }
    if (slice.length > 0) await send()
  }

  offsets(place: SinkOffsetsPlace): SinkOffsets {
    return new SqlOffsets(this, place, sqliteOffsetWords)
  }

  execute(sql: string): Promise<void> {
    return this.#exec(sql, 'change the schema')
  }

  ask(sql: string, binds: readonly unknown[]): Promise<{ rows: unknown[][]; affected: number }> {
    return this.run('answer', () => this.#thread.ask('ask', { sql, binds }))
  }

  protected override errorOf(error: unknown, what: string): Error {
    return sqliteWriteError(error, what, { start: 0 })
  }

  async #exec(sql: string, what: string): Promise<void> {
    await this.run(what, () => this.#thread.ask('exec', { sql }))
  }
}
