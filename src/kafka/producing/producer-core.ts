import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { NetworkClient } from '../client/network-client.ts'
import type { ProducerRecord } from '../contracts.ts'
import { BatchSender, MISSING_PARTITION_MS } from './batch-sender.ts'
import { PendingSend } from './pending-send.ts'
import { PartitionQueue } from './partition-queue.ts'
import { TopicPartitioner } from './partitioner.ts'
import { ProducerMetadata } from './producer-metadata.ts'
import type { SendingPolicy } from './sending-policy.ts'

interface Topic {
  readonly name: string
  readonly partitioner: TopicPartitioner
  readonly queues: Map<number, PartitionQueue>
  /** Sends that came before the topic's partitions were known, oldest first. */
  waiting: Waiting[]
}

interface Waiting {
  readonly records: readonly ProducerRecord[]
  readonly delivery: PendingSend
  readonly sinceMs: number
}

/**
 * The way of records from a send to its acknowledgement: to the partitions of their topics, into batches, to
 * the leaders, and again until they are taken. The order of a partition in the log is that of the sends,
 * across retries, broker restarts and leader changes. How long it is tried, and what a failure means for
 * others, is up to the policy: a producer of records is patient (`producer.ts`), a writer of internal topics
 * has a limit for each write (`log-writer.ts`).
 */
export class ProducerCore {
  readonly #clock: Clock
  readonly #policy: SendingPolicy
  readonly #metadata: ProducerMetadata
  readonly #sender: BatchSender
  readonly #topics = new Map<string, Topic>()
  readonly #deliveries = new Set<PendingSend>()
  #ended = false

  constructor(clock: Clock, network: NetworkClient, policy: SendingPolicy) {
    this.#clock = clock
    this.#policy = policy
    const onFatal = (error: ConnectError, guilty: readonly PendingSend[] = []): void =>
      this.#onFatal(error, guilty)
    this.#metadata = new ProducerMetadata(clock, network, policy, {
      onChange: () => this.#placeWaiting(),
      onRefused: (error, topic) => this.#onTopicRefused(error, topic),
      onFatal
    })
    this.#sender = new BatchSender(clock, network, this.#metadata, policy, onFatal)
  }

  /** What sending struggles with at present; null when it goes well. */
  get trouble(): string | null {
    return this.#sender.trouble ?? this.#metadata.trouble
  }

  /** The sends that are not settled yet, oldest first. */
  get deliveries(): ReadonlySet<PendingSend> {
    return this.#deliveries
  }

  send(records: readonly ProducerRecord[]): PendingSend {
    const startedMs = this.#clock.monotonicMs()
    const delivery = new PendingSend(records.length, startedMs, this.#policy.onRefusal, (settled) =>
      this.#onSettled(settled)
    )
    this.#deliveries.add(delivery)
    for (const [name, ofTopic] of byTopic(records)) this.#place(name, ofTopic, delivery)
    return delivery
  }

  /** Nothing is sent any more, and answers under way are ignored; what is not settled fails. */
  async end(error: Error): Promise<void> {
    this.#ended = true
    this.#sender.stop()
    this.#topics.clear()
    for (const delivery of this.#deliveries) delivery.fail(error)
    await this.#metadata.stop()
  }

  #onFatal(error: ConnectError, guilty: readonly PendingSend[]): void {
    if (!this.#ended) this.#policy.onFatal(error, guilty)
  }

  /** A settled send leaves records behind when it failed, or nobody waits for it any more. */
  #onSettled(delivery: PendingSend): void {
    this.#deliveries.delete(delivery)
    if (this.#deliveries.size === 0) this.#metadata.rest()
    if (delivery.left === 0) return
    for (const topic of this.#topics.values()) {
      topic.waiting = topic.waiting.filter((each) => !each.delivery.settled)
      for (const queue of topic.queues.values()) queue.forgetSettled()
    }
  }

  #place(name: string, records: readonly ProducerRecord[], delivery: PendingSend): void {
    const topic = this.#topic(name)
    const partitions = this.#metadata.partitions(name)
    const sinceMs = this.#clock.monotonicMs()
    // Behind sends that wait nothing may overtake.
    if (partitions === null || topic.waiting.length > 0) {
      topic.waiting.push({ records: [...records], delivery, sinceMs })
    } else this.#enqueue(topic, { records, delivery, sinceMs }, partitions)
  }

  /**
   * Hands records to their partitions. False (and nothing done) when one names a partition the topic does not
   * have, as far as known.
   */
  #enqueue(topic: Topic, send: Waiting, partitions: number): boolean {
    const byPartition = new Map<number, ProducerRecord[]>()
    let missing = -1
    for (const record of send.records) {
      const partition = topic.partitioner.partition(record, partitions)
      if (partition < 0 || partition >= partitions) missing = partition
      const others = byPartition.get(partition)
      if (others === undefined) byPartition.set(partition, [record])
      else others.push(record)
    }
    if (missing !== -1) {
      this.#onMissingPartition(topic, send, missing)
      return false
    }
    for (const [partition, ofPartition] of byPartition) {
      const queue = this.#queue(topic, partition)
      queue.add(ofPartition, send.delivery)
      this.#sender.add(queue)
    }
    return true
  }

  /**
   * Partitions may have been added since the metadata was read, and not every broker knows of them at once:
   * asks again for a while.
   */
  #onMissingPartition(topic: Topic, send: Waiting, partition: number): void {
    const { name } = topic
    const { records, delivery, sinceMs } = send
    if (!this.#metadata.isNewerThan(name, sinceMs + MISSING_PARTITION_MS)) {
      topic.waiting.unshift({ records: [...records], delivery, sinceMs })
      this.#metadata.want(name)
      return
    }
    const partitions = this.#metadata.partitions(name) ?? 0
    const reason = new ConnectError(
      'KAFKA_ERROR',
      `Topic ${name} has no partition ${partition}: it has ${partitions} partitions`,
      { topic: name, partition }
    )
    const { fits = [], misfits = [] } = Object.groupBy(records, (record) =>
      (record.partition ?? 0) < partitions ? 'fits' : 'misfits'
    )
    if (!delivery.refuse(misfits, reason)) this.#onFatal(reason, [delivery])
    else if (!delivery.settled) this.#enqueue(topic, { ...send, records: fits }, partitions)
  }

  #placeWaiting(): void {
    for (const topic of this.#topics.values()) {
      for (let next = topic.waiting[0]; next !== undefined; next = topic.waiting[0]) {
        if (this.#ended) return
        const partitions = this.#metadata.partitions(topic.name)
        if (partitions === null) break
        topic.waiting.shift()
        if (!this.#enqueue(topic, next, partitions)) break
      }
    }
    this.#sender.schedule()
  }

  /**
   * What waits for the topic's partitions can be refused; what was placed before learns from the brokers
   * themselves.
   */
  #onTopicRefused(error: ConnectError, name: string): void {
    const topic = this.#topics.get(name)
    const waiting = topic?.waiting.splice(0) ?? []
    const taken = waiting.every(({ records, delivery }) => delivery.refuse(records, error))
    if (taken && waiting.length > 0) return
    if (this.#policy.onRefusal !== 'end' && topic !== undefined && topic.queues.size > 0) return
    this.#onFatal(
      error,
      waiting.map(({ delivery }) => delivery)
    )
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      const partitioner = new TopicPartitioner(this.#policy.settings)
      topic = { name, partitioner, queues: new Map(), waiting: [] }
      this.#topics.set(name, topic)
    }
    return topic
  }

  #queue(topic: Topic, partition: number): PartitionQueue {
    let queue = topic.queues.get(partition)
    if (queue === undefined) {
      queue = new PartitionQueue(this.#clock, topic.name, partition, this.#policy.settings)
      topic.queues.set(partition, queue)
    }
    return queue
  }
}

/** Records by topic, in order; without copying when there is only one topic. */
function byTopic(
  records: readonly ProducerRecord[]
): Iterable<readonly [string, readonly ProducerRecord[]]> {
  const first = records[0]?.topic ?? ''
  if (records.every(({ topic }) => topic === first)) return [[first, records]]
  return Map.groupBy(records, ({ topic }) => topic)
}
