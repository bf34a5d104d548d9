import { ConnectError } from '../../../src/errors.ts'
import type {
  CommitOutcome,
  ConsumedRecord,
  ConsumerPosition,
  GroupConsumer,
  GroupConsumerOptions,
  PartitionProgress,
  TopicPartition
} from '../../../src/kafka/contracts.ts'
import { after, settledWithin } from '../../../src/wait.ts'
import type { Random } from '../../support/random.ts'
import { HEARTBEAT_MS, MAX_POLL_MS, type Round, SESSION_MS, TOPIC } from './broker.ts'
import type { BrokerLink } from './links.ts'
import { ReadAhead } from './read-ahead.ts'
import type { Process } from './timeline.ts'

/** How long a user may take beyond a rebalance that has begun, of what the group waits for. */
const WITHIN_MS = 0.8 * MAX_POLL_MS - HEARTBEAT_MS
const COMMIT_PAUSE_MS = 60
const LEAVE_LIMIT_MS = 300
/** So many polls in a row may wait for nothing and bring nothing: more keep a real event loop busy. */
const MOST_HURRIES = 20

type State =
  | { readonly kind: 'OUTSIDE' | 'CLOSED' }
  | {
      readonly kind: 'JOINING'
      readonly held: Round | null
      rejoins: boolean
      completed: { readonly round: Round; readonly committed: ReadonlyMap<number, number> } | null
    }
  | { readonly kind: 'MEMBER'; readonly round: Round; rejoins: boolean }

/**
 * A consumer as the contract describes it: told late, at the worst moment that the contract allows, and
 * never what it does not promise. What is between it and the broker takes time and may be lost.
 */
export class ModelConsumer implements GroupConsumer {
  readonly standstill = null
  readonly #process: Process
  readonly #random: Random
  readonly #link: BrokerLink
  readonly #options: GroupConsumerOptions
  readonly #isIncremental: boolean
  #state: State = { kind: 'OUTSIDE' }
  #memberId: string | null = null
  readonly #held: ReadAhead
  readonly #committed = new Map<number, number>()
  #lost: readonly TopicPartition[] = []
  #bell = Promise.withResolvers<void>()
  #wasWoken = false
  #isPolling = false
  #hurries = 0
  #pollDueMs: number
  #cancelOverdue = (): void => {}
  /** When the coordinator was asked last that answered since. */
  #heardAtMs = 0

  constructor(
    process: Process,
    random: Random,
    link: BrokerLink,
    options: GroupConsumerOptions,
    isIncremental: boolean
  ) {
    this.#process = process
    this.#random = random
    this.#link = link
    this.#options = options
    this.#isIncremental = isIncremental
    this.#held = new ReadAhead(random, link, () => this.#ring())
    this.#pollDueMs = process.monotonicMs() + MAX_POLL_MS
  }

  get assignment(): readonly TopicPartition[] {
    return this.#held.partitions.map(named)
  }

  get memberId(): string | null {
    return this.#memberId
  }

  get progress(): readonly PartitionProgress[] {
    return this.#held.partitions.map((partition) => ({
      ...named(partition),
      position: this.#held.position(partition),
      committed: this.#committed.get(partition) ?? null,
      end: null
    }))
  }

  async poll(
    { records }: { readonly records: number; readonly bytes: number },
    timeoutMs: number
  ): Promise<readonly ConsumedRecord[]> {
    if (this.#state.kind === 'CLOSED' || this.#isPolling) throw new Error('not to be polled now')
    this.#cancelOverdue()
    this.#isPolling = true
    const deadline = this.#process.monotonicMs() + timeoutMs
    try {
      // Nothing comes at once in a world with others.
      await this.#process.sleep(this.#random.pick([0, 0, 0.2, 1]) ?? 0)
      for (;;) {
        const { promise } = this.#bell
        if (await this.#settle()) return []
        const found = this.#state.kind === 'MEMBER' ? this.#held.handOut(records) : []
        this.#hurries = found.length > 0 || timeoutMs > 0 ? 0 : this.#hurries + 1
        if (this.#hurries > MOST_HURRIES) throw new Error('I9: it polls without ever waiting')
        if (found.length > 0) return found
        const leftMs = deadline - this.#process.monotonicMs()
        if (this.#wasWoken || leftMs <= 0) return []
        await settledWithin(this.#process, promise, leftMs)
      }
    } finally {
      this.#isPolling = false
      this.#wasWoken = false
      this.#awaitPoll()
    }
  }

  wakeup(): void {
    this.#wasWoken = true
    this.#ring()
  }

  /** Whether the broker must have given it up, as far as it can tell. */
  get isOverdue(): boolean {
    return this.#process.monotonicMs() >= this.#heardAtMs + SESSION_MS
  }

  checkMembership(): void {
    if (this.assignment.length > 0 && this.isOverdue) this.#lose('lost')
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#held.pause(each.partition, true)
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#held.pause(each.partition, false)
    this.#ring()
  }

  seek(positions: readonly ConsumerPosition[]): void {
    for (const { partition, offset } of positions) this.#held.seek(partition, offset)
  }

  /** I17: as the member that holds the partitions, and never as another one. */
  async commit(positions: readonly ConsumerPosition[], timeoutMs: number): Promise<CommitOutcome> {
    const state = this.#state
    const deadline = this.#process.monotonicMs() + timeoutMs
    const held = positions.filter(({ partition }) => this.#held.has(partition))
    let failure: string | null = state.kind === 'MEMBER' ? null : 'REBALANCE_IN_PROGRESS'
    while (state.kind === 'MEMBER' && held.length > 0) {
      if (this.#state !== state) failure = 'ILLEGAL_GENERATION'
      if (failure === 'ILLEGAL_GENERATION') break
      const { memberId, generation } = state.round
      const answer = await this.#link.commit(memberId, generation, held)
      if (answer === 'NONE') {
        failure = null
        if (this.#state === state) {
          for (const { partition, offset } of held) this.#committed.set(partition, offset)
        }
        break
      }
      failure = answer
      if (answer === 'ILLEGAL_GENERATION' || answer === 'UNKNOWN_MEMBER_ID') {
        if (this.#state === state) this.#lose('lost')
        break
      }
      if (this.#process.monotonicMs() + COMMIT_PAUSE_MS >= deadline) break
      await this.#process.sleep(COMMIT_PAUSE_MS)
    }
    return positions.map(({ topic, partition }) => {
      const why = held.some((each) => each.partition === partition) ? failure : 'not assigned'
      const error = why === null ? null : new ConnectError('KAFKA_UNAVAILABLE', why)
      return { topic, partition, error }
    })
  }

  async close(_reason: string, timeoutMs: number): Promise<void> {
    if (this.#state.kind === 'CLOSED') return
    this.#cancelOverdue()
    try {
      if (this.#state.kind === 'JOINING') this.#lose('lost', false)
      await this.#tellLost()
      await this.#revoke([...this.#held.partitions], timeoutMs)
    } finally {
      this.#state = { kind: 'CLOSED' }
      this.#held.close()
      const left = this.#leave()
      await settledWithin(this.#process, left, Math.max(1, Math.min(timeoutMs, LEAVE_LIMIT_MS)))
    }
  }

  /** Does what is due; whether the assignment has changed. */
  async #settle(): Promise<boolean> {
    if (await this.#tellLost()) return true
    const state = this.#state
    if (state.kind === 'OUTSIDE') this.#join(null)
    else if (state.kind === 'MEMBER' && state.rejoins) return this.#rejoin(state.round)
    else if (state.kind === 'JOINING' && state.completed !== null) {
      return this.#complete(state, state.completed)
    }
    return false
  }

  async #rejoin(round: Round): Promise<boolean> {
    const held = [...this.#held.partitions]
    if (!this.#isIncremental) await this.#revoke(held)
    if (this.#state.kind === 'MEMBER') this.#join(this.#isIncremental ? round : null)
    return !this.#isIncremental && held.length > 0
  }

  #join(held: Round | null): void {
    const joining: State = { kind: 'JOINING', held, rejoins: false, completed: null }
    this.#state = joining
    const partitions = held === null ? [] : [...this.#held.partitions]
    const isOver = (): boolean => this.#state !== joining
    void this.#link
      .join(this.#memberId, this.#isIncremental, partitions, isOver)
      .then(async (round) => {
        if (round === null) return
        this.#memberId = round.memberId
        this.#heardAtMs = this.#process.monotonicMs()
        this.#heartbeat(round, joining)
        const committed = await this.#link.committed(round.partitions, isOver)
        if (committed === null || isOver()) return
        joining.completed = { round, committed }
        this.#ring()
      })
  }

  async #complete(
    joining: { readonly held: Round | null; readonly rejoins: boolean },
    { round, committed }: { round: Round; committed: ReadonlyMap<number, number> }
  ): Promise<boolean> {
    if (joining.held !== null && joining.held.memberId !== round.memberId) {
      const gone = [...this.#held.partitions]
      this.#drop(gone)
      await this.#options.onLost(gone.map(named))
    }
    const member: State = { kind: 'MEMBER', round, rejoins: joining.rejoins }
    this.#state = member
    const revoked = [...this.#held.partitions].filter((each) => !round.partitions.includes(each))
    if (revoked.length > 0) {
      member.rejoins = true
      await this.#revoke(revoked)
    }
    const added = round.partitions.filter((each) => !this.#held.has(each))
    // Lost while its user was busy.
    if (this.#state === member && added.length > 0) {
      for (const each of added) {
        this.#held.add(each, committed.get(each) ?? 0)
        const offset = committed.get(each)
        if (offset !== undefined) this.#committed.set(each, offset)
      }
      await this.#options.onAssigned(added.map(named))
      this.#held.fetch()
    }
    if (this.#state === member && member.rejoins) this.#tellRevoking()
    return revoked.length + added.length > 0
  }

  async #revoke(partitions: readonly number[], withinMs: number = this.#withinMs()): Promise<void> {
    if (partitions.length === 0) return
    try {
      await this.#options.onRevoked(partitions.map(named), withinMs)
    } finally {
      // Others that were lost meanwhile are still to be told.
      this.#lost = this.#lost.filter(({ partition }) => !partitions.includes(partition))
      this.#drop(partitions)
    }
  }

  #drop(partitions: readonly number[]): void {
    for (const each of partitions) {
      this.#held.delete(each)
      this.#committed.delete(each)
    }
  }

  async #tellLost(): Promise<boolean> {
    const lost = this.#lost
    this.#lost = []
    if (lost.length > 0) await this.#options.onLost(lost)
    return lost.length > 0
  }

  #lose(reason: 'lost' | 'overdue', tells = true): void {
    if (this.#state.kind === 'CLOSED') return
    this.#state = { kind: 'OUTSIDE' }
    const partitions = this.assignment
    if (partitions.length > 0) {
      this.#lost = partitions
      this.#drop(partitions.map(({ partition }) => partition))
      this.#process.timeline.tell(
        () => `${this.#options.clientId} has lost what it held: ${reason}`
      )
      if (tells) this.#options.onRevoking(reason, partitions, 0)
    }
    this.#ring()
  }

  /** For as long as the round, or the join that it came of, is the one there is. */
  #heartbeat(round: Round, joining: State): void {
    const isCurrent = (): boolean =>
      this.#state === joining || (this.#state.kind === 'MEMBER' && this.#state.round === round)
    let isDue = (): void => {}
    const expire = (): void => {
      if (!isCurrent()) return
      const leftMs = this.#heardAtMs + SESSION_MS - this.#process.monotonicMs()
      if (leftMs <= 0) return this.#lose('lost')
      isDue = after(this.#process, leftMs, expire)
    }
    const beat = async (): Promise<void> => {
      if (!isCurrent()) return isDue()
      const askedAtMs = this.#process.monotonicMs()
      const answer = await this.#link.heartbeat(round.memberId, round.generation)
      if (!isCurrent()) return isDue()
      if (answer === 'NONE' || answer === 'REBALANCE_IN_PROGRESS') this.#heardAtMs = askedAtMs
      if (answer === 'REBALANCE_IN_PROGRESS') this.#requestRejoin()
      if (answer === 'UNKNOWN_MEMBER_ID' || answer === 'ILLEGAL_GENERATION') {
        if (answer === 'UNKNOWN_MEMBER_ID') this.#memberId = null
        isDue()
        return this.#lose('lost')
      }
      after(this.#process, HEARTBEAT_MS, () => void beat())
    }
    isDue = after(this.#process, SESSION_MS, expire)
    after(this.#process, HEARTBEAT_MS, () => void beat())
  }

  #requestRejoin(): void {
    const state = this.#state
    if (state.kind === 'JOINING') state.rejoins = true
    if (state.kind !== 'MEMBER' || state.rejoins) return
    state.rejoins = true
    this.#tellRevoking()
    this.#ring()
  }

  #tellRevoking(): void {
    const partitions = this.#isIncremental ? [] : this.assignment
    this.#options.onRevoking('rebalance', partitions, this.#withinMs())
  }

  #withinMs(): number {
    const leftMs = this.#isPolling ? MAX_POLL_MS : this.#pollDueMs - this.#process.monotonicMs()
    return Math.max(0, Math.min(leftMs - 0.2 * MAX_POLL_MS, WITHIN_MS))
  }

  #awaitPoll(): void {
    if (this.#state.kind === 'CLOSED') return
    this.#pollDueMs = this.#process.monotonicMs() + MAX_POLL_MS
    this.#cancelOverdue = after(this.#process, MAX_POLL_MS, () => {
      if (this.#state.kind === 'OUTSIDE' || this.#state.kind === 'CLOSED') return
      this.#lose('overdue')
      void this.#leave()
    })
  }

  async #leave(): Promise<void> {
    const memberId = this.#memberId
    this.#memberId = null
    if (memberId !== null) await this.#link.leave(memberId)
  }

  #ring(): void {
    this.#bell.resolve()
    this.#bell = Promise.withResolvers()
  }
}

const named = (partition: number): TopicPartition => ({ topic: TOPIC, partition })
