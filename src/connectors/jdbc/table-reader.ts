import { NO_HEADERS } from '../../data/headers.ts'
import type { SourcePartition, SourceRecord } from '../../data/record.ts'
import type { Struct } from '../../data/struct.ts'
import { toLiteral } from '../../data/value-text.ts'
import { ConfigError, ConnectError, DataError, isRetriable, messageOf } from '../../errors.ts'
import { RowCursor } from './cursor-value.ts'
import {
  type Connection,
  databaseError,
  type Row,
  type RowStream,
  type TableId
} from './database.ts'
import { readerShape } from './query-shape.ts'
import { RecordKey } from './record-key.ts'
import { columnsText, RowConverter } from './row-converter.ts'
import { BulkProgress, type Emit, IdProgress, type RowProgress } from './row-progress.ts'
import type { Position } from './source-offset.ts'
import type { Start } from './start-position.ts'
import { type Mode, modeUsesTimestamp, type TableSettings } from './table-settings.ts'
import { type BoundQuery, endReading, limits, tableQuery, tiesQuery } from './table-query.ts'
import type { TableShape } from './table-shape.ts'
import { LimitedTimestampGroups, TimestampGroups } from './timestamp-groups.ts'
import type { Timestamp } from './timestamp.ts'

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

export interface ReadResult {
  readonly records: SourceRecord[]
  /** The poll of this table is over. */
  readonly drained: boolean
}

/** A query under way. */
interface Run {
  readonly sql: string
  readonly stream: RowStream
  readonly converter: RowConverter
  readonly key: RecordKey | null
  readonly cursor: RowCursor
  readonly progress: RowProgress
  /** The next batch, on its way while this one is handed on. */
  ahead: Promise<Row[] | null>
}

/**
 * Reads one table (or query) over and over. A poll of it is: `read` until it is drained, then nothing until its time comes
 * again. The position moves with the rows handed out, so that after a lost connection reading goes on behind the last one.
 */
export class TableReader {
  readonly target: ReaderTarget
  /** When the next poll is due, on the monotonic clock in ms. */
  dueAtMs = 0
  readonly #settings: TableSettings
  readonly #onColumns: (converter: RowConverter) => void
  readonly #onQuery: (query: BoundQuery) => void
  readonly #mark: string | null
  #position: Position
  #shape: TableShape | null = null
  #run: Run | null = null
  #converter: { text: string; converter: RowConverter; key: RecordKey | null } | null = null

  /** `onColumns` is told when the columns of the result are known or have changed, `onQuery` of each query before it runs. */
  constructor(
    target: ReaderTarget,
    { position, mark }: Pick<Start, 'position' | 'mark'>,
    onColumns: (converter: RowConverter) => void,
    onQuery: (query: BoundQuery) => void = () => undefined
  ) {
    this.target = target
    this.#settings = target.settings
    this.#position = position
    this.#mark = mark
    this.#onColumns = onColumns
    this.#onQuery = onQuery
  }

  /** Looks the table and its columns up. ConfigError when they are not as configured. */
  async prepare(connection: Connection): Promise<TableShape> {
    const { table } = this.target
    const shape = await this.#named(null, () => readerShape(connection, table, this.#settings))
    this.#shape = shape
    return shape
  }

  /**
   * The next rows as records; the first call of a poll runs the query. Retriable errors: `reset`, then read again over
   * another connection. All others are final and name the table, and the row or the statement.
   */
  async read(connection: Connection): Promise<ReadResult> {
    const run = this.#run ?? (await this.#start(connection))
    this.#run = run
    const records: SourceRecord[] = []
    const emit = this.#emitter(run, records)
    const rows = await this.#named(run.sql, () => run.ahead)
    if (rows !== null) {
      run.ahead = fetchAhead(run.stream)
      this.#addRows(run, rows, emit)
    }
    if (rows === null || run.progress.full) return await this.#end(connection, run, records, emit)
    this.#position = run.progress.position
    return { records, drained: false }
  }

  /** Whether the query can be left now and taken up later without reading a row twice. */
  get canPause(): boolean {
    return this.#run?.progress.canPause ?? false
  }

  /** Leaves the query; the next `read` starts one behind the last row handed out. */
  async pause(): Promise<void> {
    const run = this.#run
    this.#run = null
    if (run !== null) await leave(run)
  }

  /** After the connection is gone: forgets the query, keeps the position. */
  reset(): void {
    this.#run = null
    this.#shape = null
  }

  async #start(connection: Connection): Promise<Run> {
    const shape = this.#shape ?? (await this.prepare(connection))
    const zone = this.#settings.values.timeZone
    let end: Timestamp | null = null
    if (modeUsesTimestamp(shape.mode)) {
      const now = await this.#named(null, () => connection.now())
      const columns = shape.timestamps.map(({ column }) => column)
      end = endReading(now, this.#settings.delayMs, columns, zone)
    }
    return await this.#open(connection, shape, tableQuery(shape, this.#position, end, zone), true)
  }

  async #open(
    connection: Connection,
    shape: TableShape,
    query: BoundQuery,
    withSuffix: boolean
  ): Promise<Run> {
    const { fetchRows, values, query: own } = this.#settings
    const table = own === null ? this.target.table : null
    this.#onQuery(query)
    const stream = await this.#named(query.sql, () =>
      connection.query(query.sql, query.binds, { fetchRows, table })
    )
    const cursor = new RowCursor(stream.columns, shape.names, values.timeZone)
    const { converter, key } = this.#converterFor(stream, shape)
    const limited = withSuffix && limits(shape.suffix)
    return {
      sql: query.sql,
      stream,
      cursor,
      converter,
      key,
      progress: progressOf(shape.mode, cursor, this.#position, limited, this.#mark),
      ahead: fetchAhead(stream)
    }
  }

  async #end(
    connection: Connection,
    run: Run,
    records: SourceRecord[],
    emit: Emit
  ): Promise<ReadResult> {
    const moment = run.progress.end(emit)
    this.#position = run.progress.position
    this.#run = null
    if (moment === null) return { records, drained: true }
    await this.#named(run.sql, () => leave(run))
    const shape = this.#shape ?? (await this.prepare(connection))
    this.#run = await this.#open(connection, shape, tiesQuery(shape, moment), false)
    return { records, drained: false }
  }

  /** One converter, and with it one schema object, for as long as the columns stay the same. */
  #converterFor(
    stream: RowStream,
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
      converter = new RowConverter(stream.columns, schemaName, values)
      key = recordKey === null ? null : new RecordKey(converter.schema, recordKey, format)
    } catch (error) {
      throw new DataError(`${this.target.name}: ${messageOf(error)}`, { cause: error })
    }
    this.#converter = { text, converter, key }
    this.#onColumns(converter)
    return this.#converter
  }

  #emitter(run: Run, records: SourceRecord[]): Emit {
    const { topic, partition } = this.target
    const { converter, key } = run
    const { schema } = converter
    const keySchema = key?.schema ?? null
    return (row, offset) => {
      let value: Struct
      try {
        value = converter.convert(row)
      } catch (error) {
        throw this.#rowError(run, row, error)
      }
      records.push({
        topic,
        kafkaPartition: null,
        keySchema,
        key: key === null ? null : key.of(value),
        valueSchema: schema,
        value,
        timestamp: null,
        headers: NO_HEADERS,
        sourcePartition: partition,
        sourceOffset: offset
      })
    }
  }

  #addRows(run: Run, rows: readonly Row[], emit: Emit): void {
    try {
      run.progress.add(rows, emit)
    } catch (error) {
      if (error instanceof ConnectError && error.facts['row'] !== undefined) throw error
      const broken = rows.find((row) => throws(() => run.cursor.read(row)))
      throw broken === undefined ? error : this.#rowError(run, broken, error)
    }
  }

  /** I5: the table, the column and which row. */
  #rowError(run: Run, row: Row, error: unknown): DataError {
    const columns = run.stream.columns.map(({ name }) => name)
    const shown = this.#keyText(columns, (index) => String(row[index]))
    return new DataError(`${this.target.name}, row (${shown}): ${messageOf(error)}`, {
      cause: error,
      row: shown
    })
  }

  /** For messages about a record made of this row: the table and which row. */
  nameRow(value: Struct): string {
    const { fields } = value.schema
    const shown = this.#keyText(
      fields.map(({ name }) => name),
      (index) => toLiteral(fields[index]?.schema, value.values[index])
    )
    return `${this.target.name}, row (${shown})`
  }

  /** The columns that tell rows apart: the table's key, else those of the cursor, else the first. */
  #keyText(columns: readonly string[], valueAt: (index: number) => string): string {
    const { names = { timestamps: [], id: null }, keys = [] } = this.#shape ?? {}
    const cursors = [...(names.id === null ? [] : [names.id]), ...names.timestamps]
    const wanted = keys.length > 0 ? keys : cursors
    return columns
      .map((name, index) => ({ name, index }))
      .filter(({ name, index }) => (wanted.length > 0 ? wanted.includes(name) : index === 0))
      .map(({ name, index }) => `${name}=${valueAt(index)}`)
      .join(', ')
  }

  /** Errors of the database name the table and, when they are final, the statement. */
  async #named<T>(sql: string | null, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ConfigError) throw error
      const retriable = isRetriable(error)
      // I7: a masked query is not shown, nor the driver's error, which may hold it.
      const masked = this.#settings.queryIsMasked
      const statement = sql === null || retriable || masked ? '' : `. Statement: ${sql}`
      throw databaseError(`${this.target.name}: ${messageOf(error)}${statement}`, {
        retriable,
        ...(masked ? {} : { cause: error })
      })
    }
  }
}

function progressOf(
  mode: Mode,
  cursor: RowCursor,
  position: Position,
  limited: boolean,
  start: string | null
): RowProgress {
  switch (mode) {
    case 'bulk':
      return new BulkProgress(position)
    case 'incrementing':
    case 'timestamp+incrementing':
      return new IdProgress(cursor, position, start)
    case 'timestamp':
      return limited
        ? new LimitedTimestampGroups(cursor, position, start)
        : new TimestampGroups(cursor, position, start)
  }
}

/** Starts reading the next batch; an error waits there until somebody asks for the rows. */
function fetchAhead(stream: RowStream): Promise<Row[] | null> {
  const ahead = stream.next()
  ahead.catch(() => undefined)
  return ahead
}

async function leave(run: Run): Promise<void> {
  await run.ahead
  await run.stream.close()
}

function throws(work: () => unknown): boolean {
  try {
    work()
    return false
  } catch {
    return true
  }
}
