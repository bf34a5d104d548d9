import { OracleError } from '../oracle-error.ts'
import type { OpenQuery, SqlSession } from '../sql/session.ts'
import type { ByteReader } from '../wire/byte-reader.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import { type BatchError, writeCallEnd, writeParameters, writeRowHeader } from './answers.ts'
import { bindType, bindValue } from './bind-values.ts'
import { writeDescription, writeValue } from './columns.ts'
import { type Cursor, needsDefine, sameColumns } from './cursor.ts'
import {
  type ExecuteRequest,
  OPTION,
  readBindRows,
  readExecute,
  readReExecute
} from './execute-request.ts'
import type { ClientForm } from './handshake.ts'
import { answerLobRequest, Lobs, readLobRequest } from './lobs.ts'
import type { Piggybacks } from './piggybacks.ts'
import type { ServerState } from './server-state.ts'
import type { Session } from './session.ts'

const CALL = {
  RE_EXECUTE: 4,
  FETCH: 5,
  COMMIT: 14,
  ROLLBACK: 15,
  RE_EXECUTE_AND_FETCH: 78,
  EXECUTE: 94,
  LOB: 96,
  PING: 147
} as const
const ROW = 7
const NO_MORE_ROWS = 1403

type Work = (signal: AbortSignal) => Promise<Buffer | null>

/** The calls of a session that is logged on. */
export class Calls {
  readonly sql: SqlSession
  readonly #session: Session
  readonly #server: ServerState
  readonly #form: ClientForm
  readonly #cursors = new Map<number, Cursor>()
  readonly #lobs = new Lobs()
  #lastCursor = 0

  constructor(sql: SqlSession, session: Session, server: ServerState, form: ClientForm) {
    this.sql = sql
    this.#session = session
    this.#server = server
    this.#form = form
  }

  applyPiggybacks(piggybacks: Piggybacks): void {
    for (const id of [...piggybacks.closedCursors, ...piggybacks.cancelledCursors]) {
      const cursor = this.#cursors.get(id)
      cursor?.open?.close()
      if (cursor !== undefined) cursor.open = null
    }
    for (const id of piggybacks.closedCursors) this.#cursors.delete(id)
    for (const locator of piggybacks.freedLobs) this.#lobs.free(locator)
    if (piggybacks.schema !== null) this.sql.schema = piggybacks.schema
    for (const [name, value] of piggybacks.attributes) this.sql.attributes.set(name, value)
  }

  get openCursors(): number {
    return this.#cursors.size
  }

  /** Reads a call as a whole; the work answers it. */
  read(reader: ByteReader, call: number, sequence: number): Work {
    switch (call) {
      case CALL.EXECUTE: {
        const request = readExecute(reader, this.#form)
        return (signal) => this.#execute(request, sequence, signal)
      }
      case CALL.RE_EXECUTE:
      case CALL.RE_EXECUTE_AND_FETCH: {
        const { cursor, count, commit } = readReExecute(reader)
        const fetches = call === CALL.RE_EXECUTE_AND_FETCH
        const known = this.#cursors.get(cursor)
        const binds = known?.binds ?? []
        const isQuery = known?.statement.kind === 'query'
        const executions = isQuery ? 1 : count
        const bindRows = binds.length === 0 ? [] : readBindRows(reader, binds, executions)
        const options = OPTION.EXECUTE | (fetches ? OPTION.FETCH : 0) | (commit ? OPTION.COMMIT : 0)
        const request: ExecuteRequest = {
          options,
          cursor,
          sql: null,
          executions,
          rows: fetches ? count : 0,
          wantsRowCounts: false,
          defines: [],
          binds,
          bindRows
        }
        return (signal) => this.#execute(request, sequence, signal)
      }
      case CALL.FETCH: {
        const id = reader.ub()
        const rows = reader.ub()
        return (signal) => this.#fetch(id, rows, sequence, signal)
      }
      case CALL.LOB: {
        const request = readLobRequest(reader)
        return () =>
          this.#answer(sequence, 0, (writer) => {
            answerLobRequest(writer, request, this.#lobs)
            return Promise.resolve(true)
          })
      }
      case CALL.COMMIT:
        return (signal) => this.#simple('commit', sequence, signal, () => this.sql.commit())
      case CALL.ROLLBACK:
        return (signal) => this.#simple('rollback', sequence, signal, () => this.sql.rollback())
      case CALL.PING:
        return (signal) => this.#simple('ping', sequence, signal, () => undefined)
      default:
        throw new OracleError(3001)
    }
  }

  #simple(
    point: 'commit' | 'rollback' | 'ping',
    sequence: number,
    signal: AbortSignal,
    act: () => void
  ): Promise<Buffer | null> {
    return this.#answer(sequence, 0, async () => {
      if (!(await this.#session.strike(point, point, signal))) return false
      act()
      return true
    })
  }

  /** Writes an answer; an error of Oracle's ends it. `write` answers false when the connection is gone. */
  async #answer(
    sequence: number,
    cursor: number,
    write: (writer: ByteWriter) => Promise<boolean>
  ): Promise<Buffer | null> {
    const writer = new ByteWriter()
    let error: OracleError | null = null
    try {
      if (!(await write(writer))) return null
    } catch (thrown) {
      if (!(thrown instanceof OracleError)) throw thrown
      error = thrown
    }
    writeCallEnd(
      writer,
      { sequence, inTransaction: this.sql.inTransaction, cursor, error },
      this.#form
    )
    return Buffer.from(writer.view())
  }

  #parse(request: ExecuteRequest): Cursor {
    const known = this.#cursors.get(request.cursor)
    if (request.sql === null) {
      if (known === undefined) throw new OracleError(1001)
      return known
    }
    const statement = this.sql.prepare(request.sql)
    known?.open?.close()
    const id = known?.id ?? ++this.#lastCursor
    const cursor: Cursor = {
      id,
      sql: request.sql,
      statement,
      binds: [],
      defines: [],
      described: null,
      open: null,
      fetched: 0,
      asked: null
    }
    this.#cursors.set(id, cursor)
    return cursor
  }

  async #execute(
    request: ExecuteRequest,
    sequence: number,
    signal: AbortSignal
  ): Promise<Buffer | null> {
    const writer = new ByteWriter()
    let cursor: Cursor | null = null
    try {
      cursor = this.#parse(request)
      if (request.binds.length > 0) cursor.binds = request.binds
      if (request.defines.length > 0) cursor.defines = request.defines
      const executes = (request.options & OPTION.EXECUTE) !== 0
      const point = executes ? 'execute' : 'describe'
      if (!(await this.#session.strike(point, cursor.sql, signal))) return null
      if (executes) cursor.asked = this.#server.note(this.sql.user, cursor.sql)
      if (cursor.statement.kind === 'query') {
        return await this.#query(writer, cursor, request, sequence, signal)
      }
      if (!executes) {
        writeCallEnd(
          writer,
          { sequence, inTransaction: this.sql.inTransaction, cursor: cursor.id },
          this.#form
        )
        return Buffer.from(writer.view())
      }
      return await this.#change(writer, cursor, request, sequence, signal)
    } catch (error) {
      if (!(error instanceof OracleError)) throw error
      const end = {
        sequence,
        inTransaction: this.sql.inTransaction,
        cursor: cursor?.id ?? 0,
        error
      }
      const answer = new ByteWriter()
      writeCallEnd(answer, end, this.#form)
      return Buffer.from(answer.view())
    }
  }

  async #query(
    writer: ByteWriter,
    cursor: Cursor,
    request: ExecuteRequest,
    sequence: number,
    signal: AbortSignal
  ): Promise<Buffer | null> {
    if ((request.options & OPTION.EXECUTE) !== 0) {
      cursor.open?.close()
      const values = cursor.binds.map((shape, index) =>
        bindValue(shape, request.bindRows[0]?.[index] ?? null, this.#lobs)
      )
      const outcome = await this.sql.run(cursor.statement, values, signal)
      if (outcome.kind !== 'query') throw new OracleError(600, ['query without rows'])
      cursor.open = outcome.query
      cursor.fetched = 0
      this.#describe(writer, cursor, outcome.query.columns)
    } else if ((request.options & (OPTION.DESCRIBE | OPTION.PARSE)) !== 0) {
      const columns = this.sql.describe(cursor.statement, cursor.binds.map(bindType))
      this.#describe(writer, cursor, columns)
    }
    const { open } = cursor
    let ended = false
    const fetches = (request.options & OPTION.FETCH) !== 0 && open !== null
    if (fetches && !needsDefine(cursor, open.columns) && request.rows > 0) {
      const written = await this.#writeRows(writer, cursor, open, request.rows, signal)
      if (written === null) return null
      ended = written < request.rows
    }
    const facts = { cursor: cursor.id, scn: this.sql.scn, rowCounts: null }
    writeParameters(writer, facts)
    this.#endOfRows(writer, cursor, sequence, ended)
    return Buffer.from(writer.view())
  }

  #describe(writer: ByteWriter, cursor: Cursor, columns: OpenQuery['columns']): void {
    if (sameColumns(cursor.described, columns)) return
    if (cursor.described !== null) cursor.defines = []
    writeDescription(writer, columns, this.#form)
    cursor.described = columns
  }

  async #change(
    writer: ByteWriter,
    cursor: Cursor,
    request: ExecuteRequest,
    sequence: number,
    signal: AbortSignal
  ): Promise<Buffer> {
    const collects = (request.options & OPTION.BATCH_ERRORS) !== 0
    const batchErrors: BatchError[] = []
    const rowCounts: number[] = []
    let rowCount = 0
    let lastRowid: string | null = null
    let failure: OracleError | null = null
    for (let row = 0; row < request.executions && failure === null; row++) {
      try {
        const values = cursor.binds.map((shape, index) =>
          bindValue(shape, request.bindRows[row]?.[index] ?? null, this.#lobs)
        )
        const outcome = await this.sql.run(cursor.statement, values, signal)
        if (signal.aborted) throw new OracleError(1013)
        if (outcome.kind !== 'change') continue
        rowCounts.push(outcome.rowCount)
        rowCount += outcome.rowCount
        lastRowid = outcome.lastRowid ?? lastRowid
      } catch (error) {
        if (!(error instanceof OracleError)) throw error
        if (collects) {
          batchErrors.push({ row, error })
          rowCounts.push(0)
        } else failure = error
      }
    }
    if ((request.options & OPTION.COMMIT) !== 0 && failure === null) this.sql.commit()
    const inTransaction = this.sql.inTransaction
    if (failure === null) {
      const counts = request.wantsRowCounts ? rowCounts : null
      writeParameters(writer, { cursor: cursor.id, scn: this.sql.scn, rowCounts: counts })
    }
    const end = { sequence, inTransaction, cursor: cursor.id, rowCount, lastRowid, batchErrors }
    writeCallEnd(writer, { ...end, error: failure }, this.#form)
    return Buffer.from(writer.view())
  }

  #fetch(id: number, rows: number, sequence: number, signal: AbortSignal): Promise<Buffer | null> {
    const cursor = this.#cursors.get(id)
    return this.#answer(sequence, id, async (writer) => {
      if (cursor === undefined) throw new OracleError(1001)
      if (cursor.open === null) throw new OracleError(1002)
      const written = await this.#writeRows(writer, cursor, cursor.open, rows, signal)
      if (written === null) return false
      if (written < rows) throw new OracleError(NO_MORE_ROWS)
      return true
    })
  }

  /** Rows in message 7 each; null when the connection was dropped. */
  async #writeRows(
    writer: ByteWriter,
    cursor: Cursor,
    open: OpenQuery,
    rows: number,
    signal: AbortSignal
  ): Promise<number | null> {
    const { sql, fetched } = cursor
    if (!(await this.#session.strike('fetch', sql, signal, fetched))) return null
    if (signal.aborted) throw new OracleError(1013)
    const { columns } = open
    writeRowHeader(writer, columns.length, rows)
    const batch = open.next(rows)
    for (const row of batch) {
      writer.u8(ROW)
      for (const [index, { type }] of columns.entries()) {
        writeValue(writer, type, row[index] ?? null, cursor.defines[index] ?? null, this.#lobs)
      }
    }
    cursor.fetched += batch.length
    if (cursor.asked !== null) cursor.asked.rows += batch.length
    return batch.length
  }

  #endOfRows(writer: ByteWriter, cursor: Cursor, sequence: number, ended: boolean): void {
    const error = ended ? new OracleError(NO_MORE_ROWS) : null
    const inTransaction = this.sql.inTransaction
    const rowCount = cursor.fetched
    writeCallEnd(
      writer,
      { sequence, inTransaction, cursor: cursor.id, rowCount, error },
      this.#form
    )
  }
}
