import type { ConfigDef, ConfigMap } from '../../config/config-def.ts'
import { type Clock, systemClock } from '../../clock.ts'
import type { SourceOffset, SourceRecord } from '../../data/record.ts'
import { Struct } from '../../data/struct.ts'
import { ConfigError, isRetriable, messageOf } from '../../errors.ts'
import type { SourceTask, SourceTaskContext, StreamFacts } from '../../plugin/source.ts'
import { ConnectionKeeper } from './connection-keeper.ts'
import type { Connection } from './database.ts'
import { databaseError } from './database.ts'
import { conditionOf, lateCommitFacts } from './late-commits/late-commit-facts.ts'
import { LateCommitGuard } from './late-commits/late-commit-guard.ts'
import type { RowConverter } from './values/row-converter.ts'
import { partitionsOf, readerTargets, type TaskWork, taskWork } from './tables/reader-targets.ts'
import { UNSET } from './offsets/source-offset.ts'
import type { Session } from './sessions/session.ts'
import { reportSelfCheck } from './self-check.ts'
import { type SourceSettings, sourceSettings } from './settings/source-settings.ts'
import { presentOf, type Start, startOf } from './offsets/start-position.ts'
import { type ReaderEvents, type ReaderTarget, TableReader } from './reading/table-reader.ts'
import { missingText, selectTables } from './tables/table-selection.ts'

/** Longest nap of a poll that has nothing to read. */
const NAP_MS = 250
/** How long a table may be read while others wait. */
const TURN_MS = 10_000
const SHORTEST_RETRY_MS = 250

/**
 * Reads the tables of one task, in turn, over one connection. A table is due `poll.interval.ms` after the end of its last
 * poll; of those due the one that waits longest comes first. Errors of the database that may pass are retried for as long
 * as `query.retry.attempts` says, shown as a condition of the task meanwhile; the position in memory is kept (I6).
 */
export class JdbcSourceTask implements SourceTask {
  readonly #definition: ConfigDef
  readonly #clock: Clock
  #context: SourceTaskContext | null = null
  #settings: SourceSettings | null = null
  #keeper: ConnectionKeeper | null = null
  /** null until it is known which tables there are. */
  #work: TaskWork | null = null
  #readers: TableReader[] = []
  #pausedUntilMs = 0
  #current: { reader: TableReader; sinceMs: number } | null = null
  #failures = 0
  #handedOut: 'complete' | 'partly' | 'torn' = 'complete'
  readonly #conditions = new Map<string, string>()

  constructor(definition: ConfigDef, clock: Clock = systemClock) {
    this.#definition = definition
    this.#clock = clock
  }

  async start(config: ConfigMap, context: SourceTaskContext): Promise<void> {
    this.#context = context
    const settings = sourceSettings(config, this.#definition)
    this.#settings = settings
    const work = taskWork(config, settings)
    this.#keeper = new ConnectionKeeper(
      settings.connection,
      context.log,
      context.stopping,
      this.#clock
    )
    if (work.waitsForTables) this.#setCondition('tables', 'Waiting for the list of tables')
    if (work.waitsForTables && work.queries.length === 0) return
    this.#work = work
    this.#keeper.beforeFirstUse((connection) =>
      reportSelfCheck(connection, work.tables, settings, { log: context.log, clock: this.#clock })
    )
    try {
      const connection = await this.#keeper.get()
      if (connection === null) return
      await this.#makeReaders(work, connection, settings, context)
      for (const reader of this.#readers) await reader.prepare(connection)
    } catch (error) {
      if (!isRetriable(error)) throw error
      // The database may be back soon: polling goes on where this stopped.
      this.#pauseAfter(error, settings)
      await this.#keeper.close()
    }
  }

  async poll(): Promise<SourceRecord[] | null> {
    const context = this.#context
    const settings = this.#settings
    if (context === null || settings === null || context.stopping.aborted) return null
    const work = this.#work
    if (work === null || this.#clock.monotonicMs() < this.#pausedUntilMs) {
      return await this.#nap(context)
    }
    const reader = this.#nextReader()
    if (reader === null && this.#readers.length > 0) return await this.#nap(context)
    try {
      const connection = await this.#keeper?.get()
      if (connection === null || connection === undefined) return await this.#nap(context)
      if (reader !== null) return await this.#read(reader, connection)
      await this.#makeReaders(work, connection, settings, context)
      return null
    } catch (error) {
      if (context.stopping.aborted) return null
      await this.#retryOrThrow(error, settings)
      return null
    }
  }

  /** Rows of one moment are read again as long as the last of them was not handed out. */
  handedOut(): 'complete' | 'partly' | 'torn' {
    return this.#handedOut
  }

  nameRow({ sourcePartition, value }: SourceRecord): string | null {
    const reader = this.#readers.find(({ target }) => target.partition === sourcePartition)
    return value instanceof Struct ? (reader?.nameRow(value) ?? null) : null
  }

  progress(): ReadonlyMap<string, StreamFacts> {
    return new Map(
      this.#readers.map((reader) => {
        const { position, lateCommits } = reader.progress
        return [
          reader.target.name,
          {
            timestamp: position.timestamp?.ms ?? null,
            incrementing: position.id === null ? null : Number(position.id),
            ...(lateCommits === null ? { late_commits: 'off' } : lateCommitFacts(lateCommits))
          }
        ]
      })
    )
  }

  async stop(): Promise<void> {
    this.#current = null
    await this.#keeper?.close()
  }

  async #read(reader: TableReader, session: Session): Promise<SourceRecord[] | null> {
    const { records, drained, nextInMs } = await reader.read(session)
    this.#failures = 0
    this.#setCondition('database', null)
    const noPosition = reader.target.settings.mode === 'bulk'
    this.#handedOut = drained || reader.canPause || noPosition ? 'complete' : 'partly'
    const nowMs = this.#clock.monotonicMs()
    if (drained) {
      this.#reportLateCommits(reader)
      this.#current = null
      reader.dueAtMs = nowMs + (nextInMs ?? reader.target.settings.pollIntervalMs)
    } else if (this.#current?.reader !== reader) {
      this.#current = { reader, sinceMs: nowMs }
    } else if (nowMs - this.#current.sinceMs > TURN_MS && this.#othersDue(reader, nowMs)) {
      // A huge table must not starve the others; it goes on behind its last row when they have had their turn.
      if (reader.canPause) {
        reader.pause()
        this.#current = null
        reader.dueAtMs = nowMs
      }
    }
    return records
  }

  /** The table being read, else the one due longest; null when none is due. */
  #nextReader(): TableReader | null {
    if (this.#current !== null) return this.#current.reader
    const nowMs = this.#clock.monotonicMs()
    let next: TableReader | null = null
    for (const reader of this.#readers) {
      if (reader.dueAtMs <= nowMs && (next === null || reader.dueAtMs < next.dueAtMs)) next = reader
    }
    return next
  }

  #othersDue(reader: TableReader, nowMs: number): boolean {
    return this.#readers.some((other) => other !== reader && other.dueAtMs <= nowMs)
  }

  async #nap(context: SourceTaskContext): Promise<null> {
    const nowMs = this.#clock.monotonicMs()
    const waits = this.#readers.map((reader) => reader.dueAtMs - nowMs).filter((ms) => ms > 0)
    await this.#clock.sleep(Math.max(1, Math.min(NAP_MS, ...waits)), context.stopping)
    return null
  }

  async #retryOrThrow(error: unknown, settings: SourceSettings): Promise<void> {
    this.#current = null
    if (this.#handedOut === 'partly') this.#handedOut = 'torn'
    for (const reader of this.#readers) reader.reset()
    await this.#keeper?.close()
    if (!isRetriable(error)) throw error
    const limit = settings.retryAttempts
    if (limit !== null && this.#failures >= limit) {
      throw databaseError(`Failed to query table after retries: ${messageOf(error)}`, {
        retriable: false,
        cause: error
      })
    }
    this.#pauseAfter(error, settings)
  }

  #pauseAfter(error: unknown, settings: SourceSettings): void {
    this.#failures += 1
    const limit = settings.retryAttempts
    const text = `Retrying (${this.#failures}${limit === null ? '' : ` of ${limit}`}): ${messageOf(error)}`
    this.#context?.log.warn(text, { error })
    this.#setCondition('database', text)
    this.#pausedUntilMs =
      this.#clock.monotonicMs() + Math.max(SHORTEST_RETRY_MS, settings.defaults.pollIntervalMs)
  }

  /** Readers that go on behind the stored offsets. */
  async #makeReaders(
    work: TaskWork,
    connection: Connection,
    settings: SourceSettings,
    context: SourceTaskContext
  ): Promise<void> {
    if (work.tables.length === 0 && work.queries.length === 0) {
      throw await noTables(connection, settings)
    }
    const targets = readerTargets(work, settings, connection)
    const stored = targets.map((target) => partitionsOf(target, connection))
    const offsets = await context.offsets.offsets(stored.flat())
    let taken = 0
    const found = targets.map((_, index) => {
      const mine = offsets.slice(taken, (taken += stored[index]?.length ?? 0))
      return mine.find((offset) => offset !== null) ?? null
    })
    const starts = await this.#starts(targets, found, connection)
    const changes = starts.flatMap(({ store }, index) => {
      const partition = targets[index]?.partition
      return store === null || partition === undefined ? [] : [{ partition, offset: store }]
    })
    // Before the first row: a crash from here on finds the old place or the new one.
    if (changes.length > 0) await context.storeOffsets(changes)
    this.#readers = targets.map((target, index) => {
      const start = starts[index] ?? { position: UNSET, why: 'first', mark: null }
      logStart(context, target, start.why, start.mark)
      const guard = this.#guardOf(target, start, found[index] ?? null, context)
      const events: ReaderEvents = {
        onColumns: (converter) => this.#reportColumns(target, converter),
        onUnreadable: (problem) => this.#reportUnreadable(target, problem)
      }
      return new TableReader(target, start, events, guard)
    })
  }

  /** null: late commits are none of its business. */
  #guardOf(
    { name, table, settings }: ReaderTarget,
    { position, why }: Pick<Start, 'position' | 'why'>,
    found: SourceOffset | null,
    { log }: SourceTaskContext
  ): LateCommitGuard | null {
    const { mode } = settings
    if (mode === 'bulk' || settings.lateCommits.guard === 'off') return null
    // What an offset says of watched rows belongs to its position.
    const stored = why === 'resumed' || why === 'adopted' ? found : null
    return new LateCommitGuard(
      { table: settings.query === null ? table : null, settings },
      { position, stored },
      this.#clock,
      {
        onLevel: (level) =>
          log[level.degraded ? 'warn' : 'info'](
            `Late commits of ${name}: level ${level.name}, because ${level.why}`
          ),
        onClockSetBack: (ms) =>
          log.warn(
            `The clock of the database went back ${ms} ms: rows of ${name} with later times are read once more`
          )
      }
    )
  }

  #reportLateCommits(reader: TableReader): void {
    const { name } = reader.target
    const facts = reader.progress.lateCommits
    if (facts !== null) this.#setCondition(`late commits of ${name}`, conditionOf(name, facts))
  }

  async #starts(
    targets: readonly ReaderTarget[],
    found: readonly (SourceOffset | null)[],
    connection: Connection
  ): Promise<Start[]> {
    const starts: Start[] = []
    for (const [index, { settings }] of targets.entries()) {
      const zone = settings.values.timeZone
      const start = await startOf(found[index] ?? null, settings.mode, settings, () =>
        presentOf(connection, zone)
      )
      starts.push(start)
    }
    return starts
  }

  #reportColumns(target: ReaderTarget, converter: RowConverter): void {
    const names = converter.unsupported.map((column) => `${column.name} (${column.databaseType})`)
    const key = `columns of ${target.name}`
    if (names.length === 0) return this.#setCondition(key, null)
    const skipped = target.settings.values.unsupportedTypes === 'skip'
    const text = `${target.name}: Kafka Connect has no type for ${names.join(', ')}; ${skipped ? 'left out' : 'carried as text'}`
    this.#context?.log.warn(text)
    this.#setCondition(key, skipped ? text : null)
  }

  /** Every such row is in the log; the status has the latest of each table. */
  #reportUnreadable({ name }: ReaderTarget, problem: string): void {
    this.#context?.log.warn(problem)
    this.#setCondition(`unreadable values of ${name}`, problem)
  }

  #setCondition(key: string, text: string | null): void {
    if ((this.#conditions.get(key) ?? null) === text) return
    if (text === null) this.#conditions.delete(key)
    else this.#conditions.set(key, text)
    const all = [...this.#conditions.values()].join('; ')
    this.#context?.reportCondition(all === '' ? null : all)
  }
}

function logStart(
  { log }: SourceTaskContext,
  { name }: ReaderTarget,
  why: Start['why'],
  mark: string | null
): void {
  if (why === 'moved') log.info(`The start of ${name} was moved: ${mark}`)
  else if (why !== 'first') log.info(`Using existing offset of ${name}`)
}

async function noTables(connection: Connection, settings: SourceSettings): Promise<ConfigError> {
  const text =
    'Task is being killed because it was not assigned a table nor a query to execute. If run in table mode please make sure that the tables exist on the database.'
  const { missing } = await selectTables(connection, settings.tables)
  if (missing.length === 0) return new ConfigError(text)
  const hints = await missingText(connection, settings.tables, missing)
  return new ConfigError(`${text} Not found: ${hints}`)
}
