import type { Clock } from '../../clock.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import { after } from '../../wait.ts'
import { brokerError, isRetriableBrokerError, isRetriableName } from '../client/broker-errors.ts'
import type { BrokerNode, NetworkClient } from '../client/network-client.ts'
import type { PendingSend } from './pending-send.ts'
import { type Batch, type PartitionQueue, RecordTooLarge } from './partition-queue.ts'
import { type PartitionOutcome, type ProduceAnswer, produce } from './produce-request.ts'
import type { ProducerMetadata } from './producer-metadata.ts'
import type { ProducerIdentity } from './record-batch.ts'
import type { SendingPolicy } from './sending-policy.ts'

/** The broker lost (or never had) what it knew of this producer id. */
const identityLost: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING'
])

const tooLarge: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])
/** One record of a batch is wrong, and Kafka refuses them together. */
const oneIsWrong: ReadonlySet<string> = new Set(['INVALID_RECORD', 'INVALID_TIMESTAMP'])

/** How long a partition may be missing from the metadata: not every broker knows of it at once. */
export const MISSING_PARTITION_MS = 3000

interface Request {
  readonly leader: BrokerNode
  readonly batches: Batch[]
  bytes: number
}

const noAnswer: PartitionOutcome = { error: 'NETWORK_EXCEPTION', message: null }

/**
 * Sends the batches of partition queues to their leaders: one batch per partition and request, several
 * requests in flight. What comes back goes again after a pause, for ever. What Kafka refuses for good is left
 * out if whose it is agrees, and told to `onFatal` otherwise. When the broker no longer knows the producer
 * id, the session decides: either sending stops until nothing is in flight, then goes on with a new id from
 * the oldest unacknowledged record, so that the order stays; or the producer ends.
 */
export class BatchSender {
  /** What sending struggles with at present; null after each acknowledgement. */
  trouble: string | null = null
  readonly #clock: Clock
  readonly #network: NetworkClient
  readonly #metadata: ProducerMetadata
  readonly #policy: SendingPolicy
  readonly #onFatal: (error: ConnectError, guilty: readonly PendingSend[]) => void
  readonly #active = new Set<PartitionQueue>()
  readonly #inFlight = new Map<number, number>()
  /** Brokers that throttle this client, until when they read nothing; they get one request at a time. */
  readonly #mutedUntil = new Map<number, number>()
  /** Partitions that the topic has no longer, by key, since when. */
  readonly #missingSince = new Map<string, number>()
  readonly #stopped = new AbortController()
  #identifying = false
  #scheduled: NodeJS.Immediate | null = null
  #cancelWakeUp: (() => void) | null = null
  #outage = false

  constructor(
    clock: Clock,
    network: NetworkClient,
    metadata: ProducerMetadata,
    policy: SendingPolicy,
    onFatal: (error: ConnectError, guilty?: readonly PendingSend[]) => void
  ) {
    this.#clock = clock
    this.#network = network
    this.#metadata = metadata
    this.#policy = policy
    this.#onFatal = onFatal
    policy.session.listen({
      onReady: () => this.schedule(),
      onFatal: (error) => this.#fatal(error)
    })
  }

  /** The queue has something to send. */
  add(queue: PartitionQueue): void {
    this.#active.add(queue)
    this.schedule()
  }

  /** Sends what can be sent, after the current turn of the event loop: sends of one turn share batches. */
  schedule(): void {
    if (this.#stopped.signal.aborted) return
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = null
      this.#pump()
    })
  }

  /** Nothing is sent any more; answers under way are ignored. */
  stop(): void {
    this.#stopped.abort()
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    this.#cancelWakeUp?.()
    this.#active.clear()
  }

  #pump(): void {
    const { identity } = this.#policy.session
    if (identity === undefined) {
      if (this.#totalInFlight() === 0) void this.#identify()
      return
    }
    for (;;) {
      const requests = this.#collect(identity)
      if (requests.length === 0) return
      for (const request of requests) void this.#send(request)
    }
  }

  /** At most one request per broker that has room, and one batch per partition in it. */
  #collect(identity: ProducerIdentity | null): Request[] {
    const requests = new Map<number, Request>()
    const maxInFlight = identity === null ? 1 : this.#policy.settings.maxInFlight
    const now = this.#clock.monotonicMs()
    let wakeUpMs = Number.POSITIVE_INFINITY
    for (const queue of Array.from(this.#active)) {
      if (queue.isEmpty) {
        this.#active.delete(queue)
        continue
      }
      if (queue.retryAtMs > now) {
        wakeUpMs = Math.min(wakeUpMs, queue.retryAtMs - now)
        continue
      }
      const leader = this.#metadata.leader(queue.topic, queue.partition)
      if (leader === null) {
        this.#onNoLeader(queue)
        continue
      }
      const mutedUntil = this.#mutedUntil.get(leader.nodeId)
      if (mutedUntil !== undefined && mutedUntil > now) {
        wakeUpMs = Math.min(wakeUpMs, mutedUntil - now)
        continue
      }
      if (!this.#policy.session.admits(queue.topic, queue.partition)) continue
      const most = mutedUntil === undefined ? maxInFlight : 1
      if ((this.#inFlight.get(leader.nodeId) ?? 0) >= most) continue
      const request = requests.get(leader.nodeId) ?? { leader, batches: [], bytes: 0 }
      if (request.bytes >= this.#policy.settings.maxRequestBytes) continue
      const batch = this.#nextOf(queue, identity)
      if (batch === null) continue
      requests.set(leader.nodeId, request)
      request.batches.push(batch)
      request.bytes += batch.batch.length
      // Served: the others of this broker come first next time.
      this.#active.delete(queue)
      this.#active.add(queue)
    }
    if (wakeUpMs < Number.POSITIVE_INFINITY) this.#wakeUpIn(wakeUpMs)
    return [...requests.values()]
  }

  /**
   * A topic that was made anew may have fewer partitions: what was meant for one of the others has no place
   * any more.
   */
  #onNoLeader({ topic, partition, key }: PartitionQueue): void {
    const partitions = this.#metadata.partitions(topic)
    this.#metadata.want(topic)
    if (partitions === null || partition < partitions) {
      this.#missingSince.delete(key)
      return
    }
    const now = this.#clock.monotonicMs()
    const sinceMs = this.#missingSince.get(key) ?? now
    this.#missingSince.set(key, sinceMs)
    if (!this.#metadata.isNewerThan(topic, sinceMs + MISSING_PARTITION_MS)) return
    this.#fatal(
      new ConnectError(
        'KAFKA_ERROR',
        `Topic ${topic} has no partition ${partition} any more: it has ${partitions} partitions. Records for it were not acknowledged; they are sent again, to the partitions there are, when the task is restarted`,
        { topic, partition }
      )
    )
  }

  #nextOf(queue: PartitionQueue, identity: ProducerIdentity | null): Batch | null {
    const { topic, partition, key } = queue
    while (!this.#stopped.signal.aborted) {
      try {
        return queue.next(identity)
      } catch (error) {
        if (!(error instanceof RecordTooLarge)) {
          const facts = { topic, partition, cause: error }
          this.#fatal(new ConnectError('INTERNAL', `Failed to encode records for ${key}`, facts))
          return null
        }
        const facts = { topic, partition, kafkaError: 'MESSAGE_TOO_LARGE' }
        const reason = new ConnectError('KAFKA_ERROR', messageOf(error), facts)
        if (error.delivery.refuse([error.record], reason)) queue.skipTooLarge(error)
        else this.#fatal(reason, [error.delivery])
      }
    }
    return null
  }

  async #send({ leader, batches }: Request): Promise<void> {
    const { nodeId } = leader
    this.#inFlight.set(nodeId, (this.#inFlight.get(nodeId) ?? 0) + 1)
    let answer: ProduceAnswer = { outcomes: new Map(), throttleMs: 0 }
    let failure: unknown = null
    try {
      answer = await produce(this.#network, leader, batches, this.#policy.session.transactionalId)
    } catch (error) {
      failure = error
    }
    this.#inFlight.set(nodeId, (this.#inFlight.get(nodeId) ?? 1) - 1)
    if (this.#stopped.signal.aborted) return
    if (failure === null) this.#reachable()
    else this.#unreachable(leader, failure)
    // A broker answers at once and then reads nothing for so long: what was sent meanwhile would run into its
    // time-out.
    if (answer.throttleMs > 0) {
      this.#mutedUntil.set(nodeId, this.#clock.monotonicMs() + answer.throttleMs)
      this.trouble = `broker ${nodeId} throttles this client (a quota)`
    } else if (failure === null) this.#mutedUntil.delete(nodeId)
    for (const batch of batches) {
      this.#settle(batch, answer.outcomes.get(batch.queue.key) ?? noAnswer)
    }
    this.#pump()
  }

  #settle(batch: Batch, { error, message }: PartitionOutcome): void {
    if (this.#stopped.signal.aborted) return
    const { queue } = batch
    if (error === 'NONE' || error === 'DUPLICATE_SEQUENCE_NUMBER') {
      this.trouble = null
      queue.acknowledged(batch)
    } else if (identityLost.has(error) && this.#policy.session.identity !== null) {
      this.#onSequenceRefused(batch, error)
    } else if (tooLarge.has(error) && batch.count > 1) {
      queue.shrink(batch)
    } else if (isRetriableName(error)) {
      if (error !== noAnswer.error) this.trouble = `${queue.key} answers ${error}`
      queue.retryLater(batch)
      this.#metadata.want(queue.topic)
    } else {
      this.#onRefused(batch, error, message)
    }
  }

  /**
   * Either the guilty records are left out and what is behind them goes on in order, or the producer ends.
   */
  #onRefused(batch: Batch, error: string, message: string | null): void {
    const { queue } = batch
    const why = tooLarge.has(error)
      ? `a record of ${batch.batch.length} bytes is larger than the topic accepts (max.message.bytes)`
      : (message ?? error)
    const reason = new ConnectError(
      'KAFKA_ERROR',
      `Kafka refused to write to ${queue.key}: ${why}`,
      {
        topic: queue.topic,
        partition: queue.partition,
        kafkaError: error
      }
    )
    if (oneIsWrong.has(error) && batch.count > 1) {
      queue.split(batch)
    } else if (queue.refused(batch, reason)) {
      this.#policy.session.onBatchLeftOut()
    } else {
      this.#fatal(
        reason,
        batch.parts.map(({ delivery }) => delivery)
      )
    }
  }

  #onSequenceRefused(batch: Batch, error: string): void {
    const { queue } = batch
    // Behind a batch that came back this is to be expected; for the oldest one it means the id is of no use
    // any more.
    const unexpected = queue.isOldest(batch) && !queue.isRecovering
    const refused = unexpected ? this.#policy.session.onSequenceRefused(queue.key, error) : null
    if (refused === null) queue.retryLater(batch)
    else
      this.#fatal(
        refused,
        batch.parts.map(({ delivery }) => delivery)
      )
  }

  async #identify(): Promise<void> {
    if (this.#identifying) return
    this.#identifying = true
    try {
      await this.#policy.session.identify(this.#stopped.signal)
      this.schedule()
    } catch (error) {
      this.#fatal(brokerError(error, 'Failed to get a producer id'))
    } finally {
      this.#identifying = false
    }
  }

  #reachable(): void {
    if (this.#outage) this.#policy.log?.info('Kafka answers again')
    this.#outage = false
  }

  #unreachable(leader: BrokerNode, error: unknown): void {
    const where = `Sending to broker ${leader.nodeId} at ${leader.host}:${leader.port} failed`
    if (!isRetriableBrokerError(error)) {
      this.#fatal(brokerError(error, where))
      return
    }
    this.trouble = `${where}: ${messageOf(error)}`
    if (!this.#outage) this.#policy.log?.warn(`${where}, trying again: ${messageOf(error)}`)
    this.#outage = true
  }

  #fatal(error: ConnectError, guilty: readonly PendingSend[] = []): void {
    if (!this.#stopped.signal.aborted) this.#onFatal(error, guilty)
  }

  #totalInFlight(): number {
    let total = 0
    for (const count of this.#inFlight.values()) total += count
    return total
  }

  #wakeUpIn(ms: number): void {
    if (this.#stopped.signal.aborted) return
    this.#cancelWakeUp?.()
    this.#cancelWakeUp = after(this.#clock, ms, () => this.#pump())
  }
}
