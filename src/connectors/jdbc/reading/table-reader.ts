import { NO_HEADERS } from '../../../data/headers.ts'
import type { SourcePartition, SourceRecord } from '../../../data/record.ts'
import type { Struct } from '../../../data/struct.ts'
import { ConnectError, DataError, messageOf } from '../../../errors.ts'
import { RowCursor } from '../positions/cursor-value.ts'
import type { Column, Row, TableId } from '../database/database.ts'
import type { OpenQuery, Session } from '../sessions/session.ts'
import { readerShape } from '../queries/query-shape.ts'
import { RecordKey } from '../records/record-key.ts'
import type { LateCommitFacts } from '../late-commits/late-commit-facts.ts'
import type { LateCommitGuard, Plan } from '../late-commits/late-commit-guard.ts'
import { type RowIdentity, rowIdentity } from '../late-commits/look-back.ts'
import { progressOf, type Reading } from './progress-of.ts'
import { columnsText, RowConverter } from '../records/row-converter.ts'
import type { Emit, RowProgress } from '../positions/row-progress.ts'
import type { Position } from '../positions/source-offset.ts'
import type { Start } from '../positions/start-position.ts'
import type { TableSettings } from '../settings/table-settings.ts'
import { modeUsesTimestamp } from '../database/mode.ts'
import { endReading, limits, lookBackQuery, tableQuery, tiesQuery } from '../queries/table-query.ts'
import type { BoundQuery } from '../queries/bound-query.ts'
import { firstBroken, nameOfRow, readingError, rowError } from './reading-errors.ts'
import type { TableShape } from '../queries/table-shape.ts'
import type { Timestamp } from '../values/timestamp.ts'
import { hasSingleBounds } from '../sql/query-text.ts'

const LEFT_OUT = '; the row is left out'
const FAILS = '; unreadable.values=skip leaves such rows out'

/** What a reader reads and where its records go. */
export interface ReaderTarget {
  /** null: the query of the user. */
  readonly table: TableId | null
  /** For messages: `table public.orders`, `the query`. */
  readonly name: string
  /** Of the struct of a row; null: it has no name. */
  readonly schemaName: string | null
  readonly topic: string
  readonly partition: SourcePartition
  readonly settings: TableSettings
}

interface ReadResult {
  readonly records: SourceRecord[]
  /** The poll of this table is over. */
  readonly drained: boolean
  /** When the next one should come, in milliseconds, if not after a poll interval. */
  readonly nextInMs: number | null
}

/** What a reader tells of its work. */
export interface ReaderEvents {
  /** The columns of the result are known, or have changed. */
  onColumns?(converter: RowConverter): void
  onQuery?(query: BoundQuery): void
  /** A row is left out, or a value of it null, for it cannot be carried; `problem` says which and where. */
  onUnreadable?(problem: string): void
}

/** A query under way. */
interface Run {
  readonly reading: Reading
  /** A suffix may cut the result. */
  readonly limited: boolean
  /** null: nobody has to remember its rows. */
  readonly identity: RowIdentity | null
  emitted: number
  readonly sql: string
  readonly stream: OpenQuery
  readonly converter: RowConverter
  readonly key: RecordKey | null
  readonly cursor: RowCursor
  readonly progress: RowProgress
  /** The next batch, on its way while this one is handed on. */
  ahead: Promise<Row[] | null>
}

/** A position whose rows a limit may have cut; `cut`: other rows were left behind it. */
interface Ties {
  readonly at: Position
  readonly reading: Reading
  readonly cut: boolean
}

/**
 * - IDLE: no query is under way; the next `read` plans one.
 * - READING: rows of a query are being handed out; `ties`, when it is the one that reads such a position.
 * - TIES: no query is under way; the next `read` runs the one that reads the rows of a position which a limit
 *   may have cut.
 */
type State =
  | { readonly kind: 'IDLE' }
  | { readonly kind: 'READING'; readonly run: Run; readonly ties: Ties | null }
  | { readonly kind: 'TIES'; readonly ties: Ties }

const IDLE: State = { kind: 'IDLE' }

/**
 * Reads one table (or query) over and over. A poll of it is: `read` until it is drained, then nothing until
 * its time comes again. The position moves with the rows handed out, so that after a lost connection reading
 * goes on behind the last one.
 */
export class TableReader {
  readonly target: ReaderTarget
  readonly #settings: TableSettings
  readonly #events: ReaderEvents
  readonly #mark: string | null
  readonly #guard: LateCommitGuard | null
  #position: Position
  #shape: TableShape | null = null
  #state: State = IDLE
  #converter: { text: string; converter: RowConverter; key: RecordKey | null } | null = null

  /** `guard` null: rows are read as they come. */
  constructor(
    target: ReaderTarget,
    { position, mark }: Pick<Start, 'position' | 'mark'>,
    events: ReaderEvents = {},
    guard: LateCommitGuard | null = null
  ) {
    this.target = target
    this.#settings = target.settings
    this.#position = position
    this.#mark = mark
    this.#guard = guard
    this.#events = events
  }

  /** Looks the table and its columns up. ConfigError when they are not as configured. */
  async prepare(session: Session): Promise<TableShape> {
    const { table } = this.target
    const shape = await this.#named(null, () => readerShape(session, table, this.#settings))
    this.#shape = shape
    return shape
  }

  /**
   * The next rows as records; the first call of a poll runs the query. Retriable errors: `reset`, then read
   * again over another connection. All others are final and name the table, and the row or the statement.
   */
  async read(session: Session): Promise<ReadResult> {
    const run = this.#run ?? (await this.#start(session))
    if ('kind' in run) return { records: [], drained: true, nextInMs: run.inMs }
    this.#state = { kind: 'READING', run, ties: this.#ties }
    const records: SourceRecord[] = []
    const emit = this.#emitter(run, records)
    const rows = await this.#named(run.sql, () => run.ahead)
    if (rows !== null) {
      run.ahead = fetchAhead(run.stream)
      this.#addRows(run, rows, emit)
    }
    if (rows === null || run.progress.full) return this.#end(run, records, emit)
    this.#position = run.progress.position
    return { records, drained: false, nextInMs: null }
  }

  /** Behind the rows handed out; and how late commits are dealt with, null: they are not. */
  get progress(): { readonly position: Position; readonly lateCommits: LateCommitFacts | null } {
    return { position: this.#position, lateCommits: this.#guard?.facts ?? null }
  }

  /** Whether the query can be left now and taken up later without reading a row twice. */
  get canPause(): boolean {
    return this.#run?.progress.canPause ?? false
  }

  /** A query is under way. */
  get isReading(): boolean {
    return this.#state.kind === 'READING'
  }

  get #run(): Run | null {
    return this.#state.kind === 'READING' ? this.#state.run : null
  }

  get #ties(): Ties | null {
    return this.#state.kind === 'IDLE' ? null : this.#state.ties
  }

  /** Leaves the query; the next `read` goes on behind the last row handed out, or anew without positions. */
  pause(): void {
    if (this.#state.kind !== 'READING') return
    this.#state.run.stream.leave()
    this.#wait(this.#state.ties)
  }

  /** From any state: no query is under way any more. */
  #wait(ties: Ties | null): void {
    this.#state = ties === null ? IDLE : { kind: 'TIES', ties }
  }

  /** After the connection is gone: forgets the query, keeps the position. */
  reset(): void {
    this.#state = IDLE
    this.#shape = null
  }

  async #start(session: Session): Promise<Run | Extract<Plan, { kind: 'wait' }>> {
    const shape = this.#shape ?? (await this.prepare(session))
    if (this.#ties !== null) {
      const { at, reading } = this.#ties
      return await this.#open(session, shape, tiesQuery(shape, at), reading, 'ties')
    }
    const plan = await this.#named(null, () => this.#plan(session, shape))
    if (plan.kind === 'wait') return plan
    const { timeZone } = this.#settings.values
    if (plan.kind === 'again') {
      const query = lookBackQuery(shape, plan, timeZone)
      return await this.#open(session, shape, query, plan, 'whole')
    }
    this.#position = plan.position
    const query = tableQuery(shape, this.#position, plan.end, timeZone)
    return await this.#open(session, shape, query, plan, 'with suffix')
  }

  async #plan(session: Session, shape: TableShape): Promise<Plan> {
    const { delayMs, values } = this.#settings
    if (this.#guard !== null && shape.mode !== 'bulk') {
      return await this.#guard.plan(session, shape, this.#position)
    }
    let end: Timestamp | null = null
    if (modeUsesTimestamp(shape.mode)) {
      const columns = shape.timestamps.map(({ column }) => column)
      end = endReading(await session.now(), delayMs, columns, values.timeZone)
    }
    return { kind: 'read', position: this.#position, end, finalId: null }
  }

  async #open(
    session: Session,
    shape: TableShape,
    query: BoundQuery,
    reading: Reading,
    extent: 'with suffix' | 'whole' | 'ties'
  ): Promise<Run> {
    const { fetchRows, values, query: own } = this.#settings
    const table = own === null ? this.target.table : null
    const stream = await this.#named(query.sql, () =>
      session.query(query.sql, query.binds, { fetchRows, table })
    )
    const sql = stream.sql ?? query.sql
    this.#events.onQuery?.({ ...query, sql })
    const newCursor = (): RowCursor => new RowCursor(stream.columns, shape.names, values.timeZone)
    const cursor = newCursor()
    const limited = limits(shape.suffix)
    const watched = reading.kind === 'again' || this.#guard?.isWatching === true
    const told = { isQuery: own !== null, rowsDiffer: this.#guard?.rowsDiffer ?? false }
    const identity = watched ? rowIdentity(stream.columns, newCursor(), shape, told) : null
    const { converter, key } = this.#converterFor(stream, shape)
    return {
      reading,
      limited,
      identity,
      emitted: 0,
      sql,
      stream,
      cursor,
      converter,
      key,
      progress: progressOf(shape.mode, reading, cursor, {
        position: this.#position,
        start: this.#mark,
        isUnique: own === null && shape.keys.length === 1 && shape.keys[0] === shape.names.id,
        limited: limited && extent === 'with suffix' && !hasSingleBounds(shape.select),
        ties: extent === 'ties',
        guard: this.#guard,
        identity
      }),
      ahead: fetchAhead(stream)
    }
  }

  // I6: nothing here can fail any more: the rows have to be handed out before the position moves.
  #end(run: Run, records: SourceRecord[], emit: Emit): ReadResult {
    const { reading, progress } = run
    const cut = progress.full || this.#ties?.cut === true
    const torn = progress.end(emit)
    this.#position = progress.position
    // At its end already, unless rows were left behind.
    run.stream.leave()
    this.#wait(torn === null ? null : { at: torn, reading, cut })
    if (torn !== null) return { records, drained: false, nextInMs: null }
    this.#guard?.ended(reading.kind, { cut, more: run.limited && run.emitted > 0 })
    // Behind what was read again, new rows have their turn at once.
    if (reading.kind === 'again') return { records, drained: false, nextInMs: null }
    return { records, drained: true, nextInMs: this.#guard?.nextInMs ?? null }
  }

  /** One converter, and with it one schema object, for as long as the columns stay the same. */
  #converterFor(
    stream: OpenQuery,
    { recordKey }: TableShape
  ): { converter: RowConverter; key: RecordKey | null } {
    const text = columnsText(stream.columns)
    if (this.#converter?.text === text) return this.#converter
    const { schemaName, settings } = this.target
    const { values } = settings
    const { format } = settings.key
    let converter: RowConverter
    let key: RecordKey | null
    try {
      converter = new RowConverter(stream.columns, schemaName, values, (row, problem) =>
        this.#events.onUnreadable?.(this.#rowError(stream.columns, row, problem).message)
      )
      key = recordKey === null ? null : new RecordKey(converter.schema, recordKey, format)
    } catch (error) {
      throw new DataError(`${this.target.name}: ${messageOf(error)}`, { cause: error })
    }
    this.#converter = { text, converter, key }
    this.#events.onColumns?.(converter)
    return this.#converter
  }

  #emitter(run: Run, records: SourceRecord[]): Emit {
    const { topic, partition } = this.target
    const { converter, key } = run
    const { identity, reading, progress, stream } = run
    const late = reading.kind === 'again'
    return (row, offset) => {
      run.emitted += 1
      let value: Struct
      try {
        value = converter.convert(row)
      } catch (error) {
        const fails = this.#settings.values.unreadableValues === 'fail'
        const problem = this.#rowError(stream.columns, row, error, fails ? FAILS : LEFT_OUT)
        if (fails) throw problem
        this.#events.onUnreadable?.(problem.message)
        return
      }
      let sourceOffset: SourceRecord['sourceOffset'] = offset
      if (identity !== null && this.#guard !== null) {
        const emitted = identity.of(row)
        const at = late ? progress.position : emitted.at
        sourceOffset = this.#guard.note(emitted, offset, at, late)
      }
      records.push({
        topic,
        kafkaPartition: null,
        key: key === null ? null : key.of(value),
        keySchema: key?.schema ?? null,
        valueSchema: value.schema,
        value,
        timestamp: null,
        headers: NO_HEADERS,
        sourcePartition: partition,
        sourceOffset
      })
    }
  }

  #addRows(run: Run, rows: readonly Row[], emit: Emit): void {
    try {
      run.progress.add(this.#inOrder(run, rows), emit)
    } catch (error) {
      if (error instanceof ConnectError && error.facts['row'] !== undefined) throw error
      const broken = firstBroken(rows, (row) => run.cursor.read(row))
      throw broken === undefined ? error : this.#rowError(run.stream.columns, broken, error, FAILS)
    }
  }

  /** Rows that have a place in the order and, where others are to be left out, one that can be read. */
  #inOrder({ cursor, stream }: Run, rows: readonly Row[]): readonly Row[] {
    const fails = this.#settings.values.unreadableValues === 'fail'
    return rows.filter((row) => {
      if (!cursor.hasPlace(row)) return false
      try {
        if (!fails) cursor.read(row)
        return true
      } catch (error) {
        this.#events.onUnreadable?.(this.#rowError(stream.columns, row, error, LEFT_OUT).message)
        return false
      }
    })
  }

  /** For messages about a record made of this row: the table and which row. */
  nameRow(value: Struct): string {
    return nameOfRow(this.target.name, this.#shape, value)
  }

  #rowError(columns: readonly Column[], row: Row, error: unknown, fate = ''): DataError {
    return rowError(this.target.name, this.#shape, { columns, row, error, fate })
  }

  async #named<T>(sql: string | null, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw readingError(this.target.name, error, sql, this.#settings.queryIsMasked)
    }
  }
}

/** Starts reading the next batch; an error waits there until somebody asks for the rows. */
function fetchAhead(stream: OpenQuery): Promise<Row[] | null> {
  const ahead = stream.next()
  ahead.catch(() => undefined)
  return ahead
}
