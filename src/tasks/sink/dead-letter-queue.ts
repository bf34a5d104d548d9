import type { Clock } from '../../clock.ts'
import {
  ConnectError,
  type ErrorCode,
  isRetriable,
  messageOf,
  RetriableError
} from '../../errors.ts'
import type { KafkaClients, ProducerRecord, RecordProducer } from '../../kafka/contracts.ts'
import type { Logger } from '../../log.ts'
import { type TaskId, taskKey } from '../../storage/task-id.ts'
import { abortable, retrying, settledWithin } from '../../wait.ts'
import type { RecordFailure } from '../pipeline/sink-passage.ts'
import type { StageName } from '../pipeline/stages.ts'
import type { DeadLetterStart } from '../port.ts'
import { deadLetter, type FailedRecord } from './dead-letter.ts'

/** For so long a batch waits for its letters before it rests, and the group is attended to. */
const ACKNOWLEDGED_WITHIN_MS = 5000
const CREATE_BACKOFF = { firstMs: 500, lastMs: 10_000 }

interface DeadLetterQueueOptions {
  readonly start: DeadLetterStart
  readonly id: TaskId
  readonly clients: KafkaClients
  /** Letters that Kafka has, and attempts that failed. */
  readonly onWritten: (stage: StageName) => void
  readonly onFailed: () => void
  readonly clock: Clock
  readonly log: Logger
}

interface Letter {
  readonly record: ProducerRecord
  readonly stage: StageName
}

/**
 * Where records go that cannot be written. Nothing is lost on the way: what Kafka refuses is kept and sent
 * again, and until it is acknowledged the batch it came with does not count as done (I10). A JVM worker drops
 * the record then.
 */
export class DeadLetterQueue {
  readonly #options: DeadLetterQueueOptions
  #producer: RecordProducer | null = null
  readonly #underWay = new Set<Promise<void>>()
  /** Refused, with the reason; sent again before the next batch is counted. */
  #refused: Letter[] = []
  #refusal: unknown = null
  #isClosed = false

  constructor(options: DeadLetterQueueOptions) {
    this.#options = options
  }

  /**
   * Creates the topic if it is not there, with one partition. Waits for a cluster that is away, and tells
   * `onWait` why; rejects when the topic cannot be had, and when `stopping` aborts.
   */
  open(stopping: AbortSignal, onWait: (why: string) => void): Promise<void> {
    const { clock, start } = this.#options
    const named = (error: unknown): ConnectError => {
      const code: ErrorCode = error instanceof ConnectError ? error.code : 'KAFKA_ERROR'
      const text = `Could not initialize dead letter queue with topic=${start.topic}`
      return new ConnectError(code, text, { cause: error })
    }
    return retrying(
      clock,
      {
        backoff: CREATE_BACKOFF,
        isPassing: isRetriable,
        onRetry: (error) => onWait(messageOf(error))
      },
      () => this.#create().catch((error: unknown) => Promise.reject(named(error))),
      stopping
    )
  }

  async #create(): Promise<void> {
    const { clients, start, log } = this.#options
    const { topic, replicationFactor } = start
    const admin = clients.admin(start.admin, 'connector-dlq-adminclient-')
    try {
      if ((await admin.describeTopics([topic])).has(topic)) return
      log.warn(`Topic ${topic} doesn't exist. Will attempt to create topic.`)
      const settings = new Map<string, string>()
      await admin.createTopic({ name: topic, partitions: 1, replicationFactor, settings })
    } finally {
      await admin.close()
    }
  }

  /** Takes a record that is left out, and keeps it until Kafka has it; see `acknowledged`. */
  add(record: FailedRecord, failure: RecordFailure): void {
    const letter = this.#letter(record, failure)
    this.#send(letter).catch((error: unknown) => this.#keep(letter, error))
  }

  /** Hands a record over. Rejects with a RetriableError when Kafka does not take it: it is not kept then. */
  send(record: FailedRecord, failure: RecordFailure): Promise<void> {
    return this.#send(this.#letter(record, failure))
  }

  /**
   * Everything that was added is in Kafka. Rejects with a RetriableError when it is not yet; what was refused
   * is on its way again then. Ends early, as rejected, when `signal` aborts.
   */
  async acknowledged(signal: AbortSignal): Promise<void> {
    const { clock, start } = this.#options
    if (this.#underWay.size > 0) {
      const settled = Promise.allSettled(this.#underWay)
      const late = new RetriableError(`Dead letter queue ${start.topic} was waited for in vain`)
      const all = abortable(settled, signal, () => late)
      const inTime = await settledWithin(clock, all, ACKNOWLEDGED_WITHIN_MS)
      if (signal.aborted) throw late
      if (!inTime) {
        const why = this.#producer?.standstill ?? 'a broker has not answered yet'
        throw new RetriableError(
          `Dead letter queue ${start.topic} has not acknowledged records: ${why}`
        )
      }
    }
    const refused = this.#refused
    if (refused.length === 0) return
    const reason = this.#refusal
    this.#refused = []
    for (const letter of refused) {
      this.#send(letter).catch((error: unknown) => this.#keep(letter, error))
    }
    throw new RetriableError(
      `Dead letter queue ${start.topic} does not take ${refused.length === 1 ? 'a record' : `${refused.length} records`}: ${messageOf(reason)}`
    )
  }

  /** What is under way is waited for at most `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    await this.#producer?.close(timeoutMs)
  }

  #letter(record: FailedRecord, failure: RecordFailure): Letter {
    const { start, id } = this.#options
    const { contextHeaders, moreContext } = start
    const context = contextHeaders ? { task: id, failure, hasMore: moreContext === true } : null
    return { record: deadLetter(start.topic, record, context), stage: failure.stage.name }
  }

  #keep(letter: Letter, reason: unknown): void {
    this.#refused.push(letter)
    this.#refusal = reason
  }

  #send(letter: Letter): Promise<void> {
    const sent = this.#sent(letter)
    this.#underWay.add(sent)
    void sent.then(
      () => this.#underWay.delete(sent),
      () => this.#underWay.delete(sent)
    )
    return sent
  }

  async #sent({ record, stage }: Letter): Promise<void> {
    const { clients, start, id, log, onWritten, onFailed } = this.#options
    if (this.#isClosed) throw new RetriableError('The task has ended')
    this.#producer ??= clients.producer(
      start.producer,
      `connector-dlq-producer-${taskKey(id)}`,
      'report'
    )
    const reason = await this.#attempt(this.#producer, record)
    if (reason === null) return onWritten(stage)
    onFailed()
    log.error(`Could not produce message to dead letter queue. topic=${start.topic}`, {
      error: reason
    })
    throw new RetriableError(`Dead letter queue ${start.topic}: ${messageOf(reason)}`, {
      cause: reason
    })
  }

  /** null: Kafka has it; else why it has not. */
  async #attempt(producer: RecordProducer, record: ProducerRecord): Promise<unknown> {
    try {
      const [refused] = await producer.send([record])
      return refused === undefined ? null : refused.reason
    } catch (error) {
      // It takes nothing any more: the next letter gets another one.
      if (this.#producer === producer) {
        this.#producer = null
        void producer.close(0)
      }
      return error
    }
  }
}
