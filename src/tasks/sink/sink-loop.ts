import type { Clock } from '../../clock.ts'
import type { GroupConsumer } from '../../kafka/contracts.ts'
import { ConnectError, isRetriable, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { BatchWish } from '../../plugin/sink.ts'
import { abortable, nextTurn } from '../../wait.ts'
import { partitionKey } from './assigned-partitions.ts'
import { Batch } from './batch.ts'
import type { DeadLetterQueue } from './dead-letter-queue.ts'
import type { ErrantRecords } from './errant-records.ts'
import { Intake, type IntakeParts } from './intake.ts'
import type { OffsetCommits } from './offset-commits.ts'
import type { SinkContext } from './sink-context.ts'
import type { SinkTaskInstance } from './sink-task-instance.ts'
import { Steering } from './steering.ts'

interface SinkLoopParts extends IntakeParts {
  readonly consumer: GroupConsumer
  readonly plugin: SinkTaskInstance
  readonly context: SinkContext
  readonly commits: OffsetCommits
  readonly errantRecords: ErrantRecords
  readonly deadLetters: DeadLetterQueue | null
  readonly wish: BatchWish
  /** Aborts when nobody waits for it any more. */
  readonly givenUp: AbortSignal
  readonly clock: Clock
  readonly log: Logger
}

/** A plugin is called about as often although there is nothing to put. */
const IDLE_MS = 1000
/** The rest of a batch that is put again, where the plugin does not say. */
const REST_MS = 1000
/** After so many others have a turn. */
const PREPARED_AT_ONCE = 500
/**
 * For so long records are read while others are written. Behind it nothing is polled until they are, so that
 * a put that does not end is noticed (`max.poll.interval.ms`).
 */
const READ_BESIDE_PUT_MS = 5000

/**
 * What a sink task does again and again: one batch is put while the next one is read and converted. A batch
 * that failed and may succeed later rests with all partitions paused, and is put again before anything else;
 * the group is attended to meanwhile.
 */
export class SinkLoop {
  readonly #parts: SinkLoopParts
  readonly #intake: Intake
  readonly #steering: Steering
  /** What is put next, or again. */
  #held: Batch | null = null
  /** What comes behind it. */
  #ahead: Batch | null = null
  /** Why `#held` rests, and until when. */
  #rest: { readonly why: string; readonly untilMs: number } | null = null
  #putting: { readonly ends: Promise<void>; readonly startedMs: number } | null = null
  #failure: { readonly error: unknown } | null = null
  /** Whether the target state is PAUSED. */
  #isPaused = false
  #pollUntilMs = 0
  #pollWanted = new AbortController()

  constructor(parts: SinkLoopParts) {
    this.#parts = parts
    this.#intake = new Intake(parts)
    this.#steering = new Steering(parts.consumer, parts.partitions)
  }

  /** Read, and not put yet; the older first. */
  get batches(): readonly Batch[] {
    return [this.#held, this.#ahead].filter((batch) => batch !== null)
  }

  /** What a batch rests for; null: none does. */
  get trouble(): string | null {
    return this.#rest?.why ?? null
  }

  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused
  }

  /** Rejects when the task has to fail, also with what `put` threw. */
  async turn(): Promise<void> {
    const { commits } = this.#parts
    this.#applyRequests()
    if (commits.isDue && !(await commits.begin())) this.#rewind()
    if (this.#held === null) {
      this.#held = this.#ahead
      this.#ahead = null
    }
    await this.#convertAgain()
    this.#beginPut()
    try {
      await this.#read()
      while (await this.#isPollWanted()) await this.#read()
    } finally {
      await this.putEnded()
    }
    if (this.#failure !== null) throw this.#failure.error
    // A plugin that is done at once must not keep the event loop from everything else (I9).
    await nextTurn()
  }

  /** Resolves when no call of `put` is under way, or nobody waits for it any more. Never rejects. */
  async putEnded(): Promise<void> {
    const putting = this.#putting
    if (putting === null) return
    // A put has no limit of its own: what it waits for its plugin says, and who stops the task has a limit.
    await abortable(putting.ends, this.#parts.givenUp).catch(() => undefined)
  }

  /** Ends when the plugin has come back from its last `put`, however long that takes. Never rejects. */
  get lastPut(): Promise<void> {
    return this.#putting?.ends ?? Promise.resolve()
  }

  /** The group waits for polls for so long, however long a put takes. */
  pollSoon(withinMs: number): void {
    this.#pollUntilMs = this.#parts.clock.monotonicMs() + withinMs
    this.#pollWanted.abort()
  }

  /** Partitions are there that were not before. */
  assigned(): void {
    this.#steering.changed()
    this.#applyRequests()
    this.#applyPauses()
  }

  /** I11: what was read of these partitions, and not put, is gone. */
  forget(keys: ReadonlySet<string>): void {
    for (const batch of this.batches) batch.purge(keys)
    if (this.#held?.isEmpty === true) this.#drop()
    if (this.#ahead?.isEmpty === true) this.#ahead = null
  }

  /** Nothing that was read is put any more. */
  #drop(): void {
    this.#held = null
    this.#rest = null
  }

  /** What the plugin asked for since the last time. Nothing of it is in `#held` unless it failed before. */
  #applyRequests(): void {
    const { context, partitions } = this.#parts
    if (!context.takeRequests()) return
    this.#steering.changed()
    for (const assigned of partitions.all) {
      const { topic, partition, sought } = assigned
      const key = new Set([partitionKey(assigned)])
      if (sought !== null) {
        this.forget(key)
        this.#steering.seek({ topic, partition, offset: sought })
        Object.assign(assigned, { start: sought, delivered: null, committed: null, sought: null })
      } else if (assigned.isPaused) {
        const [first] = this.#ahead?.purge(key).values() ?? []
        if (first !== undefined) this.#steering.seek({ topic, partition, offset: first })
      }
    }
    if (this.#ahead?.isEmpty === true) this.#ahead = null
  }

  /** After a commit that the plugin refused: on from what was committed last. */
  #rewind(): void {
    const { partitions } = this.#parts
    const first = (key: string): number | null =>
      this.batches
        .map(({ stretches }) => stretches.get(key)?.first)
        .find((at) => at !== undefined) ?? null
    for (const assigned of partitions.all) {
      const { topic, partition, committed, start } = assigned
      const offset = committed ?? start ?? first(partitionKey(assigned))
      if (offset === null) continue
      this.#steering.seek({ topic, partition, offset })
      Object.assign(assigned, { start: offset, delivered: null })
    }
    this.#drop()
    this.#ahead = null
  }

  get #mayPut(): boolean {
    const { context, stopping, clock } = this.#parts
    const held = this.#held
    if (held === null || held.unconverted !== null || stopping.aborted) return false
    if (this.#isPaused && !held.isEmpty) return false
    if (this.#rest !== null && clock.monotonicMs() < this.#rest.untilMs) return false
    // What is only buffered when partitions go is not written any more.
    return !context.revoking.aborted
  }

  #beginPut(): void {
    const { clock, meter } = this.#parts
    const batch = this.#held
    if (batch === null || !this.#mayPut) return
    if (this.#rest !== null) meter.retried()
    const startedMs = clock.monotonicMs()
    const ends = this.#put(batch, startedMs).finally(() => {
      this.#putting = null
      // What was read meanwhile need not wait for more, nor what follows from a failure.
      const hasFailed = this.#rest !== null || this.#failure !== null
      const { commits, consumer } = this.#parts
      if (hasFailed || this.#ahead !== null || commits.isDue) consumer.wakeup()
    })
    this.#putting = { ends, startedMs }
  }

  /** Never rejects. */
  async #put(batch: Batch, startedMs: number): Promise<void> {
    const { plugin, deadLetters, errantRecords, context, givenUp, clock, meter } = this.#parts
    const { revoking } = context
    this.#postLetters(batch)
    context.takeWritten()
    try {
      // I10: letters first, so that a batch that has to wait for them was not written before.
      await deadLetters?.acknowledged(givenUp)
      await plugin.put(batch.records)
      await errantRecords.settled()
    } catch (error) {
      const written = context.takeWritten()
      this.#delivered(batch, written)
      const before = batch.records.length
      batch.purge(written)
      meter.put(before - batch.records.length, clock.monotonicMs() - startedMs)
      return this.#putFailed(error, revoking.aborted)
    }
    meter.put(batch.records.length, clock.monotonicMs() - startedMs)
    this.#delivered(batch, batch.stretches.keys())
    if (this.#held === batch) this.#drop()
  }

  /** I10: what was put of these partitions may be committed. */
  #delivered(batch: Batch, keys: Iterable<string>): void {
    for (const key of keys) {
      const { next, lastTimestamp } = batch.stretches.get(key) ?? {}
      const assigned = this.#parts.partitions.byKey(key)
      if (assigned !== null && next !== undefined) {
        Object.assign(assigned, { delivered: next, lastTimestamp })
      }
    }
  }

  /** Not before it is the batch's turn: one that is only read may be read again. */
  #postLetters(batch: Batch): void {
    for (const { record, failure } of batch.takeLeftOut()) {
      this.#parts.deadLetters?.add(record, failure)
    }
  }

  #putFailed(error: unknown, isRevoked: boolean): void {
    const { stopping, log } = this.#parts
    if (stopping.aborted)
      return log.warn('After it was asked to stop, the task threw an error', { error })
    if (!isRetriable(error) && !isRevoked) {
      this.#failure = { error: unrecoverable(error) }
      return
    }
    this.#toRest(error)
  }

  #toRest(error: unknown): void {
    const { context, clock, log } = this.#parts
    const why = messageOf(error)
    if (this.#rest?.why !== why)
      log.warn('A batch could not be put and will be put again', { error })
    const ms = context.takeRest() ?? REST_MS
    this.#rest = { why, untilMs: clock.monotonicMs() + ms }
  }

  /** What the consumer may hand out. No poll is under way. */
  #applyPauses(): void {
    const isHeldBack = this.#held !== null && this.#putting === null
    const isResting = this.#rest !== null
    this.#steering.apply(this.#isPaused || isResting || isHeldBack || this.#isAheadFull)
  }

  /** Whether polls are asked for before the put that is under way ends. */
  async #isPollWanted(): Promise<boolean> {
    if (this.#putting === null) return false
    try {
      await abortable(this.putEnded(), this.#pollWanted.signal)
      return false
    } catch {
      this.#pollWanted = new AbortController()
      return true
    }
  }

  /** At least one poll: rebalances happen in there. */
  async #read(): Promise<void> {
    const { consumer, clock, stopping, context } = this.#parts
    for (;;) {
      this.#applyPauses()
      const consumed = await consumer.poll(this.#room(), this.#waitMs())
      if (consumed.length > 0) {
        this.#ahead ??= new Batch(clock.monotonicMs())
        this.#intake.take(this.#ahead, consumed)
        if (!(await this.#converted(this.#ahead))) return
        await this.#prepare(this.#ahead)
      }
      if (stopping.aborted || context.revoking.aborted || !this.#isWorthMore()) break
    }
    // A plugin is called although there is nothing to put.
    if (this.#held === null) this.#ahead ??= new Batch(clock.monotonicMs())
  }

  /** The plugin may do what it can of the next batch while it waits for others with this one. */
  async #prepare(batch: Batch): Promise<void> {
    const { plugin, context } = this.#parts
    while (plugin.canPrepare && this.#putting !== null && !context.revoking.aborted) {
      const records = batch.takeUnprepared(PREPARED_AT_ONCE)
      if (records.length === 0) return
      plugin.prepare(records)
      await nextTurn()
    }
  }

  /** Whether another poll makes sense before the next turn. */
  #isWorthMore(): boolean {
    const { wish, clock } = this.#parts
    const nowMs = clock.monotonicMs()
    if (this.#putting !== null && nowMs < this.#pollUntilMs) return true
    if (this.#steering.areAllPaused || this.#isAheadFull) return false
    if (this.#putting !== null) return nowMs < this.#putting.startedMs + READ_BESIDE_PUT_MS
    return this.#ahead !== null && nowMs < this.#ahead.startedMs + wish.lingerMs
  }

  get #isAheadFull(): boolean {
    const { wish } = this.#parts
    const { consumed = 0, bytes = 0 } = this.#ahead ?? {}
    return consumed >= wish.records || bytes >= wish.bytes
  }

  #room(): { records: number; bytes: number } {
    const { wish } = this.#parts
    const { consumed = 0, bytes = 0 } = this.#ahead ?? {}
    return { records: Math.max(1, wish.records - consumed), bytes: Math.max(1, wish.bytes - bytes) }
  }

  /** How long a poll may wait: never so short that the loop would run hot. */
  #waitMs(): number {
    const { commits, clock, wish } = this.#parts
    const nowMs = clock.monotonicMs()
    // I9: what is due begins behind this read, and until then it is nothing to hurry for.
    const waitMs = commits.isDue ? IDLE_MS : Math.min(IDLE_MS, commits.waitMs)
    if (this.#putting !== null) return waitMs
    if (this.#held === null) {
      const ahead = this.#ahead
      if (ahead === null) return waitMs
      return Math.max(0, Math.min(waitMs, ahead.startedMs + wish.lingerMs - nowMs))
    }
    // When its rest is over, and it may not be put all the same, there is nothing to hurry for.
    const restMs = (this.#rest?.untilMs ?? 0) - nowMs
    return restMs > 0 ? Math.min(waitMs, restMs) : waitMs
  }

  async #convertAgain(): Promise<void> {
    const held = this.#held
    if (held === null || held.unconverted === null) return
    if (this.#rest !== null && this.#parts.clock.monotonicMs() < this.#rest.untilMs) return
    if (await this.#converted(held)) this.#rest = null
  }

  /** False when a batch has to rest, because something is away that its conversion needs. */
  async #converted(batch: Batch): Promise<boolean> {
    try {
      await this.#intake.convert(batch)
      return true
    } catch (error) {
      // A JVM worker, too, tells of the record that fails the task.
      if (!isRetriable(error)) this.#postLetters(batch)
      if (!isRetriable(error) || this.#parts.stopping.aborted) throw error
      this.#toRest(error)
      return false
    }
  }
}

/** As a JVM worker names it. */
function unrecoverable(error: unknown): ConnectError {
  const code = error instanceof ConnectError ? error.code : 'INTERNAL'
  return new ConnectError(code, 'Exiting WorkerSinkTask due to unrecoverable exception.', {
    cause: error
  })
}
