import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import { within } from '../../wait.ts'
import { errorName } from '../client/broker-errors.ts'
import type { RebalanceReason } from '../contracts.ts'
import { heartbeatApi } from './group-requests.ts'
import type { BrokerNode, NetworkClient } from '../client/network-client.ts'

export interface HeartbeatOptions {
  readonly groupId: string
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generation: number
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly retryBackoffMs: number
  readonly coordinator: BrokerNode | null
  /** Kept up to date by the thread that sends them. */
  readonly lastAnswer: SharedInstant
}

/** Monotonic like the clock's, and the same in every thread. */
export const sharedTimeMs = (): number => performance.timeOrigin + performance.now()

/**
 * When the question was sent, in the time that threads share, which the coordinator answered last: read by
 * one thread and set by another. The session lasts from then on, for the answer may have been waiting for a
 * process that stood still.
 */
export class SharedInstant {
  readonly #ms: BigInt64Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.#ms = new BigInt64Array(memory)
  }

  /** What another thread makes one of that is the same. */
  get memory(): SharedArrayBuffer {
    return this.#ms.buffer as SharedArrayBuffer
  }

  set(ms: number): this {
    Atomics.store(this.#ms, 0, BigInt(Math.floor(ms)))
    return this
  }

  agoMs(): number {
    return sharedTimeMs() - Number(Atomics.load(this.#ms, 0))
  }
}

const memberIsOut: ReadonlySet<string> = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
  'INVALID_GROUP_ID',
  'GROUP_AUTHORIZATION_FAILED'
])

interface HeartbeatEvents {
  onReason(reason: RebalanceReason, coordinator: BrokerNode | null): void
  /** Whether the member still does something: one that does not must lose its place. */
  isAlive(): boolean
}

type State =
  | { readonly kind: 'QUIET'; keptBack: RebalanceReason | null }
  | { readonly kind: 'TELLING' | 'REBALANCING' | 'STOPPED' }

/**
 * Keeps one generation of a member alive from its creation to `stop`. A coordinator that moved is looked up
 * again.
 *
 * QUIET: reasons to join again are kept back, because between join and sync the answer of the sync tells
 *   them. `announce` → TELLING.
 * TELLING: each reason is told. Once the group is to be joined again → REBALANCING.
 * REBALANCING: only what is worse is told.
 * STOPPED: nothing is sent or told any more.
 */
export class Heartbeat {
  readonly #clock: Clock
  readonly #network: NetworkClient
  readonly #options: HeartbeatOptions
  readonly #events: HeartbeatEvents
  readonly #stopped = new AbortController()
  #coordinator: BrokerNode | null
  #state: State = { kind: 'QUIET', keptBack: null }

  constructor(
    clock: Clock,
    network: NetworkClient,
    options: HeartbeatOptions,
    events: HeartbeatEvents
  ) {
    this.#clock = clock
    this.#network = network
    this.#options = options
    this.#events = events
    this.#coordinator = options.coordinator
    void this.#run()
  }

  announce(): void {
    if (this.#state.kind !== 'QUIET') return
    const reason = this.#state.keptBack
    this.#state = { kind: 'TELLING' }
    // Not from inside the join that is about to resolve: its caller must have the round first.
    if (reason !== null) setImmediate(() => this.#report(reason))
  }

  stop(): void {
    this.#state = { kind: 'STOPPED' }
    this.#stopped.abort()
  }

  /** Never rejects: whatever goes wrong becomes a reason. */
  async #run(): Promise<void> {
    const { sessionTimeoutMs, heartbeatIntervalMs, retryBackoffMs, lastAnswer } = this.#options
    const { signal } = this.#stopped
    // The session began with the join, however long it took until heartbeats could.
    let lastAnswerMs = this.#clock.monotonicMs() - lastAnswer.agoMs()
    let pauseMs = heartbeatIntervalMs
    for (;;) {
      await this.#clock.sleep(pauseMs, signal)
      if (signal.aborted) return
      if (!this.#events.isAlive()) {
        this.#report('member-unknown')
        return
      }
      const [sentMs, sentSharedMs] = [this.#clock.monotonicMs(), sharedTimeMs()]
      const leftMs = lastAnswerMs + sessionTimeoutMs - sentMs
      const answer = leftMs <= 0 ? null : await this.#beat(leftMs)
      if (signal.aborted) return
      if (answer === null || (answer !== 'NONE' && this.#isElsewhere(answer))) {
        this.#coordinator = null
        pauseMs = Math.min(heartbeatIntervalMs, retryBackoffMs)
        if (this.#clock.monotonicMs() - lastAnswerMs < sessionTimeoutMs) continue
        this.#report('coordinator-lost')
        return
      }
      lastAnswerMs = sentMs
      lastAnswer.set(sentSharedMs)
      pauseMs = heartbeatIntervalMs
      if (memberIsOut.has(answer)) {
        this.#report('member-unknown')
        return
      }
      if (answer === 'REBALANCE_IN_PROGRESS') this.#report('rebalance-in-progress')
    }
  }

  /** One heartbeat: the name of its outcome, or null without an answer. */
  async #beat(leftMs: number): Promise<string | null> {
    try {
      const { errorCode } = await within(
        this.#clock,
        this.#send(),
        leftMs,
        () => new ConnectError('KAFKA_UNAVAILABLE', 'No answer to a heartbeat')
      )
      return errorName(errorCode)
    } catch {
      // No answer is an outcome here; `coordinator-lost` tells it when it lasts.
      if (this.#coordinator !== null) this.#network.disconnect(this.#coordinator)
      return null
    }
  }

  async #send() {
    const { groupId, generation, memberId, groupInstanceId } = this.#options
    this.#coordinator ??= await this.#network.coordinator('group', groupId)
    return this.#network.callForResponse(
      this.#coordinator,
      heartbeatApi,
      groupId,
      generation,
      memberId,
      groupInstanceId
    )
  }

  /** Neither accepted nor a verdict about the member: the coordinator moved or is not ready. */
  #isElsewhere(answer: string): boolean {
    return answer !== 'REBALANCE_IN_PROGRESS' && !memberIsOut.has(answer)
  }

  #report(reason: RebalanceReason): void {
    const state = this.#state
    if (state.kind === 'STOPPED') return
    if (state.kind === 'QUIET') {
      state.keptBack = reason
      return
    }
    if (reason === 'rebalance-in-progress') {
      if (state.kind === 'REBALANCING') return
      this.#state = { kind: 'REBALANCING' }
    }
    this.#events.onReason(reason, this.#coordinator)
  }
}
