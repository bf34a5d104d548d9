import { systemClock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { BatchSender, MISSING_PARTITION_MS } from './batch-sender.ts'
import { addresses } from '../client/client-properties.ts'
import type {
  ClientProperties,
  ProducerRecord,
  RecordProducer,
  RefusedRecord
} from '../contracts.ts'
import { NetworkClient } from '../client/network-client.ts'
import { type Delivery, PartitionQueue } from './partition-queue.ts'
import { TopicPartitioner } from './partitioner.ts'
import { ProducerMetadata } from './producer-metadata.ts'
import { IdempotentSession, type ProducerSession } from './producer-session.ts'
import { type ProducerSettings, producerSettings } from './producer-settings.ts'

interface Topic {
  readonly name: string
  readonly partitioner: TopicPartitioner
  readonly queues: Map<number, PartitionQueue>
  /** Sends that came before the topic's partitions were known, oldest first. */
  waiting: { records: ProducerRecord[]; delivery: Delivery; sinceMs: number }[]
}

/** After this a send that is not acknowledged is worth a word. */
export const STANDSTILL_MS = 30_000
/** The longest timer Node can set; longer limits are no limits. */
const LONGEST_TIMER_MS = 2_147_483_647

/**
 * Idempotent producer: acks=all, up to five requests in flight per broker, order per partition kept across retries, broker restarts
 * and leader changes. A failed attempt is repeated until `delivery.timeout.ms`, by default for ever.
 *
 * The first failure that cannot be repaired ends the producer: that send rejects with the reason (facts: topic, partition, kafkaError),
 * all others with the same reason as their cause. With `refused: 'report'` records that Kafka will never take are left out instead, and
 * everything behind them goes on in order. How much waits here is bounded by the sends the caller has under way.
 */
export class KafkaRecordProducer implements RecordProducer {
  readonly bufferBytes: number
  readonly #settings: ProducerSettings
  readonly #reportsRefused: boolean
  readonly #standstillMs: number
  readonly #clientId: string
  readonly #network: NetworkClient
  readonly #metadata: ProducerMetadata
  readonly #sender: BatchSender
  readonly #topics = new Map<string, Topic>()
  readonly #deliveries = new Set<SendDelivery>()
  #failure: ConnectError | null = null
  #closing = false
  #idle: (() => void) | null = null
  #expiry: NodeJS.Timeout | null = null

  /** `session`: on whose behalf records go out; by default an idempotent producer's. */
  constructor(
    client: ClientProperties,
    clientId: string,
    log: Logger,
    {
      session,
      refused = 'fail',
      standstillMs = STANDSTILL_MS
    }: {
      session?: ProducerSession
      refused?: 'fail' | 'report'
      standstillMs?: number
    } = {}
  ) {
    this.#settings = producerSettings(client)
    this.bufferBytes = this.#settings.bufferBytes
    this.#reportsRefused = refused === 'report'
    this.#standstillMs = standstillMs
    this.#clientId = clientId
    const onFatal = (error: ConnectError, guilty?: readonly Delivery[]): void =>
      this.#fail(error, guilty)
    this.#network = new NetworkClient(this.#settings.client, clientId)
    this.#metadata = new ProducerMetadata(this.#network, this.#settings.maxBlockMs, log, {
      onChange: () => this.#placeWaiting(),
      onRefused: (error, topic) => this.#onTopicRefused(error, topic),
      onFatal
    })
    this.#sender = new BatchSender(
      this.#network,
      this.#settings,
      this.#metadata,
      session ?? new IdempotentSession(this.#network, this.#settings.idempotent, log),
      log,
      onFatal
    )
  }

  get standstill(): string | null {
    const [oldest] = this.#deliveries
    if (oldest === undefined) return null
    const waitedMs = systemClock.monotonicMs() - oldest.startedMs
    if (waitedMs < this.#standstillMs) return null
    // Not how long: the text is compared to tell whether something is new.
    const since = new Date(systemClock.now() - waitedMs).toISOString().slice(0, 16)
    const reason = this.#sender.trouble ?? this.#metadata.trouble
    const why = reason ?? 'a broker has not answered yet'
    return `Kafka has not acknowledged records since ${since}Z: ${why}`
  }

  send(records: readonly ProducerRecord[]): Promise<readonly RefusedRecord[]> {
    if (this.#failure !== null) return Promise.reject(notSent(this.#failure))
    if (this.#closing) return Promise.reject(this.#closed())
    if (records.length === 0) return Promise.resolve([])
    const { promise, resolve, reject } = Promise.withResolvers<readonly RefusedRecord[]>()
    const onSettled = (): void => {
      this.#deliveries.delete(delivery)
      if (this.#deliveries.size === 0) this.#idle?.()
    }
    const delivery = new SendDelivery(
      { records: records.length, reportsRefused: this.#reportsRefused },
      { resolve, reject, onSettled }
    )
    this.#deliveries.add(delivery)
    this.#watchExpiry()
    for (const [name, ofTopic] of byTopic(records)) this.#place(name, ofTopic, delivery)
    return promise
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closing = true
    if (this.#deliveries.size > 0 && timeoutMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#idle = resolve
      const timer = setTimeout(resolve, Math.min(timeoutMs, LONGEST_TIMER_MS))
      await promise
      clearTimeout(timer)
    }
    this.#end(this.#closed())
    await Promise.all([this.#network.close(), this.#metadata.stop()])
  }

  #place(name: string, records: readonly ProducerRecord[], delivery: Delivery): void {
    const topic = this.#topic(name)
    const partitions = this.#metadata.partitions(name)
    // Behind sends that wait nothing may overtake.
    if (partitions === null || topic.waiting.length > 0) {
      const sinceMs = systemClock.monotonicMs()
      topic.waiting.push({ records: [...records], delivery, sinceMs })
      return
    }
    this.#enqueue(topic, records, delivery, partitions, systemClock.monotonicMs())
  }

  /** Hands records to their partitions. False (and nothing done) when one names a partition the topic does not have, as far as known. */
  #enqueue(
    topic: Topic,
    records: readonly ProducerRecord[],
    delivery: Delivery,
    partitions: number,
    sinceMs: number
  ): boolean {
    const byPartition = new Map<number, ProducerRecord[]>()
    let missing = -1
    for (const record of records) {
      const partition = topic.partitioner.partition(record, partitions)
      if (partition < 0 || partition >= partitions) missing = partition
      const others = byPartition.get(partition)
      if (others === undefined) byPartition.set(partition, [record])
      else others.push(record)
    }
    if (missing !== -1) {
      this.#onMissingPartition(topic, records, delivery, missing, sinceMs)
      return false
    }
    for (const [partition, ofPartition] of byPartition) {
      const queue = this.#queue(topic, partition)
      queue.add(ofPartition, delivery)
      this.#sender.add(queue)
    }
    return true
  }

  /** Partitions may have been added since the metadata was read, and not every broker knows of them at once: asks again for a while. */
  #onMissingPartition(
    topic: Topic,
    records: readonly ProducerRecord[],
    delivery: Delivery,
    partition: number,
    sinceMs: number
  ): void {
    const { name } = topic
    if (this.#metadata.isNewerThan(name, sinceMs + MISSING_PARTITION_MS)) {
      const partitions = this.#metadata.partitions(name) ?? 0
      const reason = new ConnectError(
        'KAFKA_ERROR',
        `Topic ${name} has no partition ${partition}: it has ${partitions} partitions`,
        { topic: name, partition }
      )
      const fits = (record: ProducerRecord): boolean => (record.partition ?? 0) < partitions
      if (
        !delivery.refuse(
          records.filter((record) => !fits(record)),
          reason
        )
      ) {
        this.#fail(reason, [delivery])
      } else this.#enqueue(topic, records.filter(fits), delivery, partitions, sinceMs)
      return
    }
    topic.waiting.unshift({ records: [...records], delivery, sinceMs })
    this.#metadata.want(name)
  }

  #placeWaiting(): void {
    for (const topic of this.#topics.values()) {
      while (topic.waiting.length > 0 && this.#failure === null) {
        const partitions = this.#metadata.partitions(topic.name)
        const next = topic.waiting[0]
        if (partitions === null || next === undefined) break
        topic.waiting.shift()
        if (!this.#enqueue(topic, next.records, next.delivery, partitions, next.sinceMs)) break
      }
    }
    this.#sender.schedule()
  }

  /** What waits for the topic's partitions can be refused; what was placed before learns from the brokers themselves. */
  #onTopicRefused(error: ConnectError, name: string): void {
    const topic = this.#topics.get(name)
    const waiting = topic?.waiting.splice(0) ?? []
    const taken = waiting.every(({ records, delivery }) => delivery.refuse(records, error))
    if (taken && waiting.length > 0) return
    if (this.#reportsRefused && topic !== undefined && topic.queues.size > 0) return
    this.#fail(
      error,
      waiting.map(({ delivery }) => delivery)
    )
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      const partitioner = new TopicPartitioner(this.#settings)
      topic = { name, partitioner, queues: new Map(), waiting: [] }
      this.#topics.set(name, topic)
    }
    return topic
  }

  #queue(topic: Topic, partition: number): PartitionQueue {
    let queue = topic.queues.get(partition)
    if (queue === undefined) {
      const { batchBytes, maxRequestBytes, compression } = this.#settings
      const limits = { batchBytes, maxRecordBytes: maxRequestBytes }
      queue = new PartitionQueue(topic.name, partition, limits, compression)
      topic.queues.set(partition, queue)
    }
    return queue
  }

  /** I8: `delivery.timeout.ms`, when it is a limit at all. Deliveries expire in the order of their sends. */
  #watchExpiry(): void {
    const { deliveryTimeoutMs } = this.#settings
    if (deliveryTimeoutMs >= LONGEST_TIMER_MS || this.#expiry !== null) return
    const [oldest] = this.#deliveries
    if (oldest === undefined) return
    const leftMs = oldest.startedMs + deliveryTimeoutMs - systemClock.monotonicMs()
    this.#expiry = setTimeout(
      () => {
        this.#expiry = null
        const [first] = this.#deliveries
        if (first === undefined) return
        if (systemClock.monotonicMs() - first.startedMs < deliveryTimeoutMs) {
          this.#watchExpiry()
          return
        }
        this.#fail(
          new ConnectError(
            'KAFKA_UNAVAILABLE',
            `Kafka at ${addresses(this.#settings.client)} did not acknowledge records within ${deliveryTimeoutMs} ms (delivery.timeout.ms)`
          )
        )
      },
      Math.max(1, Math.ceil(leftMs))
    )
  }

  /** Ends the producer. The guilty sends fail first, so that their callers see the reason before others see the consequence. */
  #fail(error: ConnectError, guilty: readonly Delivery[] = []): void {
    if (this.#failure !== null) return
    this.#failure = error
    for (const delivery of guilty) delivery.fail(error)
    this.#end(guilty.length === 0 ? error : notSent(error))
  }

  #end(error: ConnectError): void {
    this.#sender.stop()
    if (this.#expiry !== null) clearTimeout(this.#expiry)
    this.#expiry = null
    for (const delivery of this.#deliveries) delivery.fail(error)
    this.#topics.clear()
    void this.#metadata.stop()
  }

  #closed(): ConnectError {
    return new ConnectError('WORKER_STOPPING', `Producer ${this.#clientId} was closed`)
  }
}

interface Outcome {
  resolve(refused: readonly RefusedRecord[]): void
  reject(error: Error): void
  onSettled(): void
}

class SendDelivery implements Delivery {
  readonly startedMs = systemClock.monotonicMs()
  #left: number
  #settled = false
  readonly #refused: RefusedRecord[] | null
  readonly #outcome: Outcome

  constructor(
    { records, reportsRefused }: { records: number; reportsRefused: boolean },
    outcome: Outcome
  ) {
    this.#left = records
    this.#refused = reportsRefused ? [] : null
    this.#outcome = outcome
  }

  acknowledge(records: number): void {
    this.#left -= records
    if (this.#left > 0 || this.#settled) return
    this.#settled = true
    this.#outcome.onSettled()
    this.#outcome.resolve(this.#refused ?? [])
  }

  refuse(records: readonly ProducerRecord[], reason: ConnectError): boolean {
    if (this.#refused === null) return false
    for (const record of records) this.#refused.push({ record, reason })
    this.acknowledge(records.length)
    return true
  }

  fail(error: Error): void {
    if (this.#settled) return
    this.#settled = true
    this.#outcome.onSettled()
    this.#outcome.reject(error)
  }
}

function notSent(reason: ConnectError): ConnectError {
  return new ConnectError(
    reason.code,
    `Not sent, because the producer ended with an earlier failure: ${reason.message}`,
    { cause: reason }
  )
}

/** Records by topic, in order; without copying when there is only one topic. */
function byTopic(
  records: readonly ProducerRecord[]
): Iterable<readonly [string, readonly ProducerRecord[]]> {
  const first = records[0]?.topic ?? ''
  if (records.every(({ topic }) => topic === first)) return [[first, records]]
  return Map.groupBy(records, ({ topic }) => topic)
}
