import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import { after, settledWithin } from '../../wait.ts'
import type {
  CommitOutcome,
  ConsumedRecord,
  ConsumerPosition,
  GroupConsumer,
  GroupConsumerOptions,
  PartitionProgress,
  TopicPartition
} from '../contracts.ts'
import type { AssignedPartition } from '../reading/assigned-partition.ts'
import { handOut, Turns } from '../reading/hand-out.ts'
import { ConsumerMembership } from './consumer-membership.ts'
import { type ConsumerParts, consumerParts, type ConsumerSurroundings } from './consumer-parts.ts'

/** So much before the others stop waiting the caller is to be back, at most, and at most so much of it. */
const MARGIN_MS = 5000
const MARGIN_SHARE = 0.2

/**
 * A member of a consumer group and its reading: `ConsumerMembership` says what it holds, `PartitionFetcher`
 * reads that ahead, and here records are handed out, `max.poll.interval.ms` is watched, and offsets are
 * committed.
 */
export class KafkaGroupConsumer implements GroupConsumer {
  readonly #clock: Clock
  readonly #name: string
  readonly #parts: ConsumerParts
  readonly #member: ConsumerMembership
  readonly #turns: Turns
  #isPolling = false
  #isClosed = false
  #wasWoken = false
  #failure: ConnectError | null = null
  #cancelOverdue = (): void => {}
  #pollDueMs: number

  constructor(surroundings: ConsumerSurroundings, options: GroupConsumerOptions, clientId: string) {
    const { clock } = surroundings
    this.#clock = clock
    this.#turns = new Turns(clock)
    this.#parts = consumerParts(surroundings, options, clientId, {
      onRebalance: (reason) => this.#member.onRebalance(reason),
      onMetadata: (askedAtMs) => this.#onMetadata(askedAtMs)
    })
    const { groupId, maxPollIntervalMs } = this.#parts.settings
    this.#name = `Consumer ${clientId} of group ${groupId}`
    this.#member = new ConsumerMembership(clock, options, this.#parts, this.#name, () =>
      this.#withinMs()
    )
    this.#pollDueMs = clock.monotonicMs() + maxPollIntervalMs
  }

  async poll(
    limits: { readonly records: number; readonly bytes: number },
    timeoutMs: number
  ): Promise<readonly ConsumedRecord[]> {
    if (this.#isClosed || this.#isPolling) {
      throw new ConnectError('INTERNAL', `${this.#name} is closed, or polling already`)
    }
    this.#cancelOverdue()
    this.#isPolling = true
    try {
      return await this.#poll(limits, this.#clock.monotonicMs() + timeoutMs)
    } finally {
      this.#isPolling = false
      this.#wasWoken = false
      this.#awaitPoll()
    }
  }

  wakeup(): void {
    this.#wasWoken = true
    this.#parts.fetcher.arrived.ring()
  }

  checkMembership(): void {
    this.#member.check()
  }

  get standstill(): string | null {
    return this.#parts.troubles.standstill
  }

  get assignment(): readonly TopicPartition[] {
    return this.#member.assignment
  }

  get progress(): readonly PartitionProgress[] {
    return [...this.#parts.fetcher.partitions].map(({ topic, partition, key, position, end }) => ({
      topic,
      partition,
      position,
      committed: this.#member.committed.get(key) ?? null,
      end
    }))
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const each of this.#assigned(partitions)) this.#parts.fetcher.pause(each, true)
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const each of this.#assigned(partitions)) this.#parts.fetcher.pause(each, false)
  }

  seek(positions: readonly ConsumerPosition[]): void {
    const assigned = this.#assigned(positions)
    for (const [index, { offset, leaderEpoch = -1 }] of positions.entries()) {
      const partition = assigned[index]
      if (partition !== undefined) this.#parts.fetcher.seek(partition, offset, leaderEpoch)
    }
  }

  async commit(positions: readonly ConsumerPosition[], timeoutMs: number): Promise<CommitOutcome> {
    const { fetcher, offsets, settings } = this.#parts
    const { round } = this.#member
    // I17: only as the member that holds them, in the round that lets it hold them.
    const held = round !== null ? positions.filter((each) => fetcher.find(each)) : []
    const foreign = positions.filter((each) => !held.includes(each))
    const refused: CommitOutcome = foreign.map(({ topic, partition }) => ({
      topic,
      partition,
      error:
        round === null && fetcher.find({ topic, partition }) !== null
          ? this.#betweenRounds()
          : this.#notAssigned({ topic, partition })
    }))
    if (round === null || held.length === 0) return refused
    const { generation, memberId } = round
    const { groupInstanceId } = settings
    const outcome = await offsets.commit(
      { generation, memberId, groupInstanceId },
      held,
      timeoutMs,
      {
        isCurrent: () => this.#member.round === round,
        onOut: () => {
          if (this.#member.round === round) this.#member.lose('lost')
        }
      }
    )
    for (const [index, { error }] of outcome.entries()) {
      const position = held[index]
      const partition = position === undefined ? null : fetcher.find(position)
      if (error !== null || position === undefined || partition === null) continue
      this.#member.committed.set(partition.key, position.offset)
    }
    return [...outcome, ...refused]
  }

  async close(reason: string, timeoutMs: number): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelOverdue()
    // Nobody is handed anything any more, however long it takes to give the partitions back.
    void this.#parts.endReading()
    try {
      await this.#member.end(reason, timeoutMs)
    } finally {
      await this.#parts.close()
    }
  }

  async #poll(
    limits: { readonly records: number; readonly bytes: number },
    deadline: number
  ): Promise<readonly ConsumedRecord[]> {
    const { fetcher } = this.#parts
    for (;;) {
      const { rung } = fetcher.arrived
      this.#throwFailure()
      if (await this.#member.settle()) return []
      if (this.#member.round !== null) {
        const { losses } = this.#member
        const records = await handOut(this.#turns, fetcher, limits)
        // I11: what was lost meanwhile is not handed out.
        const kept =
          losses === this.#member.losses ? records : records.filter((each) => fetcher.find(each))
        if (kept.length > 0) return kept
      }
      const leftMs = deadline - this.#clock.monotonicMs()
      if (this.#wasWoken || leftMs <= 0) return []
      await settledWithin(this.#clock, rung, leftMs)
    }
  }

  #throwFailure(): void {
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) throw failure
    const { fetcher } = this.#parts
    for (const partition of fetcher.partitions) {
      const { failure: ofPartition } = partition
      if (ofPartition === null || partition.waiting.length > 0) continue
      fetcher.retry(partition)
      throw ofPartition
    }
  }

  #onMetadata(askedAtMs: number): void {
    const { subscription, watch, fetcher } = this.#parts
    fetcher.changed()
    this.#failure = subscription.problemIn(watch.topics)
    if (this.#failure !== null) fetcher.arrived.ring()
    this.#member.onMetadata(askedAtMs)
  }

  /** The others wait for so long, and a heartbeat may have passed since they began to. */
  #withinMs(): number {
    const { maxPollIntervalMs, heartbeatIntervalMs } = this.#parts.settings
    const margin = Math.min(MARGIN_MS, MARGIN_SHARE * maxPollIntervalMs)
    const leftMs = this.#isPolling ? maxPollIntervalMs : this.#pollDueMs - this.#clock.monotonicMs()
    return Math.max(0, Math.min(leftMs, maxPollIntervalMs - heartbeatIntervalMs) - margin)
  }

  #awaitPoll(): void {
    if (this.#isClosed) return
    const { maxPollIntervalMs } = this.#parts.settings
    this.#pollDueMs = this.#clock.monotonicMs() + maxPollIntervalMs
    this.#cancelOverdue = after(this.#clock, maxPollIntervalMs, () => this.#overdue())
  }

  #overdue(): void {
    if (this.#isClosed || this.#member.isOutside) return
    const { maxPollIntervalMs } = this.#parts.settings
    const reason = `no poll came within ${maxPollIntervalMs} ms (max.poll.interval.ms)`
    this.#parts.log.warn(`${this.#name} leaves its group: ${reason}`)
    this.#member.abandon(reason)
  }

  #assigned(partitions: readonly TopicPartition[]): readonly AssignedPartition[] {
    return partitions.map((each) => {
      const assigned = this.#parts.fetcher.find(each)
      if (assigned === null) throw this.#notAssigned(each)
      return assigned
    })
  }

  #betweenRounds(): ConnectError {
    return new ConnectError(
      'KAFKA_UNAVAILABLE',
      `${this.#name} commits nothing while the group shares out anew`,
      { kafkaError: 'REBALANCE_IN_PROGRESS' }
    )
  }

  #notAssigned({ topic, partition }: TopicPartition): ConnectError {
    return new ConnectError(
      'KAFKA_ERROR',
      `Partition ${topic}-${partition} is not assigned to ${this.#name}`,
      { topic, partition }
    )
  }
}
