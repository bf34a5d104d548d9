import type { Clock } from '../../clock.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { Backoff, after, settledWithin } from '../../wait.ts'
import { isRetriableName } from '../client/broker-errors.ts'
import type { ReaderSettings } from '../client/client-settings.ts'
import type { BrokerNode, NetworkClient } from '../client/network-client.ts'
import { partitionKey } from '../client/partition-key.ts'
import type { TopicPartition } from '../contracts.ts'
import { AssignedPartition } from './assigned-partition.ts'
import { Bell } from './bell.ts'
import { type FetchedPartition, fetchRecords } from './fetch-request.ts'
import { FetchedRecords } from './fetched-records.ts'
import { Flights } from './flights.ts'
import type { TopicWatch } from './topic-watch.ts'
import type { Troubles } from './troubles.ts'

/** An answer is copied when it has arrived: the event loop must not be held up by that. */
const MOST_ANSWER_BYTES = 8 * 1024 * 1024
/** A slow line may need longer for a large answer than a request may take: then less is asked for. */
const LEAST_ANSWER_BYTES = 65_536

type FetcherSettings = Pick<ReaderSettings, 'fetch' | 'readCommitted' | 'checkCrcs' | 'backoff'>

interface FetcherParts {
  readonly clock: Clock
  readonly settings: FetcherSettings
  /** Of connections for fetching alone: a fetch waits at the broker. */
  readonly network: NetworkClient
  readonly watch: TopicWatch
  readonly troubles: Troubles
  readonly log: Logger
  /** Bytes that may wait for being handed out. */
  readonly bufferBytes: number
  /** A position that is out of range is not found again. */
  readonly failsOutOfRange: boolean
  /** These partitions have to find their positions. */
  onReset(): void
}

interface Asked {
  readonly partition: AssignedPartition
  readonly epoch: number
  readonly offset: number
}

/**
 * Fetches records of partitions from the brokers that lead them, one request at a time from each broker, and
 * keeps them as they came until they are handed out. Reads ahead: while records of a partition wait, the next
 * ones are fetched, up to `max.partition.fetch.bytes` of each and `bufferBytes` of all.
 */
export class PartitionFetcher {
  readonly #parts: FetcherParts
  readonly #partitions = new Map<string, AssignedPartition>()
  /** A loop for each broker that leads some. */
  readonly #brokers = new Map<string, Promise<void>>()
  readonly #flights: Flights
  readonly #closed = new AbortController()
  /** What may be fetched has changed. */
  readonly #changed = new Bell()
  /** Something may be handed out, or has failed. */
  readonly arrived = new Bell()
  #waitingBytes = 0
  #askedBytes = 0
  #answerBytes: number

  constructor(parts: FetcherParts) {
    this.#parts = parts
    this.#flights = new Flights(parts.network)
    this.#answerBytes = Math.min(parts.settings.fetch.maxBytes, MOST_ANSWER_BYTES)
  }

  get partitions(): IterableIterator<AssignedPartition> {
    return this.#partitions.values()
  }

  find({ topic, partition }: TopicPartition): AssignedPartition | null {
    return this.#partitions.get(partitionKey(topic, partition)) ?? null
  }

  /** Their positions are not known yet: nothing is fetched before they are sought. */
  add(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) {
      const partition = new AssignedPartition(each)
      if (!this.#partitions.has(partition.key)) this.#partitions.set(partition.key, partition)
    }
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const key = partitionKey(topic, partition)
      const removed = this.#partitions.get(key)
      if (removed === undefined) continue
      this.#partitions.delete(key)
      this.#parts.troubles.clear(key)
      // An answer under way is not for it any more.
      removed.epoch++
      this.#waitingBytes -= removed.drop()
    }
    this.changed()
  }

  /** null: as `auto.offset.reset` says. */
  seek(partition: AssignedPartition, offset: number | null, lastEpoch: number): void {
    this.#waitingBytes -= partition.seek(offset, lastEpoch)
    if (offset === null) this.#parts.onReset()
    else this.#hurry(partition)
    this.changed()
  }

  /** The position that `auto.offset.reset` asked for. */
  found(partition: AssignedPartition, offset: number): void {
    partition.next = offset
    partition.needsReset = false
    this.#hurry(partition)
    this.changed()
  }

  pause(partition: AssignedPartition, isPaused: boolean): void {
    partition.isPaused = isPaused
    this.changed()
    this.arrived.ring()
  }

  /** What was fetched first of `partition` has been handed out. */
  handedOut(partition: AssignedPartition): void {
    this.#waitingBytes -= partition.shift()
    this.#changed.ring()
  }

  /** It cannot be read for a reason that the caller is told; what waits is fetched again afterwards. */
  fail(partition: AssignedPartition, failure: ConnectError): void {
    const { position, lastEpoch } = partition
    const first = partition.waiting[0]
    const epoch = first === undefined ? lastEpoch : first.lastEpoch
    if (position !== null) this.#waitingBytes -= partition.seek(position, epoch)
    partition.failure = failure
    this.arrived.ring()
  }

  /** Its failure was told: it is read again. */
  retry(partition: AssignedPartition): void {
    partition.failure = null
    if (partition.needsReset) this.#parts.onReset()
    this.changed()
  }

  /** Looks at everything again: positions, leaders, room. */
  changed(): void {
    if (this.#closed.signal.aborted) return
    for (const partition of this.#partitions.values()) {
      const broker = this.#leaderOf(partition)
      if (broker === null) continue
      const key = brokerKey(broker)
      if (!this.#brokers.has(key)) this.#brokers.set(key, this.#follow(broker, key))
    }
    this.#changed.ring()
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.#changed.ring()
    await Promise.all(this.#brokers.values())
  }

  /** Fetches from one broker for as long as it leads something. */
  async #follow(broker: BrokerNode, key: string): Promise<void> {
    const { clock, settings, troubles, watch } = this.#parts
    const backoff = new Backoff(settings.backoff)
    // Whoever begins this loop goes on first.
    await Promise.resolve()
    while (!this.#closed.signal.aborted && this.#leads(key)) {
      const { rung } = this.#changed
      const { asked, othersWait } = this.#due(key)
      if (asked.length === 0) {
        await rung
        continue
      }
      try {
        const brought = await this.#fetch(broker, asked, othersWait)
        backoff.reset()
        troubles.clear(key)
        // Whatever is handed out meanwhile makes room for those that were not asked for.
        if (!brought && othersWait) await settledWithin(clock, rung, settings.fetch.maxWaitMs)
      } catch (error) {
        this.#failed(broker, error)
        watch.expire()
        await clock.sleep(backoff.next(), this.#closed.signal)
      }
    }
    this.#brokers.delete(key)
    troubles.clear(key)
  }

  /** It is at another place: a fetch that waits for records is not to keep its leader from being asked. */
  #hurry(partition: AssignedPartition): void {
    const broker = this.#leaderOf(partition)
    if (broker !== null) this.#flights.abandon(brokerKey(broker))
  }

  #leads(key: string): boolean {
    for (const partition of this.#partitions.values()) {
      const broker = this.#leaderOf(partition)
      if (broker !== null && brokerKey(broker) === key) return true
    }
    return false
  }

  /**
   * Which partitions are to be asked for, those that brought nothing for longest first, and whether there are
   * others, of which enough waits to be handed out.
   */
  #due(key: string): { readonly asked: readonly Asked[]; readonly othersWait: boolean } {
    const asked: Asked[] = []
    let othersWait = false
    if (this.#room() <= 0) return { asked, othersWait }
    const { clock, settings } = this.#parts
    const now = clock.monotonicMs()
    for (const partition of this.#partitions.values()) {
      const { next, isPaused, isAsked, failure, waitingBytes, notBeforeMs, epoch } = partition
      if (next === null || isPaused || isAsked || failure !== null) continue
      const broker = notBeforeMs > now ? null : this.#leaderOf(partition)
      if (broker === null || brokerKey(broker) !== key) continue
      if (waitingBytes >= settings.fetch.maxPartitionBytes) othersWait = true
      else asked.push({ partition, epoch, offset: next })
    }
    return { asked, othersWait }
  }

  /** How many bytes may be asked for; none while that would be little. */
  #room(): number {
    const { bufferBytes, settings } = this.#parts
    const room = bufferBytes - this.#waitingBytes - this.#askedBytes
    const least = Math.min(settings.fetch.maxPartitionBytes, Math.ceil(bufferBytes / 2))
    return room < least ? 0 : Math.min(room, this.#answerBytes)
  }

  /**
   * One request; whether it brought something. Unless `atOnce` the broker may wait for records to come: then
   * nothing else can be asked of it for so long.
   */
  async #fetch(broker: BrokerNode, asked: readonly Asked[], atOnce: boolean): Promise<boolean> {
    const { settings, network } = this.#parts
    const maxBytes = this.#room()
    this.#askedBytes += maxBytes
    for (const { partition } of asked) partition.isAsked = true
    const key = brokerKey(broker)
    const flight = this.#flights.begin(key, broker, !atOnce && !this.#isAnsweredSoon(asked))
    try {
      const positions = asked.map(({ partition, offset }) => ({
        topic: partition.topic,
        partition: partition.partition,
        offset,
        leaderEpoch: this.#parts.watch.partition(partition)?.leaderEpoch ?? -1,
        lastEpoch: partition.lastEpoch
      }))
      const { readCommitted, fetch } = settings
      const limits = {
        ...fetch,
        ...(atOnce ? { maxWaitMs: 0, minBytes: 0 } : {}),
        readCommitted,
        maxBytes,
        maxPartitionBytes: Math.min(fetch.maxPartitionBytes, maxBytes)
      }
      const answers = await fetchRecords(network, broker, positions, limits)
      const answerOf = new Map(
        answers.map((each) => [partitionKey(each.topic, each.partition), each])
      )
      for (const each of asked) {
        const answer = answerOf.get(each.partition.key)
        each.partition.isAsked = false
        // Sought or taken away meanwhile: the answer is to a question nobody asks any more.
        if (answer !== undefined && each.partition.epoch === each.epoch) this.#take(each, answer)
      }
      return answers.some(({ records }) => records.length > 0)
    } catch (error) {
      if (!flight.isAbandoned || this.#closed.signal.aborted) throw error
      return true
    } finally {
      this.#flights.end(key)
      this.#askedBytes -= maxBytes
      for (const { partition } of asked) partition.isAsked = false
      this.#changed.ring()
    }
  }

  /** There are records, and one is enough. */
  #isAnsweredSoon(asked: readonly Asked[]): boolean {
    if (this.#parts.settings.fetch.minBytes > 1) return false
    return asked.some(({ partition: { end }, offset }) => end !== null && offset < end)
  }

  #take(asked: Asked, answer: FetchedPartition): void {
    const { partition } = asked
    if (answer.error !== 'NONE') {
      this.#refused(asked, answer.error)
      return
    }
    this.#parts.troubles.clear(partition.key)
    partition.end = this.#parts.settings.readCommitted
      ? answer.lastStableOffset
      : answer.highWatermark
    if (answer.divergesAt !== null) this.#truncated(partition, answer.divergesAt)
    if (answer.records.length === 0) return
    this.#keep(asked, answer)
  }

  #keep({ partition, offset }: Asked, answer: FetchedPartition): void {
    try {
      const fetched = new FetchedRecords(answer, offset, this.#parts.settings.checkCrcs)
      if (fetched.end <= offset) return
      partition.add(fetched)
      this.#waitingBytes += fetched.bytes
      // Another turn comes after those that bring nothing now.
      this.#partitions.delete(partition.key)
      this.#partitions.set(partition.key, partition)
      this.arrived.ring()
    } catch (error) {
      this.fail(partition, error as ConnectError)
    }
  }

  /** A leader that lost what was read before: read on where its log parts from that. */
  #truncated(partition: AssignedPartition, divergesAt: number): void {
    if (partition.next === null || divergesAt >= partition.next) {
      partition.lastEpoch = -1
      return
    }
    this.#parts.log.warn(
      `The log of ${partition.key} was truncated to ${divergesAt}, before offset ${partition.next} that is read next: reading on from ${divergesAt}`
    )
    partition.next = divergesAt
    partition.lastEpoch = -1
  }

  #refused({ partition, offset }: Asked, error: string): void {
    const { clock, settings, log, troubles, watch } = this.#parts
    const { key, topic } = partition
    if (error === 'OFFSET_OUT_OF_RANGE') {
      log.warn(`Offset ${offset} of ${key} is out of range`)
      if (this.#parts.failsOutOfRange) {
        const text = `Offset ${offset} of ${key} is out of range: Kafka does not have it any more, or not yet`
        const facts = { topic, partition: partition.partition, kafkaError: error }
        this.fail(partition, new ConnectError('KAFKA_ERROR', text, facts))
        return
      }
      partition.next = null
      partition.lastEpoch = -1
      partition.needsReset = true
      this.#parts.onReset()
      return
    }
    if (!isRetriableName(error)) {
      this.fail(
        partition,
        new ConnectError('KAFKA_ERROR', `The broker refused to read ${key}: ${error}`, {
          topic,
          partition: partition.partition,
          kafkaError: error
        })
      )
      return
    }
    troubles.note(key, `${key} cannot be read: ${error}`)
    partition.notBeforeMs = clock.monotonicMs() + settings.backoff.firstMs
    after(clock, settings.backoff.firstMs + 1, () => this.changed())
    watch.expire()
  }

  #failed(broker: BrokerNode, error: unknown): void {
    if (this.#closed.signal.aborted) return
    const { log, troubles } = this.#parts
    this.#answerBytes = Math.max(
      Math.min(LEAST_ANSWER_BYTES, this.#answerBytes),
      Math.floor(this.#answerBytes / 2)
    )
    const { host, port } = broker
    const text = `Broker ${host}:${port} cannot be read from: ${messageOf(error)}`
    if (troubles.note(brokerKey(broker), text)) log.warn(`${text}; trying again`)
  }

  /** Whom to ask for a partition; null while nobody leads it. */
  #leaderOf(partition: AssignedPartition): BrokerNode | null {
    return this.#parts.watch.partition(partition)?.leader ?? null
  }
}

function brokerKey({ nodeId, host, port }: BrokerNode): string {
  return `${nodeId} ${host}:${port}`
}
