import { nextTurn } from '../../wait.ts'
import type { Clock } from '../../clock.ts'
import type { SourceRecord } from '../../data/record.ts'
import { ConnectError, isRetriable, traceOf, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { TargetState } from '../../storage/target-state.ts'
import type { Meter } from '../meter.ts'
import type { SourceTaskStart } from '../port.ts'
import type { WorkerLink } from '../worker-calls.ts'
import type { ProducerRecord } from '../../kafka/contracts.ts'
import { recordBytes } from '../../kafka/producing/record-batch.ts'
import type { RecordConversion } from '../pipeline/record-conversion.ts'
import type { SkippedRecords } from '../pipeline/skipped-records.ts'
import { ownedBy } from '../../plugin/plugin-owner.ts'
import { type SourceDelivery, StartAnew } from './source-delivery.ts'
import { MAX_RECORDS_PER_SEND } from './send-window.ts'
import type { SourceTaskInstance } from './source-task-instance.ts'
import { TaskConditions } from '../task-conditions.ts'
import type { TopicCreation } from './topic-creation.ts'

interface WorkerSourceTaskParts {
  readonly start: SourceTaskStart
  readonly worker: WorkerLink
  readonly plugin: SourceTaskInstance
  readonly conversion: RecordConversion
  /** What was left out so far: part of the task's condition. */
  readonly skipped: SkippedRecords
  readonly delivery: SourceDelivery
  readonly topicCreation: TopicCreation | null
  readonly meter: Meter
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

type LifeState =
  | { readonly kind: 'running' | 'stopping' | 'failed' | 'given up' }
  | { readonly kind: 'paused'; resume(): void }

/**
 * The loop of one source task: poll → transform → convert → deliver. How records and their offsets get into
 * Kafka, at least or exactly once, is the delivery's business.
 *
 * - *running*: from the start. The loop begins, goes round, and begins again when the plugin has to be
 *   started anew.
 * - *paused*: entered from *running*, where the loop finds that the target state is PAUSED and a pause
 *   possible. A task that is started with that target is paused before its plugin is started. Left to
 *   *running* by another target.
 * - *stopping*: entered from the two above when the task is asked to end, or its loop failed. The step of the
 *   loop comes to its end, outstanding sends are awaited for a bounded time, offsets are stored a last time,
 *   the plugin is stopped.
 * - *failed*: entered from all of these, with the one report of FAILED: at the end of *stopping* when the
 *   loop failed, at once when the plugin left an error behind, and then the loop comes to its end as in
 *   *stopping*.
 * - *given up*: entered by `cancel`, from any state and for good. From then on the task writes and says
 *   nothing (I2, I4).
 *
 * The signal that the plugin has, `stopping`, is aborted in the last three and not in the first two.
 */
export class WorkerSourceTask {
  readonly #parts: WorkerSourceTaskParts
  readonly #clock: Clock
  readonly #conditions: TaskConditions
  #state: LifeState = { kind: 'running' }
  /** Whether the target state is PAUSED. */
  #isPauseWanted: boolean
  readonly #topicsSeen = new Set<string>()
  #lastTopic: string | null = null

  constructor(parts: WorkerSourceTaskParts) {
    this.#parts = parts
    this.#clock = parts.clock
    this.#conditions = new TaskConditions(parts.skipped, parts.log, () => this.#sayRunning())
    this.#isPauseWanted = parts.start.target === 'PAUSED'
  }

  setTargetState(target: TargetState): void {
    this.#isPauseWanted = target === 'PAUSED'
    if (target === 'STOPPED') this.stop()
    if (!this.#isPauseWanted) this.#toRunning()
  }

  stop(): void {
    if (this.#isAlive) this.#leaveLoop({ kind: 'stopping' })
  }

  /** I9: something the plugin left behind went wrong outside of any call: the task is FAILED, and ends. */
  fail(error: unknown): void {
    const { log } = this.#parts
    if (!this.#isAlive) {
      log.warn('A task that was asked to stop left an error behind', { error })
      return
    }
    log.error(
      'Task left an error behind that nobody handled. It will not recover until manually restarted',
      { error }
    )
    this.#toFailed(error)
  }

  /** I2: called when the task did not end in time; whatever its plugin still does has no effect any more. */
  cancel(): void {
    this.#parts.delivery.cancel()
    this.#leaveLoop({ kind: 'given up' })
    // The loop may wait for a registry, which has limits of its own.
    void this.#closeConversion()
  }

  /** Runs until stopped or failed. Never rejects: a failure is reported as FAILED with its trace (I9). */
  async run(): Promise<void> {
    const { delivery, meter, log } = this.#parts
    let failure: { readonly error: unknown } | null = null
    const alongside = Promise.all([
      delivery.alongside(),
      this.#lookRegularly(),
      meter.pushRegularly()
    ])
    try {
      while (this.#isAlive) await this.#runPlugin()
    } catch (error) {
      // What fails because of the stop is no failure; a record that was tried again is read again after the
      // next start (I1).
      if (!this.#isAlive) log.warn('After it was asked to stop, the task threw an error', { error })
      else {
        log.error(
          'Task threw an uncaught and unrecoverable exception. Task is being killed and will not recover until manually restarted',
          { error }
        )
        failure = { error }
      }
    }
    this.stop()
    await alongside
    try {
      await this.#finish(failure !== null || this.#state.kind === 'failed')
    } catch (error) {
      log.error('Task could not be ended cleanly', { error })
    }
    meter.push()
    if (failure !== null) this.#toFailed(failure.error)
  }

  get #isAlive(): boolean {
    return this.#state.kind === 'running' || this.#state.kind === 'paused'
  }

  /** Waits in *paused* for another target, or the end. */
  #toPaused(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#state = { kind: 'paused', resume: resolve }
    this.#parts.worker.tell({ kind: 'state', state: 'PAUSED', trace: null })
    return promise
  }

  #toRunning(): void {
    if (this.#state.kind !== 'paused') return
    const { resume } = this.#state
    this.#state = { kind: 'running' }
    resume()
  }

  #toFailed(error: unknown): void {
    if (this.#state.kind === 'failed' || this.#state.kind === 'given up') return
    this.#leaveLoop({ kind: 'failed' })
    this.#parts.worker.tell({ kind: 'state', state: 'FAILED', trace: traceOf(error) })
  }

  #leaveLoop(state: LifeState): void {
    const before = this.#state
    this.#state = state
    // Listeners of the plugin run where the signal is aborted.
    ownedBy(this, () => this.#parts.stopping.abort())
    if (before.kind === 'paused') before.resume()
  }

  /** Beside RUNNING stands what the task is coping with. */
  #sayRunning(): void {
    if (this.#state.kind !== 'running' || this.#isPauseWanted) return
    const { worker } = this.#parts
    worker.tell({ kind: 'state', state: 'RUNNING', trace: this.#conditions.text })
  }

  /** From the start of the plugin until the task is asked to stop, or has to start the plugin anew. */
  async #runPlugin(): Promise<void> {
    const { delivery, plugin, log } = this.#parts
    if (this.#isPauseWanted) await this.#toPaused()
    if (!this.#isAlive) return
    try {
      await delivery.begin()
      if (!this.#isAlive) return
      await this.#startPlugin()
      this.#sayRunning()
      await this.#loop()
    } catch (error) {
      const stopped = error instanceof ConnectError && error.code === 'WORKER_STOPPING'
      if (stopped && !this.#isAlive) return
      if (!(error instanceof StartAnew)) throw error
      log.warn(`${error.message}; the task starts again from the committed offsets`, {
        error: error.cause
      })
      this.#conditions.forgetPlugin()
      if (this.#isAlive) await plugin.stopForAnother()
    }
  }

  async #startPlugin(): Promise<void> {
    const { start, worker, plugin, delivery, stopping, log } = this.#parts
    const { transaction } = delivery
    await plugin.start(start.config, {
      connector: start.id.connector,
      task: start.id.task,
      log,
      offsets: {
        offsets: async (partitions) => [...(await worker.ask('readOffsets', partitions))]
      },
      storeOffsets: (positions) => delivery.storeOffsets(positions),
      ...(transaction === null ? {} : { transaction }),
      stopping: stopping.signal,
      reportCondition: (condition) => this.#conditions.fromPlugin(condition)
    })
    log.info('Source task finished initialization and start')
  }

  async #loop(): Promise<void> {
    const { delivery, plugin, meter } = this.#parts
    while (this.#isAlive) {
      if (this.#isPauseWanted && (await delivery.paused())) {
        plugin.paused()
        if (this.#isAlive && this.#isPauseWanted) await this.#toPaused()
        this.#sayRunning()
        continue
      }
      delivery.throwFailure()
      const records = await this.#poll()
      meter.polled(records?.length ?? 0)
      if (records === null || records.length === 0) {
        await delivery.pollEnded()
        // A plugin that answers at once must not keep the event loop from everything else (I9).
        await nextTurn()
        continue
      }
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
    this.#conditions.showFirstSkipped()
  }

  async #useTopic(topic: string): Promise<void> {
    this.#lastTopic = topic
    if (this.#topicsSeen.has(topic)) return
    await this.#ensureTopic(topic)
    this.#topicsSeen.add(topic)
    if (this.#state.kind !== 'given up') this.#parts.worker.tell({ kind: 'topic', topic })
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
        this.#conditions.waitForTopic(messageOf(error))
        await this.#clock.sleep(TOPIC_PAUSE_MS, stopping.signal)
      }
    }
  }

  async #lookRegularly(): Promise<void> {
    const { start, delivery, stopping } = this.#parts
    while (this.#isAlive) {
      await this.#clock.sleep(start.offsetFlushIntervalMs, stopping.signal)
      if (this.#isAlive) this.#conditions.look(delivery.standstill)
    }
  }

  /** Outstanding sends, last offsets, plugin, producer: each bounded (I4, I8). */
  async #finish(failed: boolean): Promise<void> {
    const { delivery, plugin, topicCreation } = this.#parts
    await delivery.finish(failed)
    const ends: (() => Promise<void> | void)[] = [
      // A plugin that was never started (stopped while paused, or before its turn came) has nothing to stop,
      // as in the JVM worker.
      () => plugin.stop(),
      () => delivery.close(this.#state.kind === 'given up' ? 0 : PRODUCER_CLOSE_TIMEOUT_MS),
      () => topicCreation?.close(),
      () => this.#closeConversion()
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
}
