import { nextTurn } from '../../wait.ts'
import type { Clock } from '../../clock.ts'
import type { SourceRecord } from '../../data/record.ts'
import { ConnectError, isRetriable, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { TargetState } from '../../storage/target-state.ts'
import type { Meter } from '../meter.ts'
import type { SourceTaskStart } from '../port.ts'
import type { WorkerLink } from '../worker-calls.ts'
import type { ProducerRecord } from '../../kafka/contracts.ts'
import { recordBytes } from '../../kafka/producing/record-batch.ts'
import { closeConversion } from '../pipeline/close-conversion.ts'
import type { RecordConversion } from '../pipeline/record-conversion.ts'
import type { SkippedRecords } from '../pipeline/skipped-records.ts'
import { type SourceDelivery, StartAnew } from './source-delivery.ts'
import { MAX_RECORDS_PER_SEND } from './send-window.ts'
import type { SourceTaskInstance } from './source-task-instance.ts'
import { TaskConditions } from '../task-conditions.ts'
import { TaskLife } from '../task-life.ts'
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

/**
 * The loop of one source task: poll → transform → convert → deliver. How records and their offsets get into
 * Kafka, at least or exactly once, is the delivery's business.
 *
 * Its life is that of every task (`task-life.ts`). While it runs the loop goes round, and begins again when
 * the plugin has to be started anew. It waits where the loop finds that the target state is PAUSED and a
 * pause possible; a task that is started with that target waits before its plugin is started. When it is to
 * end, the step of the loop comes to its end, outstanding sends are awaited for a bounded time, offsets are
 * stored a last time, the plugin is stopped. One that is given up writes nothing more (I2, I4).
 */
export class WorkerSourceTask {
  readonly #parts: WorkerSourceTaskParts
  readonly #clock: Clock
  readonly #conditions: TaskConditions
  readonly #life: TaskLife
  /** Whether the target state is PAUSED. */
  #isPauseWanted: boolean
  readonly #topicsSeen = new Set<string>()
  #lastTopic: string | null = null

  constructor(parts: WorkerSourceTaskParts) {
    this.#parts = parts
    this.#clock = parts.clock
    this.#conditions = new TaskConditions(parts.skipped, parts.log, () => this.#sayRunning())
    this.#isPauseWanted = parts.start.target === 'PAUSED'
    this.#life = new TaskLife({ ...parts, owner: this })
  }

  setTargetState(target: TargetState): void {
    this.#isPauseWanted = target === 'PAUSED'
    if (target === 'STOPPED') this.stop()
    if (!this.#isPauseWanted) this.#life.resume()
  }

  stop(): void {
    this.#life.stop()
  }

  /** I9: something the plugin left behind went wrong outside of any call. */
  fail(error: unknown): void {
    this.#life.failAside(error)
  }

  /** I2: called when the task did not end in time; whatever its plugin still does has no effect any more. */
  cancel(): void {
    const { delivery, conversion, log } = this.#parts
    delivery.cancel()
    this.#life.giveUp()
    // The loop may wait for a registry, which has limits of its own.
    void closeConversion(conversion, log)
  }

  /** Runs until stopped or failed. Never rejects: a failure is reported as FAILED with its trace (I9). */
  async run(): Promise<void> {
    const { delivery, meter, log } = this.#parts
    const alongside = Promise.all([
      delivery.alongside(),
      this.#lookRegularly(),
      meter.pushRegularly()
    ])
    const failure = await this.#life.lead(async () => {
      while (this.#life.isAlive) await this.#runPlugin()
    })
    this.#life.stop()
    await alongside
    try {
      await this.#finish(failure !== null || this.#life.hasFailed)
    } catch (error) {
      log.error('Task could not be ended cleanly', { error })
    }
    meter.push()
    if (failure !== null) this.#life.fail(failure.error)
  }

  /** Beside RUNNING stands what the task is coping with. */
  #sayRunning(): void {
    if (!this.#life.isRunning || this.#isPauseWanted) return
    const { worker } = this.#parts
    worker.tell({ kind: 'state', state: 'RUNNING', trace: this.#conditions.text })
  }

  /** From the start of the plugin until the task is asked to stop, or has to start the plugin anew. */
  async #runPlugin(): Promise<void> {
    const { delivery, plugin, log } = this.#parts
    if (this.#isPauseWanted) await this.#life.wait()
    if (!this.#life.isAlive) return
    try {
      await delivery.begin()
      if (!this.#life.isAlive) return
      await this.#startPlugin()
      this.#sayRunning()
      await this.#loop()
    } catch (error) {
      const stopped = error instanceof ConnectError && error.code === 'WORKER_STOPPING'
      if (stopped && !this.#life.isAlive) return
      if (!(error instanceof StartAnew)) throw error
      log.warn(`${error.message}; the task starts again from the committed offsets`, {
        error: error.cause
      })
      this.#conditions.forgetPlugin()
      if (this.#life.isAlive) await plugin.stopForAnother()
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
    while (this.#life.isAlive) {
      if (this.#isPauseWanted && (await delivery.paused())) {
        plugin.paused()
        if (this.#life.isAlive && this.#isPauseWanted) await this.#life.wait()
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
    if (!this.#life.isGivenUp) this.#parts.worker.tell({ kind: 'topic', topic })
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
    while (this.#life.isAlive) {
      await this.#clock.sleep(start.offsetFlushIntervalMs, stopping.signal)
      if (this.#life.isAlive) this.#conditions.look(delivery.standstill)
    }
  }

  /** Outstanding sends, last offsets, plugin, producer: each bounded (I4, I8). */
  async #finish(failed: boolean): Promise<void> {
    const { delivery, plugin, topicCreation, conversion, log } = this.#parts
    await delivery.finish(failed)
    const ends: (() => Promise<void> | void)[] = [
      // A plugin that was never started (stopped while paused, or before its turn came) has nothing to stop,
      // as in the JVM worker.
      () => plugin.stop(),
      () => delivery.close(this.#life.isGivenUp ? 0 : PRODUCER_CLOSE_TIMEOUT_MS),
      () => topicCreation?.close(),
      () => closeConversion(conversion, log)
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
}
