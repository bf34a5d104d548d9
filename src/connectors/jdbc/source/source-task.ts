import type { Clock } from '../../../clock.ts'
import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import type { SourceRecord } from '../../../data/record.ts'
import { Struct } from '../../../data/struct.ts'
import { ConfigError, DataError, isRetriable, messageOf } from '../../../errors.ts'
import type { SourceTask, SourceTaskContext, StreamFacts } from '../../../plugin/source.ts'
import { Conditions } from '../database/conditions.ts'
import { databaseError, isMissing } from '../database/database.ts'
import { conditionOf, lateCommitFacts } from '../late-commits/late-commit-facts.ts'
import { RestartedIds } from '../start/restarted-ids.ts'
import { pauseMs, type TableTurn, TableTurns } from '../reading/table-turns.ts'
import { type TaskParts, turnsOf } from '../reading/task-readers.ts'
import { reportSelfCheck } from './self-check.ts'
import { ConnectionKeeper } from '../sessions/connection-keeper.ts'
import type { Session } from '../sessions/session.ts'
import { Watchdog } from '../sessions/watchdog.ts'
import { type SourceSettings, sourceSettings } from '../settings/source-settings.ts'
import { type TaskWork, taskWork } from '../reading/reader-targets.ts'

/** Longest nap of a poll that has nothing to read. */
const NAP_MS = 250
/**
 * A query is not kept open for longer while the worker asks for no rows: when it is told not to, and when
 * Kafka takes none.
 */
const KEPT_WHILE_PAUSED_MS = 5000
const KEPT_WHILE_IDLE_MS = 30_000
/**
 * Rows that are remembered because others may still appear before them: so many may be stored again in a
 * millisecond.
 */
const REMEMBERED_PER_MS = 20

interface Running extends TaskParts {
  readonly keeper: ConnectionKeeper
  readonly watchdog: Watchdog
  /** null until it is known which tables there are. */
  readonly work: TaskWork | null
  /** Ends what goes on beside the polls. */
  readonly stopped: AbortController
}

/**
 * Reads the tables of one task, in turn, over one session. Errors that may pass are retried for as long as
 * `query.retry.attempts` says, table by table and shown as a condition of the task meanwhile; the position in
 * memory is kept (I6). Whatever a poll waits for is under the eyes of a watchdog (I8).
 */
export class JdbcSourceTask implements SourceTask {
  readonly #clock: Clock
  readonly #restartedIds: RestartedIds
  readonly #wanted: TaskWork
  readonly #running: Running
  /** null until it is known where they are to be read on from. */
  #turns: TableTurns | null = null
  #beside: Promise<void> = Promise.resolve()
  #handedOut: 'complete' | 'partly' | 'torn' = 'complete'
  #storedAtMs = -Infinity
  /** What concerns no single table: failures in a row, and when it is tried again. */
  #failures = 0
  #nextAttemptMs = 0

  /** Throws ConfigError. */
  constructor(definition: ConfigDef, config: ConfigMap, context: SourceTaskContext, clock: Clock) {
    const settings = sourceSettings(config, definition)
    this.#clock = clock
    this.#restartedIds = new RestartedIds(clock)
    this.#wanted = taskWork(config, settings)
    this.#running = this.#run(settings, context, this.#wanted)
  }

  async start(): Promise<void> {
    const running = this.#running
    const work = this.#wanted
    const { keeper, conditions, watchdog, settings, context } = running
    this.#beside = watchdog.run(running.stopped.signal, () => this.#leaveIfIdle())
    if (work.waitsForTables) conditions.set('tables', 'Waiting for the list of tables')
    if (running.work === null) return
    keeper.beforeFirstUse((session) =>
      reportSelfCheck(session, work.tables, settings, { log: context.log, clock: this.#clock })
    )
    await watchdog.during('the task is being started', null, () => this.#begin(running, work))
  }

  async poll(): Promise<SourceRecord[] | null> {
    const running = this.#running
    if (running.context.stopping.aborted) return null
    const turn = this.#turns?.next() ?? null
    const { work, watchdog } = running
    const isTooEarly = this.#clock.monotonicMs() < this.#nextAttemptMs
    if (work === null || isTooEarly || (this.#turns !== null && turn === null)) {
      return await this.#nap(running)
    }
    return await watchdog.during('the poll does not end', turn, () =>
      this.#step(running, work, turn)
    )
  }

  /** Rows of one moment are read again as long as the last of them was not handed out. */
  handedOut(): 'complete' | 'partly' | 'torn' {
    if (this.#handedOut !== 'complete') return this.#handedOut
    let remembered = 0
    for (const { reader } of this.#turns?.all ?? []) {
      remembered += reader.progress.lateCommits?.remembered ?? 0
    }
    // What is remembered goes with each stored offset: the more of it, the less often.
    const waitMs = remembered / REMEMBERED_PER_MS
    return this.#clock.monotonicMs() - this.#storedAtMs < waitMs ? 'partly' : 'complete'
  }

  commit(): void {
    this.#storedAtMs = this.#clock.monotonicMs()
  }

  /** A query that was left open would hold a transaction, and locks, for as long as the pause takes. */
  paused(): void {
    this.#running.watchdog.paused()
  }

  nameRow({ sourcePartition, value }: SourceRecord): string | null {
    const turn = this.#turns?.all.find(({ reader }) => reader.target.partition === sourcePartition)
    return value instanceof Struct ? (turn?.reader.nameRow(value) ?? null) : null
  }

  progress(): ReadonlyMap<string, StreamFacts> {
    return new Map(
      (this.#turns?.all ?? []).map(({ name, reader }) => {
        const { position, lateCommits } = reader.progress
        return [
          name,
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
    this.#running.stopped.abort()
    await this.#beside
    await this.#running.keeper.close()
  }

  #run(settings: SourceSettings, context: SourceTaskContext, work: TaskWork): Running {
    const conditions = new Conditions((text) => context.reportCondition(text))
    const { connection, watch } = settings
    const stopped = new AbortController()
    const keeper = new ConnectionKeeper(
      connection,
      context.log,
      AbortSignal.any([context.stopping, stopped.signal]),
      this.#clock,
      (text) => conditions.set('connection', text)
    )
    const watchdog = new Watchdog(
      this.#clock,
      watch,
      () => ({
        all: this.#turns?.all ?? [],
        current: this.#turns?.current ?? null,
        session: keeper.session
      }),
      (text) => conditions.set('standing still', text)
    )
    return {
      settings,
      context,
      conditions,
      clock: this.#clock,
      keeper,
      watchdog,
      work: work.waitsForTables && work.queries.length === 0 ? null : work,
      stopped
    }
  }

  /** As far as the database lets it; polling goes on where this stops. */
  async #begin(running: Running, work: TaskWork): Promise<void> {
    await this.#step(running, work, null)
    for (const turn of this.#turns?.all ?? []) {
      await this.#trying(running, turn, async (session) => {
        await turn.reader.prepare(session)
        return null
      })
    }
  }

  #step(running: Running, work: TaskWork, turn: TableTurn | null): Promise<SourceRecord[] | null> {
    return this.#trying(running, turn, async (session) => {
      if (turn !== null) return await this.#read(turn, session, running)
      this.#turns = new TableTurns(await turnsOf(work, session, running), this.#clock)
      this.#recovered(running)
      return null
    })
  }

  /** Does something with the session; what fails and may pass is tried again by a later poll. */
  async #trying(
    running: Running,
    turn: TableTurn | null,
    work: (session: Session) => Promise<SourceRecord[] | null>
  ): Promise<SourceRecord[] | null> {
    const { keeper, context } = running
    let concerns: TableTurn | null = null
    try {
      const session = await keeper.get()
      if (session === null) return await this.#nap(running)
      concerns = turn
      return await work(session)
    } catch (error) {
      if (context.stopping.aborted) return null
      await this.#failed(error, concerns, running)
      return null
    }
  }

  async #read(turn: TableTurn, session: Session, running: Running): Promise<SourceRecord[] | null> {
    const { reader } = turn
    const { records, drained, nextInMs } = await reader.read(session)
    turn.hasWorked = true
    this.#recovered(running)
    const noPosition = reader.target.settings.mode === 'bulk'
    this.#handedOut = drained || reader.canPause || noPosition ? 'complete' : 'partly'
    const { conditions, watchdog } = running
    if (drained) {
      this.#turns?.ended(turn, nextInMs)
      watchdog.readToEnd(turn)
      const facts = reader.progress.lateCommits
      if (facts !== null) {
        conditions.set(`late commits of ${turn.name}`, conditionOf(turn.name, facts))
      }
      if (records.length === 0) {
        const { position } = reader.progress
        const restarted = await this.#restartedIds.look(reader.target, position, session)
        if (restarted !== undefined) conditions.set(`ids of ${turn.name}`, restarted)
      }
    } else this.#turns?.goesOn(turn)
    if (turn.failures === 0) conditions.set(`failures of ${turn.name}`, null)
    return records
  }

  #recovered({ conditions }: Running): void {
    this.#failures = 0
    conditions.set('failures', null)
  }

  async #nap({ context }: Running): Promise<null> {
    const waitMs = Math.min(NAP_MS, this.#turns?.nextInMs ?? NAP_MS)
    await this.#clock.sleep(Math.max(1, waitMs), context.stopping)
    return null
  }

  /** Throws what cannot become right by itself. */
  async #failed(error: unknown, turn: TableTurn | null, running: Running): Promise<void> {
    const { keeper, settings, context, conditions } = running
    if (this.#handedOut === 'partly') this.#handedOut = 'torn'
    for (const { reader } of this.#turns?.all ?? []) if (reader.isReading) reader.reset()
    turn?.reader.reset()
    // What the dictionary says is no fault of the session.
    if (!(error instanceof ConfigError)) await keeper.close()
    // What is asked for is right: it was answered before, or what it lacks may be given.
    const isRight = isMissing(error) || (turn?.hasWorked === true && !(error instanceof DataError))
    if (!isRetriable(error) && !isRight) throw error
    const failures = (turn === null ? this.#failures : turn.failures) + 1
    const limit = settings.retryAttempts
    if (limit !== null && failures > limit) {
      throw databaseError(`Failed to query table after retries: ${messageOf(error)}`, {
        retriable: false,
        cause: error
      })
    }
    const text = `Retrying (${failures}${limit === null ? '' : ` of ${limit}`}): ${messageOf(error)}`
    context.log.warn(text, { error })
    conditions.set(turn === null ? 'failures' : `failures of ${turn.name}`, text)
    if (turn === null) {
      this.#failures = failures
      this.#nextAttemptMs = this.#clock.monotonicMs() + pauseMs(failures)
    } else this.#turns?.failed(turn)
  }

  /** I8: an open query is a transaction, and may be a lock; nobody has use for it. */
  #leaveIfIdle(): void {
    const reader = this.#turns?.current?.reader
    if (reader === undefined || !reader.isReading) return
    const { idleMs, sawPause } = this.#running.watchdog
    // Without need a load that cannot go on behind its last row is not begun anew.
    const keptMs = sawPause ? KEPT_WHILE_PAUSED_MS : KEPT_WHILE_IDLE_MS
    if (idleMs < keptMs || !(sawPause || reader.canPause)) return
    if (this.#handedOut === 'partly') this.#handedOut = 'torn'
    reader.pause()
  }
}
