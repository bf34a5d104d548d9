import { hostname } from 'node:os'
import type { Clock } from '../../../clock.ts'
import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import type { SinkRecord } from '../../../data/record.ts'
import { RetriableError, messageOf } from '../../../errors.ts'
import type {
  RevocationSignal,
  SinkTask,
  SinkTaskContext,
  TopicPartition,
  TopicPosition
} from '../../../plugin/sink.ts'
import type { StreamFacts } from '../../../plugin/source.ts'
import { after } from '../../../wait.ts'
import type { WriteSession } from '../database/writing.ts'
import { type SinkSettings, sinkSettings } from '../settings/sink-settings.ts'
import { type BatchResult, BatchWriter } from '../writing/batch-writer.ts'
import { SinkRetries } from '../writing/sink-retries.ts'
import { StoredPositions } from '../writing/stored-positions.ts'
import { TargetTables } from '../writing/target-tables.ts'
import { WriterSessions } from '../writing/writer-sessions.ts'
import { WrittenRows } from './written-rows.ts'

/** A worker calls `put` about once a second although there is nothing to put. */
const LOOK_EVERY_MS = 5000

/**
 * Writes records to the tables of a database, one transaction for each `put` (I13). What becomes of an error
 * is decided by its class: a row at fault is handed on, others in the way are tried again in a moment, a
 * database that is away is waited for, while the status says so, and everything else fails the task.
 */
export class JdbcSinkTask implements SinkTask {
  readonly #settings: SinkSettings
  readonly #context: SinkTaskContext
  readonly #clock: Clock
  readonly #sessions: WriterSessions
  readonly #tables: TargetTables
  readonly #writer: BatchWriter
  readonly #retries: SinkRetries
  /** null: they are the group's alone. */
  readonly #positions: StoredPositions | null
  readonly #stopped = new AbortController()
  readonly #written = new WrittenRows()
  #committedAtMs = -Infinity
  #lookedAtMs = -Infinity
  #condition: string | null = null

  /** Throws ConfigError. */
  constructor(definition: ConfigDef, config: ConfigMap, context: SinkTaskContext, clock: Clock) {
    const settings = sinkSettings(config, definition)
    this.#settings = settings
    this.#context = context
    this.#clock = clock
    this.#sessions = new WriterSessions(settings, {
      applicationName: `${context.connector}-${context.task}`,
      log: context.log,
      signal: AbortSignal.any([context.stopping, this.#stopped.signal]),
      clock
    })
    const { log } = context
    this.#tables = new TargetTables(settings, {
      beforeChange: ({ table, statements }) => log.info(`Changing table ${table}`, { statements }),
      onAdvice: (text) => log.warn(text)
    })
    const { errantRecords } = context
    this.#writer = new BatchWriter(settings, this.#tables, {
      report:
        errantRecords === null ? null : (record, error) => errantRecords.report(record, error),
      beforeCommit: () => this.#requireLeave(),
      onSearch: (text) => this.#report(text),
      nowMs: () => clock.monotonicMs()
    })
    this.#retries = new SinkRetries(settings.retries, settings.connection.dialect.displayName)
    const owner = `${hostname()}:${process.pid} task ${context.task}`
    this.#positions =
      settings.exactlyOnce === null
        ? null
        : new StoredPositions(settings, { context, log, clock, owner })
  }

  /** Partitions of another assignment may have been written to by others, who change tables too. */
  async open(partitions: readonly TopicPartition[]): Promise<void> {
    this.#tables.forget()
    if (this.#positions === null || partitions.length === 0) return
    this.#positions.open(partitions)
    await this.#claim()
  }

  prepare(records: readonly SinkRecord[]): void {
    this.#writer.prepare(records)
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    if (records.length > 0) this.#writer.begin()
    const looks = this.#looksAtPositions()
    if (records.length === 0 && !looks) return
    const { revoking } = this.#context
    this.#positions?.begin()
    const over = this.#abortWhenRevoked()
    try {
      await this.#write(records, revoking)
    } finally {
      over()
    }
    if (records.length > 0) this.#requestCommit()
  }

  /**
   * I15: now and then positions are read though nothing went wrong. A database that fell back has lost rows
   * also of partitions that get no record any more.
   */
  #looksAtPositions(): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (this.#positions?.areKept !== true || nowMs < this.#lookedAtMs + LOOK_EVERY_MS) return false
    this.#lookedAtMs = nowMs
    this.#positions.doubt()
    return true
  }

  /** I15: positions of the database are committed, not those of what was put. */
  async preCommit(positions: readonly TopicPosition[]): Promise<readonly TopicPosition[]> {
    if (this.#positions === null) return positions
    // I11: nothing of them is this task's to move any more.
    if (this.#context.lost.aborted) return []
    const over = this.#abortWhenRevoked()
    try {
      return await this.#positions.committable(positions, () => this.#sessions.get())
    } finally {
      over()
    }
  }

  close(partitions: readonly TopicPartition[]): void {
    this.#positions?.close(partitions)
  }

  progress(): ReadonlyMap<string, StreamFacts> {
    return this.#written.facts(this.#positions?.facts)
  }

  /** I7: its key may be what nobody is to see in a log; where it stands, which is told anyway, is enough. */
  nameRecord(): string {
    return 'record'
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#sessions.close()
  }

  async #write(records: readonly SinkRecord[], revoking: RevocationSignal): Promise<void> {
    for (let takesUnknown = false; ; ) {
      let wasUsed = false
      try {
        const session = await this.#sessions.get()
        wasUsed = this.#sessions.isUsed
        const startedMs = this.#clock.monotonicMs()
        const result = await this.#writeOpen(session, records, takesUnknown)
        this.#sessions.used()
        this.#retries.succeeded()
        this.#report(null)
        if (records.length > 0) this.#written.add(result, this.#clock.monotonicMs() - startedMs)
        return
      } catch (error) {
        if (this.#isCutShort(revoking)) throw cutShort(error)
        takesUnknown = await this.#failed(error, wasUsed)
      }
    }
  }

  /** Writes what of a batch is not written yet, and moves the positions of its partitions with it. */
  async #writeOpen(
    session: WriteSession,
    records: readonly SinkRecord[],
    takesUnknown: boolean
  ): Promise<BatchResult> {
    const positions = this.#positions
    if (positions === null) {
      return await this.#writer.write(session, records, { takesUnknown, first: null })
    }
    await positions.ready(session)
    const batch = positions.take(records)
    const first =
      batch.steps.length === 0
        ? null
        : (of: WriteSession): Promise<void> => positions.advance(of, batch.steps)
    const result = await this.#writer.write(session, batch.records, { takesUnknown, first })
    positions.moved(batch)
    return result
  }

  /**
   * Claims the partitions of the task, and waits for the database and for Kafka as long as nobody wants them
   * back: what is not claimed then is claimed before its first record is written.
   */
  async #claim(): Promise<void> {
    const { revoking, stopping } = this.#context
    const over = this.#abortWhenRevoked()
    // Nothing is lost with a claim, and what it waits for may take long.
    const stop = onAbort(stopping, () => this.#sessions.abort())
    try {
      for (;;) {
        let wasUsed = false
        try {
          const session = await this.#sessions.get()
          wasUsed = this.#sessions.isUsed
          await this.#positions?.ready(session)
          this.#sessions.used()
          this.#retries.succeeded()
          return this.#report(null)
        } catch (error) {
          if (this.#isCutShort(revoking)) return
          const pauseMs = this.#pauseAfter(error, wasUsed)
          await this.#clock.sleep(pauseMs, AbortSignal.any([stopping, revoking]))
          if (this.#isCutShort(revoking)) return
        }
      }
    } finally {
      stop()
      over()
    }
  }

  /** For how long a claim rests; throws what fails the task. */
  #pauseAfter(error: unknown, sessionWasUsed: boolean): number {
    this.#positions?.doubt()
    const nowMs = this.#clock.monotonicMs()
    const decision = this.#retries.after(error, { sessionWasUsed, isolates: false, nowMs })
    if (decision.next === 'fail' || decision.next === 'isolate') throw error
    if (decision.forgets) this.#sessions.abort()
    if (decision.condition !== null) {
      this.#report(decision.condition)
      this.#context.log.warn(decision.condition)
    }
    return decision.pauseMs
  }

  /** Throws what the worker is to know; else answers how the batch is to be tried again. */
  async #failed(error: unknown, sessionWasUsed: boolean): Promise<boolean> {
    this.#positions?.doubt()
    const decision = this.#retries.after(error, {
      sessionWasUsed,
      isolates: this.#context.errantRecords !== null,
      nowMs: this.#clock.monotonicMs()
    })
    this.#written.failed(decision.next)
    if (decision.next === 'fail') throw error
    if (decision.next === 'isolate') return true
    if (decision.forgets) {
      this.#sessions.abort()
      this.#tables.forget()
    }
    if (decision.next === 'later') {
      this.#report(decision.condition)
      this.#context.log.warn(decision.condition)
      this.#context.timeout(decision.pauseMs)
      throw new RetriableError(messageOf(error), { cause: error, outage: true })
    }
    if (decision.condition !== null) this.#report(decision.condition)
    await this.#clock.sleep(decision.pauseMs, this.#context.stopping)
    return false
  }

  /** null: what stands is only what positions have to say. */
  #report(trouble: string | null): void {
    const condition = trouble ?? this.#positions?.notice ?? null
    if (condition === this.#condition) return
    this.#condition = condition
    this.#context.reportCondition(condition)
  }

  #isCutShort(revoking: RevocationSignal): boolean {
    return this.#context.stopping.aborted || revoking.aborted
  }

  /**
   * I11: throws when partitions of the batch may be somebody else's. A task that is to end ends its batch,
   * for as long as the worker waits for it: then they are lost.
   */
  #requireLeave(): void {
    const { revoking, lost } = this.#context
    if (lost.aborted || revoking.reason?.withinMs === 0) throw cutShort(revoking.reason)
  }

  /**
   * I11: a transaction that takes longer than it may is undone, and at once when its partitions are lost.
   * Answers what takes the watch back.
   */
  #abortWhenRevoked(): () => void {
    const { revoking, lost } = this.#context
    const abort = (): void => this.#sessions.abort()
    let cancel = (): void => {}
    const watch = (): void => {
      const withinMs = revoking.reason?.withinMs ?? 0
      if (withinMs > 0) cancel = after(this.#clock, withinMs, abort)
      else abort()
    }
    const stops = [onAbort(revoking, watch), onAbort(lost, abort)]
    return () => {
      for (const stop of stops) stop()
      cancel()
    }
  }

  #requestCommit(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#committedAtMs < this.#settings.commitIntervalMs) return
    this.#committedAtMs = nowMs
    this.#context.requestCommit()
  }
}

/** Nothing of the batch was kept: it comes again, here or elsewhere. */
function cutShort(cause: unknown): RetriableError {
  return new RetriableError(
    'The batch was given up: its task stops, or its partitions are taken away',
    {
      cause,
      outage: true
    }
  )
}

/** Does it once, at once when the signal has aborted already. Answers what takes that back. */
function onAbort(signal: AbortSignal, what: () => void): () => void {
  if (signal.aborted) what()
  else signal.addEventListener('abort', what, { once: true })
  return () => signal.removeEventListener('abort', what)
}
