import type { Clock } from '../../clock.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { Backoff, nextTurn, retrying, within } from '../../wait.ts'
import { brokerError, isRetriableBrokerError, isRetriableName } from '../client/broker-errors.ts'
import { type ReaderSettings, addresses } from '../client/client-settings.ts'
import type { ConsumedRecord, LogRecord } from '../contracts.ts'
import { type BrokerNode, NetworkClient } from '../client/network-client.ts'
import { type FetchedPartition, fetchRecords } from './fetch-request.ts'
import { FetchedRecords } from './fetched-records.ts'
import { listOffsets } from './list-offsets.ts'

/** A reader that could not get a large answer in time asks for smaller ones, down to this. */
const LEAST_FETCH_BYTES = 65_536
/** So much is handed over before others have a turn. */
const PIECE_RECORDS = 1000
const PIECE_BYTES = 262_144

interface Waiter {
  readonly targets: ReadonlyMap<number, number>
  resolve(): void
  reject(error: Error): void
}

/** The partitions each broker leads. */
type Assignment = ReadonlyMap<BrokerNode, readonly number[]>

/**
 * Reads all partitions of a topic from their earliest offsets and follows them until `stop`, without a group.
 * Two connections per broker: a fetch waits on the broker, questions about offsets must not wait behind it.
 * When a leader is lost the partitions are assigned anew, with growing pauses, for ever; an outage is logged
 * once.
 */
export class TopicReader {
  readonly #clock: Clock
  readonly #settings: ReaderSettings
  readonly #topic: string
  readonly #onRecord: (record: LogRecord) => void
  readonly #log: Logger
  readonly #fetching: NetworkClient
  readonly #asking: NetworkClient
  readonly #positions = new Map<number, number>()
  readonly #waiters = new Set<Waiter>()
  readonly #stopped = new AbortController()
  #following: Promise<void> | null = null
  #round: AbortController | null = null
  readonly #backoff: Backoff
  #interrupted = false
  /** How often something was read: a wait that sees it grow is not in vain. */
  #progress = 0
  #fetchBytes: number

  constructor(
    clock: Clock,
    settings: ReaderSettings,
    clientId: string,
    topic: string,
    onRecord: (record: LogRecord) => void,
    log: Logger
  ) {
    this.#clock = clock
    this.#settings = settings
    this.#backoff = new Backoff(settings.backoff)
    this.#fetchBytes = settings.fetch.maxBytes
    this.#topic = topic
    this.#onRecord = onRecord
    this.#log = log
    this.#fetching = new NetworkClient(settings, clientId)
    this.#asking = new NetworkClient(settings, clientId)
  }

  /**
   * Reads what is committed now, however long that takes as long as something arrives every `standstillMs`,
   * then goes on in the background.
   */
  async start(standstillMs = this.#settings.apiTimeoutMs): Promise<void> {
    const doing = `start reading topic ${this.#topic}`
    const first = await this.#repeat(standstillMs, doing, () => this.#assign())
    this.#following = this.#run(first)
    // Behind a transaction somebody left open nothing is committed for readers: it must not keep a worker
    // from starting.
    await this.#readTo(this.#settings.readCommitted, standstillMs, (arrived) =>
      this.#whileProgressing(arrived, standstillMs)
    )
  }

  /**
   * Resolves when every record written before the call was handed over, those of transactions included once
   * they have ended.
   */
  readToEnd(timeoutMs: number): Promise<void> {
    const deadline = this.#clock.monotonicMs() + timeoutMs
    return this.#readTo(false, timeoutMs, (arrived) =>
      within(this.#clock, arrived, Math.max(1, deadline - this.#clock.monotonicMs()), () =>
        this.#timedOut(this.#readingToEnd, timeoutMs)
      )
    )
  }

  async #readTo(
    committedEnd: boolean,
    askWithinMs: number,
    wait: (arrived: Promise<void>) => Promise<void>
  ): Promise<void> {
    const targets = await this.#repeat(askWithinMs, this.#readingToEnd, () =>
      this.#endOffsets(committedEnd)
    )
    if (this.#reached(targets)) return
    // Partitions were added: assign anew.
    if ([...targets.keys()].some((each) => !this.#positions.has(each))) this.#round?.abort()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { targets, resolve, reject }
    this.#waiters.add(waiter)
    try {
      await wait(promise)
    } finally {
      this.#waiters.delete(waiter)
    }
  }

  /** I8: a topic may be of any length, so what has a limit is the time in which nothing of it arrives. */
  async #whileProgressing(arrived: Promise<void>, standstillMs: number): Promise<void> {
    const standstill = new ConnectError(
      'KAFKA_UNAVAILABLE',
      `Failed to ${this.#readingToEnd} at ${addresses(this.#settings)}: nothing of it arrived for ${standstillMs} ms (default.api.timeout.ms)`,
      { topic: this.#topic }
    )
    for (;;) {
      const before = this.#progress
      try {
        await within(this.#clock, arrived, standstillMs, () => standstill)
        return
      } catch (error) {
        if (error !== standstill || this.#progress === before) throw error
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    for (const { reject } of this.#waiters) reject(this.#closed())
    await Promise.all([this.#fetching.close(), this.#asking.close()])
    await this.#following
  }

  async #run(first: Assignment): Promise<void> {
    let assignment: Assignment | null = first
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#follow(assignment ?? (await this.#assign()))
      } catch (error) {
        if (this.#stopped.signal.aborted) return
        this.#failed(error)
        await this.#clock.sleep(this.#backoff.next(), this.#stopped.signal)
      }
      assignment = null
    }
  }

  /** Fetches from every leader until one fails or the metadata is too old. */
  async #follow(assignment: Assignment): Promise<void> {
    const round = new AbortController()
    this.#round = round
    const until = this.#clock.monotonicMs() + this.#settings.metadataMaxAgeMs
    const fetchers = [...assignment].map(async ([leader, partitions]) => {
      try {
        while (!round.signal.aborted && this.#clock.monotonicMs() < until) {
          await this.#fetch(leader, partitions)
        }
      } finally {
        round.abort()
      }
    })
    const failed = (await Promise.allSettled(fetchers)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  async #fetch(leader: BrokerNode, partitions: readonly number[]): Promise<void> {
    const { fetch, readCommitted } = this.#settings
    const positions = partitions.map((partition) => ({
      topic: this.#topic,
      partition,
      offset: this.#positions.get(partition) ?? 0,
      leaderEpoch: -1,
      lastEpoch: -1
    }))
    const answers = await fetchRecords(this.#fetching, leader, positions, {
      ...fetch,
      readCommitted,
      maxBytes: this.#fetchBytes,
      maxPartitionBytes: Math.min(fetch.maxPartitionBytes, this.#fetchBytes)
    })
    for (const answer of answers) {
      const position = this.#positions.get(answer.partition) ?? 0
      if (answer.error === 'OFFSET_OUT_OF_RANGE') {
        await this.#resetPosition(leader, answer.partition, position)
      } else if (answer.error === 'NONE') {
        await this.#deliver(answer, position)
      } else {
        throw this.#refused(answer.error)
      }
      if (this.#stopped.signal.aborted) return
    }
    this.#succeeded()
    this.#settleWaiters()
  }

  /** Hands the records over, a piece at a time: a megabyte of them takes a while, and others have a turn. */
  async #deliver(answer: FetchedPartition, position: number): Promise<void> {
    const fetched = new FetchedRecords(answer, position, this.#settings.checkCrcs)
    const piece: ConsumedRecord[] = []
    while (await fetched.prepare()) {
      fetched.take(PIECE_RECORDS, PIECE_BYTES, piece)
      for (const { partition, offset, timestamp, key, value } of piece) {
        this.#onRecord({
          partition,
          offset: BigInt(offset),
          timestamp: timestamp ?? -1,
          key,
          value
        })
      }
      piece.length = 0
      this.#positions.set(answer.partition, fetched.position)
      await nextTurn()
      if (this.#stopped.signal.aborted) return
    }
    if (fetched.position > position) this.#progress++
    this.#positions.set(answer.partition, fetched.position)
  }

  /**
   * The log moved past the position (retention, deleted records, a topic made anew): read from what is the
   * earliest now.
   */
  async #resetPosition(leader: BrokerNode, partition: number, position: number): Promise<void> {
    const [answer] = await this.#listOffsets(leader, [partition], 'earliest')
    const earliest = answer?.offset ?? 0
    this.#log.warn(
      `Offset ${position} of ${this.#topic}-${partition} is out of range, reading from ${earliest}`
    )
    this.#positions.set(partition, earliest)
  }

  async #assign(): Promise<Assignment> {
    const assignment = await this.#leaders()
    for (const [leader, partitions] of assignment) {
      const unknown = partitions.filter((partition) => !this.#positions.has(partition))
      if (unknown.length === 0) continue
      for (const answer of await this.#listOffsets(leader, unknown, 'earliest')) {
        this.#positions.set(answer.partition, answer.offset ?? 0)
      }
    }
    return assignment
  }

  async #leaders(): Promise<Assignment> {
    const found = (await this.#asking.topics([this.#topic])).get(this.#topic)
    if (found === undefined || found.error !== 'NONE') {
      throw this.#refused(found?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION')
    }
    const assignment = new Map<BrokerNode, number[]>()
    for (const { partition, leader } of found.partitions) {
      if (leader === null) throw this.#refused('LEADER_NOT_AVAILABLE')
      assignment.set(leader, [...(assignment.get(leader) ?? []), partition])
    }
    return assignment
  }

  async #endOffsets(committed: boolean): Promise<ReadonlyMap<number, number>> {
    const ends = new Map<number, number>()
    for (const [leader, partitions] of await this.#leaders()) {
      for (const answer of await this.#listOffsets(leader, partitions, 'latest', committed)) {
        ends.set(answer.partition, answer.offset ?? 0)
      }
    }
    return ends
  }

  async #listOffsets(
    leader: BrokerNode,
    partitions: readonly number[],
    spec: 'earliest' | 'latest',
    readCommitted = this.#settings.readCommitted
  ) {
    const asked = partitions.map((partition) => ({ topic: this.#topic, partition }))
    const answers = await listOffsets(this.#asking, leader, asked, spec, readCommitted)
    const failed = answers.find(({ error }) => error !== 'NONE')
    if (failed !== undefined) throw this.#refused(failed.error)
    return answers
  }

  /** Repeats what may succeed later, within a limit. */
  async #repeat<T>(limitMs: number, doing: string, work: () => Promise<T>): Promise<T> {
    const tooLate = (): ConnectError => this.#timedOut(doing, limitMs)
    const { backoff } = this.#settings
    try {
      return await retrying(
        this.#clock,
        { backoff, limitMs, isPassing: isRetriableBrokerError },
        ({ leftMs }) => within(this.#clock, work(), Math.max(1, leftMs), tooLate),
        this.#stopped.signal
      )
    } catch (error) {
      if (this.#stopped.signal.aborted) throw this.#closed()
      throw brokerError(error, `Failed to ${doing} at ${addresses(this.#settings)}`)
    }
  }

  #reached(targets: ReadonlyMap<number, number>): boolean {
    for (const [partition, end] of targets) {
      if ((this.#positions.get(partition) ?? 0) < end) return false
    }
    return true
  }

  #settleWaiters(): void {
    for (const waiter of this.#waiters) if (this.#reached(waiter.targets)) waiter.resolve()
  }

  #failed(error: unknown): void {
    // A slow line may need longer for a large answer than a request may take.
    this.#fetchBytes = Math.max(LEAST_FETCH_BYTES, Math.floor(this.#fetchBytes / 2))
    if (!this.#interrupted) {
      this.#log.warn(
        `Reading topic ${this.#topic} was interrupted, trying again: ${messageOf(error)}`
      )
    }
    this.#interrupted = true
    if (isRetriableBrokerError(error)) return
    for (const { reject } of this.#waiters) {
      reject(brokerError(error, `Failed to read topic ${this.#topic}`))
    }
  }

  #succeeded(): void {
    if (this.#interrupted) this.#log.info(`Reading topic ${this.#topic} goes on`)
    this.#interrupted = false
    this.#backoff.reset()
  }

  get #readingToEnd(): string {
    return `read topic ${this.#topic} to its end`
  }

  #refused(name: string): ConnectError {
    const code = isRetriableName(name) ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR'
    const topic = this.#topic
    return new ConnectError(code, `The broker refused to read topic ${topic}: ${name}`, {
      topic,
      kafkaError: name
    })
  }

  #timedOut(doing: string, timeoutMs: number): ConnectError {
    return new ConnectError(
      'KAFKA_UNAVAILABLE',
      `Failed to ${doing} at ${addresses(this.#settings)} within ${timeoutMs} ms`,
      { topic: this.#topic }
    )
  }

  #closed(): ConnectError {
    return new ConnectError('WORKER_STOPPING', `Reading topic ${this.#topic} was stopped`)
  }
}
