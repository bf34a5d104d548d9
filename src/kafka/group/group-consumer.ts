import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { after, settledWithin } from '../../wait.ts'
import { partitionKey } from '../client/partition-key.ts'
import type {
  CommitOutcome,
  ConsumedRecord,
  ConsumerPosition,
  GroupConsumer,
  GroupConsumerOptions,
  GroupRound,
  PartitionProgress,
  RebalanceReason,
  TopicPartition
} from '../contracts.ts'
import type { AssignedPartition } from '../reading/assigned-partition.ts'
import { handOut } from '../reading/hand-out.ts'
import { type ConsumerParts, consumerParts } from './consumer-parts.ts'
import { type CompletedRound, type Held, joinRound } from './consumer-round.ts'

/** So much before the others stop waiting the caller is to be back, at most, and at most so much of it. */
const MARGIN_MS = 5000
const MARGIN_SHARE = 0.2
/** How long the group is told that the member leaves while nobody waits for that. */
const LEAVE_TIMEOUT_MS = 5000
const JOINING = 'join'

type State =
  | { readonly kind: 'OUTSIDE' | 'CLOSED' }
  | Joining
  | { readonly kind: 'MEMBER'; readonly round: GroupRound; rejoin: string | null }

interface Joining {
  readonly kind: 'JOINING'
  readonly held: Held | null
  readonly gaveUp: AbortController
  /** Known before its round is over: there is another one to come. */
  rejoin: string | null
  outcome: { readonly completed: CompletedRound } | { readonly error: unknown } | null
}

/**
 * A member of a consumer group.
 *
 * OUTSIDE: nothing is held. `poll` → JOINING.
 * JOINING: a join, the sync, and the question for committed offsets are under way. `poll` waits; when they
 *   are done it tells what has come and gone → MEMBER, or throws what went wrong → OUTSIDE.
 * MEMBER: records are handed out. When the group is to share out anew (`rejoin`), the next `poll` revokes
 *   → JOINING. Members whose assignors are all cooperative keep what they hold and revoke afterwards what the
 *   round took from them, which then asks for a round itself.
 * From JOINING and MEMBER, whatever the caller is doing: the coordinator no longer knows the member, or no
 *   `poll` came within `max.poll.interval.ms` → OUTSIDE; what it held is gone at once, and the next `poll`
 *   tells so.
 * CLOSED: for good.
 */
export class KafkaGroupConsumer implements GroupConsumer {
  readonly #clock: Clock
  readonly #options: GroupConsumerOptions
  readonly #clientId: string
  readonly #parts: ConsumerParts
  readonly #isIncremental: boolean
  #state: State = { kind: 'OUTSIDE' }
  readonly #committed = new Map<string, number>()
  /** Gone without the caller's doing, and not told yet. */
  #lost: readonly TopicPartition[] = []
  /** Grows when partitions are lost, so that a poll under way sees it. */
  #losses = 0
  #isPolling = false
  #wasWoken = false
  /** Of the last round's end: older news of the cluster are no reason for another. */
  #memberSinceMs = 0
  #failure: ConnectError | null = null
  #leaving: Promise<void> = Promise.resolve()
  #cancelOverdue = (): void => {}
  #pollDueMs: number

  constructor(clock: Clock, options: GroupConsumerOptions, clientId: string, log: Logger) {
    this.#clock = clock
    this.#options = options
    this.#clientId = clientId
    this.#parts = consumerParts(clock, options, clientId, log, {
      onRebalance: (reason) => this.#onRebalance(reason),
      onMetadata: (askedAtMs) => this.#onMetadata(askedAtMs)
    })
    const { settings } = this.#parts
    this.#isIncremental = settings.assignors.every((name) => name === 'cooperative-sticky')
    this.#pollDueMs = clock.monotonicMs() + settings.maxPollIntervalMs
  }

  async poll(
    limits: { readonly records: number; readonly bytes: number },
    timeoutMs: number
  ): Promise<readonly ConsumedRecord[]> {
    if (this.#state.kind === 'CLOSED' || this.#isPolling) {
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

  get standstill(): string | null {
    return this.#parts.troubles.standstill
  }

  get assignment(): readonly TopicPartition[] {
    return [...this.#parts.fetcher.partitions].map(({ topic, partition }) => ({ topic, partition }))
  }

  get progress(): readonly PartitionProgress[] {
    return [...this.#parts.fetcher.partitions].map(({ topic, partition, key, position, end }) => ({
      topic,
      partition,
      position,
      committed: this.#committed.get(key) ?? null,
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
    const state = this.#state
    // I17: only as the member that holds them, in the round that lets it hold them.
    const held = state.kind === 'MEMBER' ? positions.filter((each) => fetcher.find(each)) : []
    const foreign = positions.filter((each) => !held.includes(each))
    const refused: CommitOutcome = foreign.map(({ topic, partition }) => ({
      topic,
      partition,
      error: this.#notAssigned({ topic, partition })
    }))
    if (state.kind !== 'MEMBER' || held.length === 0) return refused
    const { generation, memberId } = state.round
    const { groupInstanceId } = settings
    const outcome = await offsets.commit(
      { generation, memberId, groupInstanceId },
      held,
      timeoutMs,
      {
        isCurrent: () => this.#state === state,
        onOut: () => {
          if (this.#state === state) this.#lose('lost')
        }
      }
    )
    for (const [index, { error }] of outcome.entries()) {
      const position = held[index]
      const partition = position === undefined ? null : fetcher.find(position)
      if (error !== null || position === undefined || partition === null) continue
      this.#committed.set(partition.key, position.offset)
    }
    return [...outcome, ...refused]
  }

  async close(reason: string, timeoutMs: number): Promise<void> {
    if (this.#state.kind === 'CLOSED') return
    const deadline = this.#clock.monotonicMs() + timeoutMs
    this.#cancelOverdue()
    try {
      if (this.#state.kind === 'JOINING') this.#lose('lost', false)
      await this.#tellLost()
      await this.#revoke(this.assignment)
    } finally {
      this.#state = { kind: 'CLOSED' }
      this.#cancelOverdue()
      const leftMs = Math.max(1, deadline - this.#clock.monotonicMs())
      await settledWithin(this.#clock, this.#leaving, leftMs)
      await this.#parts.membership.leave(reason, leftMs)
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
      if (await this.#settleMembership()) return []
      if (this.#state.kind === 'MEMBER') {
        const losses = this.#losses
        const records = await handOut(this.#clock, fetcher, limits)
        // I11: what was lost meanwhile is not handed out.
        const kept =
          losses === this.#losses ? records : records.filter((each) => fetcher.find(each))
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

  /** Whether the assignment has changed. */
  async #settleMembership(): Promise<boolean> {
    if (await this.#tellLost()) return true
    const state = this.#state
    if (state.kind === 'OUTSIDE') {
      this.#join(null)
    } else if (state.kind === 'MEMBER' && state.rejoin !== null) {
      return this.#rejoin(state.round)
    } else if (state.kind === 'JOINING' && state.outcome !== null) {
      return this.#settle(state, state.outcome)
    }
    return false
  }

  async #rejoin(round: GroupRound): Promise<boolean> {
    const held = this.assignment
    if (!this.#isIncremental) await this.#revoke(held)
    // Lost while its user was busy with that: the next turn tells, and joins as a new member.
    if (this.#state.kind === 'MEMBER') {
      this.#join(this.#isIncremental ? { round, partitions: held } : null)
    }
    return !this.#isIncremental && held.length > 0
  }

  async #settle(joining: Joining, outcome: NonNullable<Joining['outcome']>): Promise<boolean> {
    if ('error' in outcome) {
      this.#state = { kind: 'OUTSIDE' }
      if (joining.held !== null) this.#lose('lost')
      throw outcome.error
    }
    const { round, partitions, committed } = outcome.completed
    const { fetcher, watch, subscription } = this.#parts
    // As a new member it holds nothing of what the former one held.
    if (joining.held !== null && joining.held.round.memberId !== round.memberId) {
      this.#drop(joining.held.partitions)
      await this.#options.onLost(joining.held.partitions)
    }
    const member: State = { kind: 'MEMBER', round, rejoin: joining.rejoin }
    this.#state = member
    this.#memberSinceMs = this.#clock.monotonicMs()
    const isGiven = new Set(partitions.map(keyOf))
    const revoked = this.assignment.filter((each) => !isGiven.has(keyOf(each)))
    if (revoked.length > 0) {
      // Others are waiting for these: they are given out in a round after this one.
      member.rejoin ??= 'partitions were revoked'
      await this.#revoke(revoked)
    }
    const added = partitions.filter((each) => fetcher.find(each) === null)
    if (this.#state === member) await this.#begin(added, committed)
    watch.watch(subscription.watched(partitions.map(({ topic }) => topic)))
    watch.expire()
    return revoked.length + added.length > 0
  }

  /** Reads new partitions from where they were sought, or else from where the group got to. */
  async #begin(
    added: readonly TopicPartition[],
    committed: ReadonlyMap<string, ConsumerPosition>
  ): Promise<void> {
    if (added.length === 0) return
    const { fetcher } = this.#parts
    fetcher.add(added)
    for (const [key, { offset }] of committed) this.#committed.set(key, offset)
    await this.#options.onAssigned(added)
    for (const each of added) {
      const partition = fetcher.find(each)
      if (partition === null || partition.next !== null || partition.needsReset) continue
      const position = committed.get(partition.key)
      fetcher.seek(partition, position?.offset ?? null, position?.leaderEpoch ?? -1)
    }
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    const losses = this.#losses
    try {
      await this.#options.onRevoked(partitions)
    } finally {
      // They are told already: that they were lost meanwhile changes nothing any more.
      if (losses !== this.#losses) this.#lost = []
      this.#drop(partitions)
    }
  }

  #drop(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#committed.delete(keyOf(each))
    this.#parts.fetcher.remove(partitions)
  }

  async #tellLost(): Promise<boolean> {
    const lost = this.#lost
    this.#lost = []
    if (lost.length > 0) await this.#options.onLost(lost)
    return lost.length > 0
  }

  #join(held: Held | null): void {
    const { troubles, fetcher, settings } = this.#parts
    const gaveUp = new AbortController()
    const joining: Joining = { kind: 'JOINING', held, gaveUp, rejoin: null, outcome: null }
    this.#state = joining
    troubles.note(
      JOINING,
      `${this.#name} waits for group ${settings.groupId} to share out its partitions`
    )
    const done = async (): Promise<CompletedRound> => {
      await this.#leaving
      return joinRound(this.#parts, held, gaveUp.signal)
    }
    void done()
      .then(
        (completed) => {
          joining.outcome = { completed }
        },
        (error: unknown) => {
          joining.outcome = { error }
        }
      )
      .finally(() => {
        if (this.#state !== joining) return
        troubles.clear(JOINING)
        fetcher.arrived.ring()
      })
  }

  #onRebalance(reason: RebalanceReason): void {
    const state = this.#state
    if (reason !== 'rebalance-in-progress') this.#lose('lost')
    else if (state.kind === 'JOINING') state.rejoin = reason
    else this.#requestRejoin(reason)
  }

  #onMetadata(askedAtMs: number): void {
    const { subscription, watch, fetcher } = this.#parts
    fetcher.changed()
    const problem = subscription.problemIn(watch.topics)
    if (problem !== null) this.#fail(problem)
    if (this.#state.kind !== 'MEMBER' || askedAtMs < this.#memberSinceMs) return
    const change = subscription.changeIn(watch.topics)
    if (change !== null) this.#requestRejoin(change)
  }

  #fail(problem: ConnectError): void {
    this.#failure = problem
    this.#parts.fetcher.arrived.ring()
  }

  #requestRejoin(reason: string): void {
    const state = this.#state
    if (state.kind !== 'MEMBER' || state.rejoin !== null) return
    state.rejoin = reason
    this.#parts.log.info(`${this.#name} joins again: ${reason}`)
    const partitions = this.#isIncremental ? [] : this.assignment
    this.#options.onRevoking('rebalance', partitions, this.#withinMs())
    this.#parts.fetcher.arrived.ring()
  }

  /** The others wait for so long, and a heartbeat may have passed since they began to. */
  #withinMs(): number {
    const { maxPollIntervalMs, heartbeatIntervalMs } = this.#parts.settings
    const margin = Math.min(MARGIN_MS, MARGIN_SHARE * maxPollIntervalMs)
    const leftMs = this.#isPolling ? maxPollIntervalMs : this.#pollDueMs - this.#clock.monotonicMs()
    return Math.max(0, Math.min(leftMs, maxPollIntervalMs - heartbeatIntervalMs) - margin)
  }

  /** What was held is somebody else's, or about to be. */
  #lose(reason: 'lost' | 'overdue', tell = true): void {
    const state = this.#state
    if (state.kind === 'CLOSED') return
    if (state.kind === 'JOINING') state.gaveUp.abort()
    this.#state = { kind: 'OUTSIDE' }
    this.#parts.troubles.clear(JOINING)
    const partitions = this.assignment
    if (partitions.length > 0) {
      this.#losses++
      this.#lost = partitions
      this.#drop(partitions)
      if (tell) this.#options.onRevoking(reason, partitions, 0)
    }
    this.#parts.fetcher.arrived.ring()
  }

  #awaitPoll(): void {
    if (this.#state.kind === 'CLOSED') return
    const { maxPollIntervalMs } = this.#parts.settings
    this.#pollDueMs = this.#clock.monotonicMs() + maxPollIntervalMs
    this.#cancelOverdue = after(this.#clock, maxPollIntervalMs, () => this.#overdue())
  }

  #overdue(): void {
    if (this.#state.kind === 'OUTSIDE' || this.#state.kind === 'CLOSED') return
    const { maxPollIntervalMs } = this.#parts.settings
    const reason = `no poll came within ${maxPollIntervalMs} ms (max.poll.interval.ms)`
    this.#parts.log.warn(`${this.#name} leaves its group: ${reason}`)
    this.#lose('overdue')
    this.#leaving = this.#parts.membership.leave(reason, LEAVE_TIMEOUT_MS)
  }

  #assigned(partitions: readonly TopicPartition[]): readonly AssignedPartition[] {
    return partitions.map((each) => {
      const assigned = this.#parts.fetcher.find(each)
      if (assigned === null) throw this.#notAssigned(each)
      return assigned
    })
  }

  #notAssigned({ topic, partition }: TopicPartition): ConnectError {
    return new ConnectError(
      'KAFKA_ERROR',
      `Partition ${topic}-${partition} is not assigned to ${this.#name}`,
      { topic, partition }
    )
  }

  get #name(): string {
    return `Consumer ${this.#clientId} of group ${this.#parts.settings.groupId}`
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition)
}
