import type { Client, QueryArrayResult } from 'pg'
import {
  abortedError,
  databaseError,
  type Dialect,
  type Row,
  type TableId
} from '../../database/database.ts'
import type { SinkOffsets, SinkOffsetsPlace } from '../../database/sink-offsets.ts'
import type {
  TargetTable,
  WriterOptions,
  WriteRow,
  WriteSession,
  WriteShape
} from '../../database/writing.ts'
import { PostgresConnection, type PostgresSettings, TEXT } from './connection.ts'
import { CopyIn } from './copy-in.ts'
import { literal } from './literal.ts'
import { postgresTargetTable } from './target-table.ts'
import { postgresWriteError } from './write-errors.ts'
import { copyPieces, tableSql, unnestChunks, writeStatement } from './write-statements.ts'
import { SqlOffsets } from '../shared/sql-offsets.ts'
import { postgresOffsetWords } from './offset-words.ts'

/** So much later than the server should have given up, this side does: the server is not there then. */
const GRACE_MS = 5000
const SAVEPOINT = 'kafka_connect_rows'

/** As `PostgresConnection`, and writes. The settings of a transaction go with it, as there. */
export class PostgresWriteSession extends PostgresConnection implements WriteSession {
  readonly #options: WriterOptions
  #hasSavepoint = false

  constructor(
    dialect: Dialect,
    client: Client,
    settings: PostgresSettings,
    options: WriterOptions
  ) {
    super(dialect, client, settings)
    this.#options = options
  }

  async describeTarget(table: TableId): Promise<TargetTable | null> {
    const searchPath = this.settings.settings.get('search_path') ?? null
    return await postgresTargetTable((sql, binds) => this.rowsOf(sql, binds), table, searchPath)
  }

  async begin(): Promise<void> {
    const { isolation } = this.settings
    const level = isolation === 'DEFAULT' ? '' : ` ISOLATION LEVEL ${isolation.replace('_', ' ')}`
    this.#hasSavepoint = false
    await this.#run(`BEGIN${level}; ${this.#limits()}`, 'begin a transaction')
  }

  async commit(): Promise<void> {
    const { command } = await this.#run('COMMIT', 'commit')
    // Of a transaction in which something failed the server takes COMMIT for ROLLBACK, and says so only here.
    if (command !== 'COMMIT') {
      throw databaseError('PostgreSQL rolled the transaction back instead of committing it', {
        retriable: false,
        errorClass: 'unknown'
      })
    }
  }

  async rollback(): Promise<void> {
    this.#hasSavepoint = false
    await this.#run('ROLLBACK', 'roll back')
  }

  async savepoint(): Promise<void> {
    const release = this.#hasSavepoint ? `RELEASE SAVEPOINT ${SAVEPOINT}; ` : ''
    await this.#run(`${release}SAVEPOINT ${SAVEPOINT}`, 'set a savepoint')
    this.#hasSavepoint = true
  }

  async rollbackToSavepoint(): Promise<boolean> {
    if (!this.#hasSavepoint) return false
    await this.#run(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`, 'go back to a savepoint')
    return true
  }

  async write(shape: WriteShape, rows: readonly WriteRow[]): Promise<void> {
    const statement = writeStatement(shape)
    if (statement === null) return
    const { sql, form } = statement
    if (rows.length === 0) return
    if (form === 'copy') return await this.#copy(sql, shape, rows)
    for (const binds of unnestChunks(shape, rows)) await this.#query(sql, binds, writing(shape))
  }

  async #copy(sql: string, shape: WriteShape, rows: readonly WriteRow[]): Promise<void> {
    const copy = new CopyIn(sql, copyPieces(shape, rows))
    const work = copy.done.catch((error: unknown) => {
      throw postgresWriteError(error, `PostgreSQL did not ${writing(shape)}`, {
        sql,
        copied: shape.table.id.table
      })
    })
    this.client.query(copy)
    await this.#bounded(work, writing(shape), sql)
  }

  offsets(place: SinkOffsetsPlace): SinkOffsets {
    return new SqlOffsets(this, place, postgresOffsetWords, () => this.#endStalled(place.table))
  }

  /**
   * Ends sessions of this user that hold rows of the table and have stood still within a COPY for longer than
   * a transaction may be idle: while a server waits for rows of a COPY, none of its own limits acts, and a
   * process that is frozen would keep its locks for ever.
   */
  async #endStalled(table: TableId): Promise<void> {
    const { idleTransactionMs } = this.#options
    if (idleTransactionMs === undefined) return
    await this.ask(
      `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid IN (SELECT pid FROM pg_locks WHERE granted AND relation = $1::text::regclass AND mode = 'RowExclusiveLock') AND pid <> pg_backend_pid() AND usename = current_user AND state = 'active' AND wait_event = 'ClientRead' AND query_start < clock_timestamp() - $2::text::bigint * interval '1 millisecond'`,
      [tableSql({ id: table }), String(idleTransactionMs)]
    )
  }

  async execute(sql: string): Promise<void> {
    await this.#run(`${this.#limits()}; ${sql}`, 'change the schema', sql)
  }

  async ask(
    sql: string,
    binds: readonly unknown[]
  ): Promise<{ rows: unknown[][]; affected: number }> {
    const { rows, rowCount } = await this.#query(sql, binds, 'answer')
    return { rows: rows as Row[], affected: rowCount ?? 0 }
  }

  override errorOf(error: unknown, what: string, sql: string): Error {
    return postgresWriteError(error, what, { sql })
  }

  /** For this transaction alone: behind a pool the session is also others'. */
  #limits(): string {
    const { writeTimeoutMs, idleTransactionMs, lastsLater } = this.#options
    const ms = String(writeTimeoutMs)
    const all = [...this.settings.settings, ['lock_timeout', ms], ['statement_timeout', ms]]
    if (idleTransactionMs !== undefined) {
      all.push(['idle_in_transaction_session_timeout', String(idleTransactionMs)])
    }
    if (lastsLater === true) all.push(['synchronous_commit', 'off'])
    const calls = all.map(
      ([name = '', value = '']) => `set_config(${literal(name)}, ${literal(value)}, true)`
    )
    return `SELECT ${calls.join(', ')}`
  }

  /** Statements without parameters; answers the result of the last one. */
  async #run(text: string, what: string, sql = text): Promise<{ command: string }> {
    const answer: unknown = await this.#bounded(this.client.query(text), what, sql)
    return (Array.isArray(answer) ? answer.at(-1) : answer) as { command: string }
  }

  #query(sql: string, binds: readonly unknown[], what: string): Promise<QueryArrayResult> {
    const work = this.client.query({
      text: sql,
      values: [...binds],
      rowMode: 'array' as const,
      types: TEXT
    })
    return this.#bounded(work, what, sql)
  }

  #bounded<T>(work: Promise<T>, what: string, sql: string): Promise<T> {
    return this.answer(work, this.#options.writeTimeoutMs + GRACE_MS, what, sql)
  }

  protected override abortedError(): Error {
    return databaseError(abortedError().message, { retriable: true, errorClass: 'outage' })
  }
}

const writing = ({ table }: WriteShape): string => `write rows to ${table.id.table}`
