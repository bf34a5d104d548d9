import { DatabaseSync } from 'node:sqlite'
import type {
  OpenTransaction,
  OpenTransactions,
  Row
} from '../../src/connectors/jdbc/database/database.ts'
import { jdbcSourceConfig } from '../../src/connectors/jdbc/settings/source-config.ts'
import { JdbcSourceTask } from '../../src/connectors/jdbc/source/source-task.ts'
import { encodedOffset, type OffsetMap, type SourceRecord } from '../../src/data/record.ts'
import type { SourceTaskContext, StreamFacts } from '../../src/plugin/source.ts'
import { type Config, field, StoredOffsets } from './jdbc-source.ts'
import { ModelClock } from './model-clock.ts'
import { model, type ModelServer } from './model-dialect.ts'
import { recordingLog } from './recording-log.ts'

const START_MS = Date.UTC(2026, 0, 1)
let names = 0

/** A table `t (id, ts, version)` in which nothing happens but what a test says; so does the time. */
export class ScriptedDatabase implements ModelServer {
  readonly #sqlite = new DatabaseSync(':memory:', { returnArrays: true })
  readonly name = `scripted${++names}`
  readonly stepMs = 1
  open: (Omit<OpenTransaction, 'ageMs'> & {
    readonly ageMs?: number | null
    readonly beganMs?: number
  })[] = []
  /** Instead of those open. */
  answer: (() => OpenTransactions) | null = null
  hasMarks = false
  hazards: string[] = []
  breaksNext = false
  /** Its clock was set forward by so much. */
  clockOffsetMs = 0
  readonly queries: string[] = []
  questions = 0
  #versions = 0

  constructor(...tables: readonly string[]) {
    for (const table of ['t', ...tables]) {
      this.#sqlite.exec(`CREATE TABLE ${table} (id INTEGER, ts INTEGER, version INTEGER)`)
    }
    model.databases.set(this.name, this)
  }

  readonly clock: ModelClock = new ModelClock((ms) => this.clock.advance(ms))

  get nowMs(): number {
    return this.clock.monotonicMs()
  }

  /** What the database's clock shows. */
  get now(): number {
    return this.clock.now() + this.clockOffsetMs
  }

  /** A mark for what is written from now on. */
  get since(): string {
    return String(this.#versions)
  }

  /** A row becomes visible. */
  insert(id: number, atMs: number, table = 't'): void {
    this.#sqlite
      .prepare(`INSERT INTO ${table} VALUES (?, ?, ?)`)
      .run(id, START_MS + atMs, ++this.#versions)
  }

  read(sql: string, binds: readonly unknown[]): Row[] {
    this.queries.push(sql)
    return this.#sqlite.prepare(sql).all(...(binds as bigint[])) as unknown as Row[]
  }

  transactions(): OpenTransactions {
    this.questions += 1
    if (this.answer !== null) return this.answer()
    const open = this.open.map(({ beganMs, ageMs = null, ...transaction }) => ({
      ...transaction,
      ageMs: beganMs === undefined ? ageMs : this.nowMs - beganMs
    }))
    return { answer: 'seen', source: 'the script', open }
  }

  idHazards(): string[] {
    return this.hazards
  }

  breathe(): void {
    // Nothing happens by itself.
  }

  breaks(): boolean {
    const { breaksNext } = this
    this.breaksNext = false
    return breaksNext
  }
}

/** A task over such a database, and the ids it has sent. */
export class ScriptedTask {
  readonly #database: ScriptedDatabase
  readonly #config: Config
  readonly offsets: StoredOffsets
  readonly sent: number[] = []
  readonly conditions: (string | null)[] = []
  #task: JdbcSourceTask
  last: SourceRecord | null = null

  constructor(database: ScriptedDatabase, config: Config, offsets = new StoredOffsets()) {
    this.#database = database
    this.#config = config
    this.offsets = offsets
    const { mode = '', query } = config
    const tables = config['tables'] ?? 't'
    const settings = {
      'connection.url': `jdbc:model:${database.name}`,
      'topic.prefix': 'x-',
      'poll.interval.ms': '1000',
      'batch.max.rows': '1000',
      ...(query === undefined
        ? { 'table.whitelist': tables, tables, 'tables.fetched': 'true' }
        : {}),
      ...(mode.includes('incrementing') ? { 'incrementing.column.name': 'id' } : {}),
      ...(mode.includes('timestamp') ? { 'timestamp.column.name': 'ts' } : {}),
      ...config
    }
    const { signal } = new AbortController()
    database.clock.foreground = signal
    const context: SourceTaskContext = {
      connector: 'scripted',
      task: 0,
      log: recordingLog().log,
      offsets: this.offsets,
      storeOffsets: (positions) => this.offsets.store(positions),
      stopping: signal,
      reportCondition: (condition) => void this.conditions.push(condition)
    }
    const all = new Map(Object.entries(settings))
    this.#task = new JdbcSourceTask(jdbcSourceConfig, all, context, database.clock)
  }

  async start(): Promise<this> {
    await this.#task.start()
    return this
  }

  /** Polls until the time has come. */
  async pollFor(ms: number): Promise<void> {
    for (const untilMs = this.#database.nowMs + ms; this.#database.nowMs < untilMs; ) {
      const records = (await this.#task.poll()) ?? []
      for (const record of records) {
        this.sent.push(Number(field(record, 'id')))
        this.last = record
      }
      // A poll that answers at once takes a moment too.
      this.#database.clock.advance(1)
    }
  }

  handedOut(): string {
    return this.#task.handedOut()
  }

  commit(): void {
    this.#task.commit()
  }

  /** The offset of the last record, as text and back. */
  get lastOffset(): OffsetMap {
    return JSON.parse(JSON.stringify(encodedOffset(this.last?.sourceOffset ?? {}))) as OffsetMap
  }

  /** As after a stop or a crash behind the last record: another task goes on from the offset stored then. */
  async restart(config: Config = {}): Promise<ScriptedTask> {
    await this.#task.stop()
    if (this.last !== null) this.offsets.set(this.last.sourcePartition, this.lastOffset)
    return await new ScriptedTask(
      this.#database,
      { ...this.#config, ...config },
      this.offsets
    ).start()
  }

  get facts(): StreamFacts {
    const [facts] = this.#task.progress().values()
    return facts ?? {}
  }

  /** How many rows were sent more than once. */
  get twice(): number {
    return this.sent.length - new Set(this.sent).size
  }

  async stop(): Promise<void> {
    await this.#task.stop()
  }
}
