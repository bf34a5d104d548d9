import { ConnectError, DataError, messageOf } from '../../../../errors.ts'
import { databaseError, type Row, type TableId } from '../../database/database.ts'
import type { SinkOffsets, SinkOffsetsPlace } from '../../database/sink-offsets.ts'
import type {
  TargetTable,
  WriteRow,
  WriterOptions,
  WriteSession,
  WriteShape
} from '../../database/writing.ts'
import { MysqlConnection, type MysqlParts } from './connection.ts'
import { mysqlTargetTable } from './target-table.ts'
import { classified, mysqlWriteError } from './write-errors.ts'
import { literalOf } from './write-literals.ts'
import { type MysqlWords, OPERATIONS, statementOf, statementText } from './write-statements.ts'
import { startOfWriting, type ServerFacts } from './write-start.ts'
import { SqlOffsets } from '../shared/sql-offsets.ts'
import { mysqlOffsetWords } from './offset-words.ts'

/** Bytes of a statement; fewer where the server takes no more. */
const STATEMENT_BYTES = 8 * 1024 * 1024
/** The server ends statements by itself; when it does not answer in this time beyond that, it is away. */
const GRACE_MS = 5000
/** For what else there is in a packet. */
const PACKET_BYTES = 1024
const SAVEPOINT = 'kafka_batch'

interface Failed {
  readonly error: unknown
  readonly shape: WriteShape
  /** Of the statement's first row. */
  readonly at: number
}

/** A session that writes: rows travel as literals in the text of few statements. */
export class MysqlWriteSession extends MysqlConnection implements WriteSession {
  readonly #limitMs: number
  readonly #idleMs: number | null
  #server: ServerFacts | null = null
  /** An error may have ended the transaction on the server, and what follows would commit by itself. */
  #state: 'none' | 'open' | 'failed' = 'none'
  /** Tables of which the number of a refused row is the one in the statement: nothing else runs with them. */
  readonly #tellRows = new WeakSet<TargetTable>()

  constructor(parts: MysqlParts, options: WriterOptions) {
    super(parts)
    this.#limitMs = options.writeTimeoutMs
    this.#idleMs = options.idleTransactionMs ?? null
  }

  /** Settings that statements depend on (I16: nothing is cut or rounded by a server that is not strict). */
  async start(hasIsolation: boolean): Promise<void> {
    this.#server = await startOfWriting(
      async (sql) => (await this.#send(sql, null, 'prepare the session')).rows,
      { limitMs: this.#limitMs, idleMs: this.#idleMs, hasIsolation }
    )
  }

  async describeTarget(table: TableId): Promise<TargetTable | null> {
    const described = await this.#described(table)
    if (described === null) return null
    if (described.triggersAreSeen && !described.table.hasTriggers) {
      this.#tellRows.add(described.table)
    }
    return described.table
  }

  async #described(table: TableId): ReturnType<typeof mysqlTargetTable> {
    try {
      const catalog = table.catalog ?? (await this.currentDatabase())
      const ask = (sql: string, binds: unknown[]): Promise<Row[]> => this.run(sql, binds)
      return await mysqlTargetTable(ask, { ...table, catalog }, this.#facts.isMariaDb)
    } catch (error) {
      throw classified(error)
    }
  }

  async begin(): Promise<void> {
    await this.#send('START TRANSACTION', null, 'begin a transaction')
    this.#state = 'open'
  }

  async commit(): Promise<void> {
    this.#mustBeOpen()
    await this.#send('COMMIT', null, 'commit')
    this.#state = 'none'
  }

  async rollback(): Promise<void> {
    await this.#send('ROLLBACK', null, 'roll back')
    this.#state = 'none'
  }

  async savepoint(): Promise<void> {
    this.#mustBeOpen()
    await this.#send(`SAVEPOINT ${SAVEPOINT}`, null, 'set a savepoint')
  }

  async rollbackToSavepoint(): Promise<boolean> {
    try {
      await this.#send(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`, null, 'go back to a savepoint')
      this.#state = 'open'
      return true
    } catch (error) {
      // The server ended the transaction, as it does after a deadlock, and its savepoints with it.
      if (codeOf(error) === NO_SAVEPOINT) return false
      throw error
    }
  }

  async write(shape: WriteShape, rows: readonly WriteRow[]): Promise<void> {
    this.#mustBeOpen()
    mustHaveKey(shape)
    const statement = statementOf(shape, this.#facts)
    if (statement === null) return
    const literals = shape.columns.map(literalOf)
    const { before, open, close, between, after, mostRows } = statement
    const most = Math.min(STATEMENT_BYTES, this.#facts.packetBytes - PACKET_BYTES)
    const around = Buffer.byteLength(before) + Buffer.byteLength(after)
    let from = 0
    let texts: string[] = []
    let bytes = around
    const flush = async (next: number): Promise<void> => {
      if (texts.length > 0)
        await this.#writeText(`${before}${texts.join(between)}${after}`, shape, from)
      texts = []
      bytes = around
      from = next
    }
    for (const [index, row] of rows.entries()) {
      const text = `${open}${rowText(shape, literals, row, index)}${close}`
      const size = Buffer.byteLength(text) + between.length
      if (around + size > this.#facts.packetBytes - PACKET_BYTES) throw tooLarge(shape, index)
      if (texts.length >= mostRows || bytes + size > most) await flush(index)
      texts.push(text)
      bytes += size
    }
    await flush(rows.length)
  }

  offsets(place: SinkOffsetsPlace): SinkOffsets {
    return new SqlOffsets(this, place, mysqlOffsetWords)
  }

  async execute(sql: string): Promise<void> {
    await this.#send(sql, null, 'change the structure')
  }

  async ask(
    sql: string,
    binds: readonly unknown[]
  ): Promise<{ rows: unknown[][]; affected: number }> {
    if (this.#state === 'failed') this.#mustBeOpen()
    return await this.#send(sql, binds, 'answer')
  }

  async #writeText(text: string, shape: WriteShape, from: number): Promise<void> {
    try {
      await this.change(text, null, this.#limitMs + GRACE_MS, (error) => error as ConnectError)
    } catch (error) {
      this.#state = 'failed'
      const rowIndex = await this.#refusedRow({ error, shape, at: from })
      const what = `MySQL could not ${OPERATIONS[shape.operation]} ${labelOf(shape.table.id)}`
      throw mysqlWriteError(error, metByOther(error, shape) ? `${what}: ${OTHER_ROW}` : what, {
        sql: statementText(shape, this.#facts),
        ...(rowIndex === null ? {} : { rowIndex })
      })
    }
  }

  async #refusedRow({ error, shape, at }: Failed): Promise<number | null> {
    const { operation, table } = shape
    if (error instanceof ConnectError) return null
    if ((operation !== 'insert' && operation !== 'upsert') || !this.#tellRows.has(table))
      return null
    const row = this.#facts.tellsRow
      ? await this.#rowOfDiagnostics()
      : Number(/ at row (\d+)$/.exec(messageOf(error))?.[1] ?? 0)
    return row > 0 ? at + row - 1 : null
  }

  /** MariaDB numbers the rows of an INSERT for every kind of error. */
  async #rowOfDiagnostics(): Promise<number> {
    try {
      await this.#send('GET DIAGNOSTICS CONDITION 1 @kafka_row = ROW_NUMBER', null, 'answer')
      const { rows } = await this.#send('SELECT @kafka_row', null, 'answer')
      return Number(rows[0]?.[0] ?? 0)
    } catch {
      // The session has gone with the error that was asked about, which is the one to tell of.
      return 0
    }
  }

  async #send(
    sql: string,
    binds: readonly unknown[] | null,
    what: string
  ): Promise<{ rows: unknown[][]; affected: number }> {
    try {
      return await this.change(sql, binds, this.#limitMs + GRACE_MS, (error) =>
        mysqlWriteError(error, `MySQL could not ${what}`)
      )
    } catch (error) {
      if (this.#state === 'open') this.#state = 'failed'
      throw error
    }
  }

  #mustBeOpen(): void {
    if (this.#state === 'open') return
    throw databaseError('The transaction with MySQL was not begun, or failed before', {
      retriable: false,
      errorClass: 'unknown'
    })
  }

  get #facts(): ServerFacts & MysqlWords {
    if (this.#server === null) throw new Error('the session was not started')
    return this.#server
  }
}

const NO_SAVEPOINT = 1305
/** NULL, and a number that is too large. */
const KEY_REFUSED = [1048, 1264]
const OTHER_ROW = 'another row has the same value in another unique key'

/** An upsert gives a key such a value for one reason alone: those of rows fit their columns. */
function metByOther(error: unknown, { operation, columns, keyColumns }: WriteShape): boolean {
  const { errno = 0, message = '' } = error as { errno?: number; message?: string }
  return (
    operation === 'upsert' &&
    KEY_REFUSED.includes(errno) &&
    columns.slice(0, keyColumns).some(({ name }) => message.includes(`'${name}'`))
  )
}

function codeOf(error: unknown): unknown {
  return error instanceof ConnectError ? error.facts['code'] : null
}

/** Without such a key the server would add a row each time. The keys below a view are not known. */
function mustHaveKey({ operation, table, columns, keyColumns }: WriteShape): void {
  if (operation !== 'upsert' || table.kind === 'view') return
  const key = columns.slice(0, keyColumns).map(({ name }) => name)
  const isKey = (of: readonly string[]): boolean =>
    of.length === key.length && of.every((name) => key.includes(name))
  if (isKey(table.primaryKey) || table.uniqueKeys.some(isKey)) return
  throw databaseError(
    `${labelOf(table.id)} has no primary or unique key in (${key.join(', ')}), by which MySQL could upsert`,
    { retriable: false, errorClass: 'structure' }
  )
}

function rowText(
  { table, columns }: WriteShape,
  literals: readonly ReturnType<typeof literalOf>[],
  row: WriteRow,
  index: number
): string {
  let text = ''
  let at = 0
  try {
    for (const literal of literals) {
      text += at === 0 ? literal(row[at]) : `, ${literal(row[at])}`
      at += 1
    }
    return text
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    const what = `${labelOf(table.id)}, column ${columns[at]?.name ?? ''}: ${error.message}`
    throw databaseError(what, { retriable: false, errorClass: 'data', rowIndex: index })
  }
}

function tooLarge({ table }: WriteShape, rowIndex: number): ConnectError {
  return databaseError(
    `A row for ${labelOf(table.id)} is larger than the server's max_allowed_packet`,
    { retriable: false, errorClass: 'data', rowIndex }
  )
}

function labelOf({ catalog, table }: TableId): string {
  return catalog === null ? table : `${catalog}.${table}`
}
