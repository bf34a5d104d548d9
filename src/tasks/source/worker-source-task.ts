import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../clock.ts'
import type { ConfigMap } from '../../config/config-def.ts'
import type { SourceRecord } from '../../data/record.ts'
import { ConnectError, isRetriable, traceOf, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { OffsetReader } from '../../plugin/source.ts'
import type { TargetState } from '../../storage/target-state.ts'
import type { State } from '../../storage/status-store.ts'
import type { SourceTaskCounters, SourceTaskProgress } from '../port.ts'
import type { TaskId } from '../../storage/task-id.ts'
import type { ProducerRecord } from '../../kafka/contracts.ts'
import { recordBytes } from '../../kafka/producing/record-batch.ts'
import type { RecordConversion } from '../pipeline/record-conversion.ts'
import type { SkippedRecords } from '../pipeline/skipped-records.ts'
import { ownedBy } from '../../plugin/plugin-owner.ts'
import { type SourceDelivery, StartAnew } from './source-delivery.ts'
import { MAX_RECORDS_PER_SEND } from './send-window.ts'
import type { SourceTaskInstance } from './source-task-instance.ts'
import type { TopicCreation } from './topic-creation.ts'

/** What the task says of itself; the only things that cross the task boundary outwards. */
export interface TaskEvents {
  onState(state: State, trace: string | null): void
  onTopicUsed(topic: string): void
}

export interface WorkerSourceTaskParts {
  readonly id: TaskId
  readonly config: ConfigMap
  readonly plugin: SourceTaskInstance
  readonly conversion: RecordConversion
  /** What was left out so far: part of the task's condition. */
  readonly skipped: SkippedRecords
  readonly delivery: SourceDelivery
  readonly offsetFlushIntervalMs: number
  readonly topicCreation: TopicCreation | null
  readonly offsets: OffsetReader
  readonly events: TaskEvents
  /** Releases what was opened for this task. */
  onEnd(): Promise<void> | void
  readonly counters: SourceTaskCounters
  readonly target: TargetState
  readonly stopping: AbortController
  readonly log: Logger
  readonly clock: Clock
}

/** How long one task converts before others have a turn, and how often it looks at the time. */
const TURN_MS = 4
const RECORDS_PER_LOOK = 8

/** Before a topic is asked for again; the question itself has a limit (`default.api.timeout.ms`). */
const TOPIC_PAUSE_MS = 500

/** How long closing the producer may take after a clean end. */
const PRODUCER_CLOSE_TIMEOUT_MS = 30_000

/**
 * The loop of one source task: poll → transform → convert → deliver. How records and their offsets get into Kafka, at least or exactly
 * once, is the delivery's business.
 *
 * States: (PAUSED ⇄) RUNNING → ended | FAILED. A task started while its connector is paused reports PAUSED and waits before its
 * plugin is started. `stop` asks it to end: the loop finishes its step, outstanding sends are awaited for a bounded time, offsets are
 * stored a last time, then the plugin is stopped. `cancel` gives up on it: from then on it writes nothing (I2, I4).
 */
export class WorkerSourceTask {
  readonly id: TaskId
  readonly #parts: WorkerSourceTaskParts
  readonly #clock: Clock
  #paused: boolean
  #wakePaused: (() => void) | null = null
  #cancelled = false
  #failed = false
  #condition: string | null = null
  #standstill: string | null = null
  /** How many skipped records the status tells of. */
  #skippedShown = 0
  readonly #topicsSeen = new Set<string>()
  #lastTopic: string | null = null

  constructor(parts: WorkerSourceTaskParts) {
    this.id = parts.id
    this.#parts = parts
    this.#clock = parts.clock
    this.#paused = parts.target === 'PAUSED'
  }

  get failed(): boolean {
    return this.#failed
  }

  get progress(): SourceTaskProgress {
    const { counters, plugin } = this.#parts
    return { ...counters, streams: plugin.progress() }
  }

  setTargetState(target: TargetState): void {
    this.#paused = target === 'PAUSED'
    if (target === 'STOPPED') this.stop()
    this.#wakePaused?.()
  }

  stop(): void {
    // Listeners of the plugin run where the signal is aborted.
    ownedBy(this, () => this.#parts.stopping.abort())
    this.#wakePaused?.()
  }

  /** I9: something the plugin left behind went wrong outside of any call: the task is FAILED, and ends. */
  fail(error: unknown): void {
    const { stopping, log } = this.#parts
    if (stopping.signal.aborted) {
      log.warn('A task that was asked to stop left an error behind', { error })
      return
    }
    log.error(
      'Task left an error behind that nobody handled. It will not recover until manually restarted',
      { error }
    )
    this.#failWith(error)
    this.stop()
  }

  /** I2: called when the task did not end in time; whatever its plugin still does has no effect any more. */
  cancel(): void {
    this.#cancelled = true
    this.#parts.delivery.cancel()
    this.stop()
    // The loop may wait for a registry, which has limits of its own.
    void this.#closeConversion()
  }

  /** Runs until stopped or failed. Never rejects: a failure is reported as FAILED with its trace (I9). */
  async run(): Promise<void> {
    const { stopping, log } = this.#parts
    let failure: unknown = null
    const alongside = Promise.all([
      this.#parts.delivery.alongside(),
      this.#showConditionsRegularly()
    ])
    try {
      while (!stopping.signal.aborted) await this.#runPlugin()
    } catch (error) {
      // What fails because of the stop is no failure; a record that was tried again is read again after the next start (I1).
      if (stopping.signal.aborted)
        log.warn('After it was asked to stop, the task threw an error', { error })
      else {
        log.error(
          'Task threw an uncaught and unrecoverable exception. Task is being killed and will not recover until manually restarted',
          { error }
        )
        failure = error
      }
    }
    stopping.abort()
    await alongside
    try {
      await this.#finish(failure !== null || this.#failed)
    } catch (error) {
      log.error('Task could not be ended cleanly', { error })
    }
    if (failure !== null) this.#failWith(failure)
  }

  #failWith(error: unknown): void {
    if (this.#cancelled || this.#failed) return
    this.#failed = true
    this.#report('FAILED', traceOf(error))
  }

  /** From the start of the plugin until the task is asked to stop, or has to start the plugin anew. */
  async #runPlugin(): Promise<void> {
    const { stopping, delivery, plugin, log } = this.#parts
    await this.#waitWhilePaused()
    if (stopping.signal.aborted) return
    try {
      await delivery.begin()
      if (stopping.signal.aborted) return
      await this.#startPlugin()
      if (!this.#paused) this.#report('RUNNING', this.#conditions())
      await this.#loop()
    } catch (error) {
      const stopped = error instanceof ConnectError && error.code === 'WORKER_STOPPING'
      if (stopped && stopping.signal.aborted) return
      if (!(error instanceof StartAnew)) throw error
      log.warn(`${error.message}; the task starts again from the committed offsets`, {
        error: error.cause
      })
      this.#condition = null
      if (!stopping.signal.aborted) await plugin.stopForAnother()
    }
  }

  async #startPlugin(): Promise<void> {
    const { plugin, config, id, offsets, delivery, stopping, log } = this.#parts
    const { transaction } = delivery
    await plugin.start(config, {
      connector: id.connector,
      task: id.task,
      log,
      offsets,
      storeOffsets: (positions) => delivery.storeOffsets(positions),
      ...(transaction === null ? {} : { transaction }),
      stopping: stopping.signal,
      reportCondition: (condition) => this.#reportCondition(condition)
    })
    log.info('Source task finished initialization and start')
  }

  async #loop(): Promise<void> {
    const { stopping, delivery } = this.#parts
    while (!stopping.signal.aborted) {
      if (this.#paused && (await delivery.paused())) {
        this.#parts.plugin.paused()
        await this.#waitWhilePaused()
        if (!stopping.signal.aborted) this.#report('RUNNING', this.#conditions())
        continue
      }
      delivery.throwFailure()
      const records = await this.#poll()
      if (records === null || records.length === 0) {
        await delivery.pollEnded()
        // A plugin that answers at once must not keep the event loop from everything else (I9).
        await nextTurn()
        continue
      }
      this.#parts.counters.polled += records.length
      await this.#send(records)
      await delivery.pollEnded()
    }
  }

  async #poll(): Promise<SourceRecord[] | null> {
    try {
      return await this.#parts.plugin.poll()
    } catch (error) {
      if (!isRetriable(error)) throw error
      this.#parts.log.warn('poll failed and will be called again', { error })
      await this.#clock.sleep(100, this.#parts.stopping.signal)
      return null
    }
  }

  /** Converts what was polled and hands it over in pieces of a bounded number of records and bytes (I8). */
  async #send(polled: readonly SourceRecord[]): Promise<void> {
    const { conversion, delivery } = this.#parts
    const { bytesPerSend } = delivery
    let records: (ProducerRecord | null)[] = []
    let bytes = 0
    let turnEndsAt = performance.now() + TURN_MS
    for (let at = 0; at < polled.length; at++) {
      const converted = conversion.convert(polled[at] as SourceRecord)
      const record = converted instanceof Promise ? await converted : converted
      records.push(record)
      if (record !== null) {
        bytes += recordBytes(record)
        if (record.topic !== this.#lastTopic) await this.#useTopic(record.topic)
      }
      const isLast = at === polled.length - 1
      if (isLast || records.length >= MAX_RECORDS_PER_SEND || bytes >= bytesPerSend) {
        const whole = isLast && records.length === polled.length
        const sources = whole ? polled : polled.slice(at + 1 - records.length, at + 1)
        await delivery.send({ sources, records, bytes })
        records = []
        bytes = 0
      }
      if (at % RECORDS_PER_LOOK === 0 && performance.now() >= turnEndsAt) {
        // I9: others wait for the event loop, however much one poll brings.
        await nextTurn()
        turnEndsAt = performance.now() + TURN_MS
      }
    }
    // The first at once, further ones every so often: each is a record in the status topic.
    if (this.#skippedShown === 0) this.#showSkipped()
  }

  async #useTopic(topic: string): Promise<void> {
    this.#lastTopic = topic
    if (this.#topicsSeen.has(topic)) return
    await this.#ensureTopic(topic)
    this.#topicsSeen.add(topic)
    if (!this.#cancelled) this.#parts.events.onTopicUsed(topic)
  }

  /** Waits for a cluster that is away, as for the acknowledgement of a record, and says so (I8). */
  async #ensureTopic(topic: string): Promise<void> {
    const { topicCreation, stopping, log } = this.#parts
    while (topicCreation !== null) {
      try {
        await topicCreation.ensure(topic)
        return
      } catch (error) {
        if (!isRetriable(error) || stopping.signal.aborted) throw error
        log.warn('A topic could not be looked up or created yet', { error })
        this.#standstill = messageOf(error)
        if (!this.#paused) this.#report('RUNNING', this.#conditions())
        await this.#clock.sleep(TOPIC_PAUSE_MS, stopping.signal)
      }
    }
  }

  async #waitWhilePaused(): Promise<void> {
    const { stopping, events } = this.#parts
    if (!this.#paused || stopping.signal.aborted) return
    if (!this.#cancelled) events.onState('PAUSED', null)
    while (this.#paused && !stopping.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wakePaused = resolve
      })
      this.#wakePaused = null
    }
  }

  async #showConditionsRegularly(): Promise<void> {
    const { stopping, offsetFlushIntervalMs } = this.#parts
    while (!stopping.signal.aborted) {
      await this.#clock.sleep(offsetFlushIntervalMs, stopping.signal)
      if (stopping.signal.aborted) return
      const { standstill } = this.#parts.delivery
      if (standstill === this.#standstill) this.#showSkipped()
      else {
        this.#standstill = standstill
        if (standstill !== null) this.#parts.log.warn(standstill)
        if (!this.#paused) this.#report('RUNNING', this.#conditions())
      }
    }
  }

  /** Outstanding sends, last offsets, plugin, producer: each bounded (I4, I8). */
  async #finish(failed: boolean): Promise<void> {
    const { delivery, plugin, topicCreation } = this.#parts
    await delivery.finish(failed)
    const ends: (() => Promise<void> | void)[] = [
      // A plugin that was never started (stopped while paused, or before its turn came) has nothing to stop, as in the JVM worker.
      () => plugin.stop(),
      () => delivery.close(this.#cancelled ? 0 : PRODUCER_CLOSE_TIMEOUT_MS),
      () => topicCreation?.close(),
      () => this.#closeConversion(),
      () => this.#parts.onEnd()
    ]
    const failures: unknown[] = []
    for (const end of ends) {
      try {
        await end()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1)
      throw new AggregateError(failures, 'Several parts of the task failed to stop')
  }

  /** Never rejects: as in a JVM worker, nothing depends on it any more. */
  async #closeConversion(): Promise<void> {
    try {
      await this.#parts.conversion.close()
    } catch (error) {
      this.#parts.log.warn('What converted the records could not be closed', { error })
    }
  }

  #reportCondition(condition: string | null): void {
    if (condition === this.#condition) return
    this.#condition = condition
    if (condition !== null) this.#parts.log.warn(condition)
    if (!this.#paused) this.#report('RUNNING', this.#conditions())
  }

  #showSkipped(): void {
    const { count } = this.#parts.skipped
    if (count === this.#skippedShown) return
    this.#skippedShown = count
    if (!this.#paused) this.#report('RUNNING', this.#conditions())
  }

  #conditions(): string | null {
    const all = [this.#condition, this.#standstill, this.#parts.skipped.condition].filter(
      (text) => text !== null
    )
    return all.length === 0 ? null : all.join('; ')
  }

  #report(state: State, trace: string | null): void {
    if (!this.#cancelled && (state === 'FAILED' || !this.#parts.stopping.signal.aborted)) {
      this.#parts.events.onState(state, trace)
    }
  }
}
