import type { Clock } from '../../../clock.ts'
import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import type { SinkRecord } from '../../../data/record.ts'
import { RetriableError, messageOf } from '../../../errors.ts'
import type {
  Revocation,
  RevocationSignal,
  SinkTask,
  SinkTaskContext
} from '../../../plugin/sink.ts'
import type { StreamFacts } from '../../../plugin/source.ts'
import { after } from '../../../wait.ts'
import { type SinkSettings, sinkSettings } from '../settings/sink-settings.ts'
import { BatchWriter } from '../writing/batch-writer.ts'
import { placeOf } from '../writing/record-errors.ts'
import { SinkRetries } from '../writing/sink-retries.ts'
import { TargetTables } from '../writing/target-tables.ts'
import { WriterSessions } from '../writing/writer-sessions.ts'
import { WrittenRows } from './written-rows.ts'

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
  readonly #stopped = new AbortController()
  readonly #written = new WrittenRows()
  #committedAtMs = -Infinity
  #hasCondition = false

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
      beforeCommit: () => this.#requireLeave(context.revoking),
      nowMs: () => clock.monotonicMs()
    })
    this.#retries = new SinkRetries(settings.retries, settings.connection.dialect.displayName)
  }

  /** Partitions of another assignment may have been written to by others, who change tables too. */
  open(): void {
    this.#tables.forget()
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    if (records.length === 0) return
    const { revoking } = this.#context
    const over = this.#abortWhenRevoked(revoking)
    try {
      await this.#write(records, revoking)
    } finally {
      over()
    }
    this.#requestCommit()
  }

  progress(): ReadonlyMap<string, StreamFacts> {
    return this.#written.facts()
  }

  nameRecord(record: SinkRecord): string {
    return `record of ${placeOf(record)}`
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
        const result = await this.#writer.write(session, records, { takesUnknown })
        this.#sessions.used()
        this.#retries.succeeded()
        this.#report(null)
        this.#written.add(result, this.#clock.monotonicMs() - startedMs)
        return
      } catch (error) {
        if (this.#isCutShort(revoking)) throw cutShort(error)
        takesUnknown = await this.#failed(error, wasUsed)
      }
    }
  }

  /** Throws what the worker is to know; else answers how the batch is to be tried again. */
  async #failed(error: unknown, sessionWasUsed: boolean): Promise<boolean> {
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

  #report(condition: string | null): void {
    if (condition === null && !this.#hasCondition) return
    this.#hasCondition = condition !== null
    this.#context.reportCondition(condition)
  }

  #isCutShort(revoking: RevocationSignal): boolean {
    return this.#context.stopping.aborted || revoking.aborted
  }

  /** I11: throws when partitions of the batch may be somebody else's. */
  #requireLeave({ reason }: RevocationSignal): void {
    const mayEnd = reason === undefined || (reason.reason === 'rebalance' && reason.withinMs > 0)
    if (!mayEnd || this.#context.stopping.aborted) throw cutShort(reason)
  }

  /** I11: a transaction that takes longer than it may is undone. Answers what takes the watch back. */
  #abortWhenRevoked(revoking: RevocationSignal): () => void {
    let cancel = (): void => {}
    const watch = (): void => {
      cancel = this.#abortAfter(revoking.reason)
    }
    if (revoking.aborted) watch()
    else revoking.addEventListener('abort', watch, { once: true })
    return () => {
      revoking.removeEventListener('abort', watch)
      cancel()
    }
  }

  #abortAfter(revocation: Revocation | undefined): () => void {
    const withinMs = revocation?.withinMs ?? 0
    const abort = (): void => this.#sessions.abort()
    if (withinMs > 0) return after(this.#clock, withinMs, abort)
    abort()
    return () => undefined
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
