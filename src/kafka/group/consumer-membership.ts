import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { AssignorName } from '../../settings/clients/consumer-settings.ts'
import { settledWithin } from '../../wait.ts'
import { partitionKey } from '../client/partition-key.ts'
import type {
  ConsumerPosition,
  GroupConsumerOptions,
  GroupRound,
  RebalanceReason,
  TopicPartition
} from '../contracts.ts'
import type { HeldAssignment } from './assignors/assignor.ts'
import { assignors } from './assignors/assignors.ts'
import type { ConsumerParts } from './consumer-parts.ts'
import { type CompletedRound, type Held, joinRound } from './consumer-round.ts'

/** How long the group is told that the member leaves while nobody waits for that. */
const LEAVE_TIMEOUT_MS = 5000
const JOINING = 'join'
const STRATEGY = 'partition.assignment.strategy'
const SPREADING: readonly AssignorName[] = ['cooperative-sticky']
/** Every member knows it. */
const OLDEST: readonly AssignorName[] = ['range']

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
 * What a consumer holds as a member of its group, and how that changes. Told to its user within `settle`
 * and `end`, but for `onRevoking`, which is told at once.
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
export class ConsumerMembership {
  readonly #clock: Clock
  readonly #options: GroupConsumerOptions
  readonly #parts: ConsumerParts
  readonly #name: string
  #assignors: readonly AssignorName[]
  readonly #withinMs: () => number
  #state: State = { kind: 'OUTSIDE' }
  /** Offsets by `partitionKey`. */
  readonly committed = new Map<string, number>()
  /** What the last round gave, held or not any more. */
  #last: HeldAssignment | null = null
  /** Gone without the caller's doing, and not told yet. */
  #lost: readonly TopicPartition[] = []
  /** Grows when partitions are lost, so that a poll under way sees it. */
  losses = 0
  /** Of the last round's end: older news of the cluster are no reason for another. */
  #memberSinceMs = 0
  #leaving: Promise<void> = Promise.resolve()

  /** `withinMs`: how soon the user must come to `poll` when the group shares out anew. */
  constructor(
    clock: Clock,
    options: GroupConsumerOptions,
    parts: ConsumerParts,
    name: string,
    withinMs: () => number
  ) {
    this.#clock = clock
    this.#options = options
    this.#parts = parts
    this.#name = name
    this.#withinMs = withinMs
    const spreads = options.spreads === true && !options.client.has(STRATEGY)
    this.#assignors = spreads ? SPREADING : parts.settings.assignors
  }

  get #isIncremental(): boolean {
    return this.#assignors.every((each) => assignors[each].isCooperative)
  }

  /** The round under which what is assigned is held; null: nothing may be handed out or committed. */
  get round(): GroupRound | null {
    return this.#state.kind === 'MEMBER' ? this.#state.round : null
  }

  get isOutside(): boolean {
    return this.#state.kind === 'OUTSIDE' || this.#state.kind === 'CLOSED'
  }

  get assignment(): readonly TopicPartition[] {
    return [...this.#parts.fetcher.partitions].map(({ topic, partition }) => ({ topic, partition }))
  }

  /** Does what is due; answers whether the assignment has changed. */
  async settle(): Promise<boolean> {
    if (await this.#tellLost()) return true
    const state = this.#state
    if (state.kind === 'OUTSIDE') {
      this.#join(null)
    } else if (state.kind === 'MEMBER' && state.rejoin !== null) {
      return this.#rejoin(state.round)
    } else if (state.kind === 'JOINING' && state.outcome !== null) {
      return this.#complete(state, state.outcome)
    }
    return false
  }

  /** No `poll` came in time: the group is to know that this member holds nothing any more. */
  abandon(reason: string): void {
    this.lose('overdue')
    this.#leaving = this.#parts.membership.leave(reason, LEAVE_TIMEOUT_MS)
  }

  /** For good: revokes what is held. Rejects with what its user throws. */
  async end(reason: string, timeoutMs: number): Promise<void> {
    const deadline = this.#clock.monotonicMs() + timeoutMs
    try {
      if (this.#state.kind === 'JOINING') this.lose('lost', false)
      await this.#tellLost()
      await this.#revoke(this.assignment, deadline - this.#clock.monotonicMs())
    } finally {
      this.#state = { kind: 'CLOSED' }
      // Also where nobody waits for this: the group would have a member for as long as a session lasts.
      const leftMs = Math.max(LEAVE_TIMEOUT_MS, deadline - this.#clock.monotonicMs())
      await settledWithin(this.#clock, this.#leaving, leftMs)
      await this.#parts.membership.leave(reason, leftMs)
    }
  }

  onRebalance(reason: RebalanceReason): void {
    const state = this.#state
    if (reason !== 'rebalance-in-progress') this.lose('lost')
    else if (state.kind === 'JOINING') state.rejoin = reason
    else this.#requestRejoin(reason)
  }

  onMetadata(askedAtMs: number): void {
    const { subscription, watch } = this.#parts
    if (this.#state.kind !== 'MEMBER' || askedAtMs < this.#memberSinceMs) return
    const change = subscription.changeIn(watch.topics)
    if (change !== null) this.#requestRejoin(change)
  }

  /** I11: nobody may have noticed yet that this member is in the group no more. */
  check(): void {
    if (this.assignment.length > 0 && this.#parts.membership.isOverdue) this.lose('lost')
  }

  /** What was held is somebody else's, or about to be. */
  lose(reason: 'lost' | 'overdue', tell = true): void {
    const state = this.#state
    if (state.kind === 'CLOSED') return
    if (state.kind === 'JOINING') state.gaveUp.abort()
    this.#state = { kind: 'OUTSIDE' }
    this.#parts.troubles.clear(JOINING)
    const partitions = this.assignment
    if (partitions.length > 0) {
      this.losses++
      this.#lost = partitions
      this.#drop(partitions)
      if (tell) this.#options.onRevoking(reason, partitions, 0)
    }
    this.#parts.fetcher.arrived.ring()
  }

  async #rejoin(round: GroupRound): Promise<boolean> {
    const held = this.assignment
    if (!this.#isIncremental) await this.#revoke(held)
    // Lost while its user was busy with that: the next turn tells, and joins as a new member.
    // Members that gave all back say since when they held it, as Java's do.
    if (this.#state.kind === 'MEMBER') {
      this.#join({ round, partitions: this.#isIncremental ? held : [] })
    }
    return !this.#isIncremental && held.length > 0
  }

  async #complete(joining: Joining, outcome: NonNullable<Joining['outcome']>): Promise<boolean> {
    if ('error' in outcome) {
      this.#state = { kind: 'OUTSIDE' }
      if (joining.held !== null) this.lose('lost')
      if (this.#assignors !== SPREADING || !isForeignTo(outcome.error)) throw outcome.error
      this.#assignors = OLDEST
      this.#parts.log.warn(
        `${this.#name}: a member of the group does not know cooperative-sticky; partitions are shared out by range`
      )
      return false
    }
    const { round, partitions, committed } = outcome.completed
    const { fetcher, watch, subscription } = this.#parts
    // As a new member it holds nothing of what the former one held.
    const { held } = joining
    if (held !== null && held.partitions.length > 0 && held.round.memberId !== round.memberId) {
      this.#drop(held.partitions)
      await this.#options.onLost(held.partitions)
    }
    const member: State = { kind: 'MEMBER', round, rejoin: joining.rejoin }
    this.#state = member
    this.#last = { partitions, generation: round.generation }
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
    // The others may be waiting for this member already.
    if (this.#state === member && member.rejoin !== null) this.#tellRevoking()
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
    for (const [key, { offset }] of committed) this.committed.set(key, offset)
    await this.#options.onAssigned(added)
    for (const each of added) {
      const partition = fetcher.find(each)
      if (partition === null || partition.next !== null || partition.needsReset) continue
      const position = committed.get(partition.key)
      fetcher.seek(partition, position?.offset ?? null, position?.leaderEpoch ?? -1)
    }
  }

  async #revoke(
    partitions: readonly TopicPartition[],
    withinMs: number = this.#withinMs()
  ): Promise<void> {
    if (partitions.length === 0) return
    try {
      await this.#options.onRevoked(partitions, withinMs)
    } finally {
      // They are told already: that they were lost meanwhile changes nothing any more. Others are to be told.
      const told = new Set(partitions.map(keyOf))
      this.#lost = this.#lost.filter((each) => !told.has(keyOf(each)))
      this.#drop(partitions)
    }
  }

  #drop(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.committed.delete(keyOf(each))
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
      const names = this.#assignors
      return joinRound(this.#parts, { names, held, last: this.#last }, gaveUp.signal)
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

  #requestRejoin(reason: string): void {
    const state = this.#state
    if (state.kind !== 'MEMBER' || state.rejoin !== null) return
    state.rejoin = reason
    this.#parts.log.info(`${this.#name} joins again: ${reason}`)
    this.#tellRevoking()
    this.#parts.fetcher.arrived.ring()
  }

  #tellRevoking(): void {
    const partitions = this.#isIncremental ? [] : this.assignment
    this.#options.onRevoking('rebalance', partitions, this.#withinMs())
  }
}

/** Whether the members of the group know nothing by which this one could share out with them. */
function isForeignTo(error: unknown): boolean {
  return (
    error instanceof ConnectError && error.facts['kafkaError'] === 'INCONSISTENT_GROUP_PROTOCOL'
  )
}

function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition)
}
