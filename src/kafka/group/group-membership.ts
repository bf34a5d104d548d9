import type { Clock } from '../../clock.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { abortable, retrying, within } from '../../wait.ts'
import {
  brokerError,
  errorName,
  isRetriableBrokerError,
  isRetriableName
} from '../client/broker-errors.ts'
import { type ClientSettings, addresses, clientSettings } from '../client/client-settings.ts'
import type {
  GroupMember,
  GroupMembership,
  GroupMembershipOptions,
  GroupProtocol,
  GroupRound,
  RebalanceReason
} from '../contracts.ts'
import { joinGroupApi, leaveGroupApi, syncGroupApi } from './group-requests.ts'
import { SharedInstant, sharedTimeMs } from './heartbeat.ts'
import type { HeartbeatLine, HeartbeatThread, RunningHeartbeat } from './heartbeat-thread.ts'
import { type BrokerNode, NetworkClient } from '../client/network-client.ts'

/** What a join may take beyond the rebalance timeout, as Java's clients allow. */
const JOIN_GRACE_MS = 5000
const REASON_LENGTH = 255

type Assign = Parameters<GroupMembership['join']>[1]

/** The generation a join produced, before its assignment is known. */
interface Joined {
  readonly coordinator: BrokerNode
  readonly generation: number
  readonly protocol: string
  readonly leaderId: string
  readonly members: readonly GroupMember[]
  readonly assignmentStands: boolean
}

type State =
  | { readonly kind: 'OUTSIDE' | 'CLOSED' }
  | Joining
  | { readonly kind: 'MEMBER'; readonly heartbeat: RunningHeartbeat }

interface Joining {
  readonly kind: 'JOINING'
  /** Of this join alone. */
  readonly connection: NetworkClient
  /** From the answer to the join on: the session has begun. */
  heartbeat: RunningHeartbeat | null
}

/**
 * A member of a group of workers or consumers.
 *
 * OUTSIDE: no heartbeats; the member id may still be known to the broker. `join` → JOINING.
 * JOINING: join and sync requests, repeated until they succeed (→ MEMBER), `signal` aborts or the broker
 *   refuses for good (→ OUTSIDE).
 * MEMBER: heartbeats run. `rebalance-in-progress` leaves them running until the next `join`; `member-unknown`
 *   and `coordinator-lost` end them (→ OUTSIDE). Each round tells `onRebalance` at most one reason of each
 *   kind.
 * CLOSED: for good, from any state.
 *
 * A member with `group.instance.id` is known to the group by it: it keeps its member id for as long as the
 * broker lets it, so that the broker can tell it from another one that uses the same name.
 *
 * A broker keeps a join waiting and answers one connection in order, so each join has a connection of its
 * own. Giving up closes it: nothing is sent after that.
 */
export class KafkaGroupMembership implements GroupMembership {
  readonly #clock: Clock
  readonly #options: GroupMembershipOptions
  readonly #log: Logger
  readonly #settings: ClientSettings
  readonly #network: NetworkClient
  #coordinator: BrokerNode | null = null
  #memberId = ''
  readonly #heartbeats: HeartbeatLine
  #state: State = { kind: 'OUTSIDE' }

  constructor(
    clock: Clock,
    options: GroupMembershipOptions,
    heartbeats: HeartbeatThread,
    log: Logger
  ) {
    this.#clock = clock
    this.#options = options
    this.#log = log
    this.#settings = clientSettings(options.client, clock)
    const { client, clientId, sessionTimeoutMs, rebalanceTimeoutMs, heartbeatIntervalMs } = options
    // A broker that hangs leaves time to ask another one within the session.
    const requestTimeoutMs = Math.min(
      this.#settings.requestTimeoutMs,
      Math.ceil(sessionTimeoutMs / 3)
    )
    this.#network = new NetworkClient({ ...this.#settings, requestTimeoutMs }, clientId)
    this.#heartbeats = heartbeats.line(
      { client, clientId, requestTimeoutMs, silenceLimitMs: rebalanceTimeoutMs },
      heartbeatIntervalMs
    )
  }

  async join(
    protocols: readonly GroupProtocol[],
    assign: Assign,
    signal: AbortSignal
  ): Promise<GroupRound> {
    const joining = this.#beginJoining()
    const abandon = (): void => void joining.connection.close()
    signal.addEventListener('abort', abandon, { once: true })
    try {
      return await this.#joinUntilDone(joining, protocols, assign, signal)
    } finally {
      signal.removeEventListener('abort', abandon)
      if (this.#state === joining) {
        this.#endHeartbeat()
        this.#state = { kind: 'OUTSIDE' }
      }
      await joining.connection.close()
    }
  }

  get isOverdue(): boolean {
    return 'heartbeat' in this.#state && this.#state.heartbeat?.isOverdue === true
  }

  async leave(reason: string, timeoutMs: number): Promise<void> {
    this.#endHeartbeat()
    const memberId = this.#memberId
    if (memberId === '' || this.#state.kind === 'CLOSED' || this.#instanceId !== null) return
    this.#memberId = ''
    try {
      await within(
        this.#clock,
        this.#sendLeave(memberId, reason),
        timeoutMs,
        () => new ConnectError('KAFKA_UNAVAILABLE', `No answer within ${timeoutMs} ms`)
      )
      this.#log.info(`${this.#name()} left: ${reason}`)
    } catch (error) {
      // Best effort: the coordinator drops the member when its session times out.
      this.#log.warn(`${this.#name()} could not say that it leaves: ${messageOf(error)}`)
    }
  }

  async close(): Promise<void> {
    this.#endHeartbeat()
    const before = this.#state
    this.#state = { kind: 'CLOSED' }
    this.#heartbeats.close()
    const connection = before.kind === 'JOINING' ? before.connection : null
    await Promise.all([connection?.close(), this.#network.close()])
  }

  #beginJoining(): Joining {
    if (this.#state.kind === 'JOINING') {
      throw new ConnectError('INTERNAL', `${this.#name()} is joining already`)
    }
    if (this.#state.kind === 'CLOSED') throw this.#givenUp()
    this.#endHeartbeat()
    this.#heartbeats.start()
    const { clientId, rebalanceTimeoutMs } = this.#options
    const requestTimeoutMs = Math.max(
      this.#settings.requestTimeoutMs,
      rebalanceTimeoutMs + JOIN_GRACE_MS
    )
    const connection = new NetworkClient({ ...this.#settings, requestTimeoutMs }, clientId)
    const joining: Joining = { kind: 'JOINING', connection, heartbeat: null }
    this.#state = joining
    return joining
  }

  async #joinUntilDone(
    joining: Joining,
    protocols: readonly GroupProtocol[],
    assign: Assign,
    signal: AbortSignal
  ): Promise<GroupRound> {
    const policy = {
      backoff: this.#settings.backoff,
      isPassing: isRetriableBrokerError,
      onRetry: (error: unknown, _: number, failures: number): void => {
        this.#coordinator = null
        if (failures > 1) return
        this.#log.warn(`${this.#name()} cannot join yet, trying again: ${messageOf(error)}`)
      }
    }
    try {
      return await retrying(
        this.#clock,
        policy,
        () => this.#joinAndSync(joining, protocols, assign, signal),
        signal
      )
    } catch (error) {
      this.#throwIfGivenUp(signal)
      throw brokerError(error, `${this.#name()} cannot join at ${addresses(this.#settings)}`)
    }
  }

  /** Join and sync, again at once for as long as the coordinator says what is to be done differently. */
  async #joinAndSync(
    joining: Joining,
    protocols: readonly GroupProtocol[],
    assign: Assign,
    signal: AbortSignal
  ): Promise<GroupRound> {
    // The wait ends with the signal even where the work cannot be stopped; how that ends is then of no
    // interest.
    const unlessGivenUp = <T>(work: Promise<T>): Promise<T> =>
      abortable(work, signal, () => this.#givenUp())
    for (;;) {
      this.#throwIfGivenUp(signal)
      const joined = await unlessGivenUp(this.#sendJoin(joining, protocols))
      const round =
        joined === null ? null : await unlessGivenUp(this.#sync(joining, joined, assign))
      if (round !== null) return round
    }
  }

  /** One join request; null when it must be sent again at once, with what was learned. */
  async #sendJoin(
    { connection }: Joining,
    protocols: readonly GroupProtocol[]
  ): Promise<Joined | null> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    this.#coordinator ??= await this.#network.coordinator('group', groupId)
    const coordinator = this.#coordinator
    const response = await connection.callForResponse(
      coordinator,
      joinGroupApi,
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      this.#memberId,
      this.#instanceId,
      this.#options.protocolType,
      protocols.map(({ name, metadata }) => ({ name, metadata: asBuffer(metadata) })),
      null
    )
    const error = errorName(response.errorCode)
    if (error === 'MEMBER_ID_REQUIRED') {
      this.#memberId = response.memberId
      return null
    }
    if (error === 'UNKNOWN_MEMBER_ID' || error === 'ILLEGAL_GENERATION') {
      this.#memberId = ''
      return null
    }
    if (error !== 'NONE') throw this.#refused(error)
    this.#memberId = response.memberId
    return {
      coordinator,
      generation: response.generationId,
      protocol: response.protocolName ?? '',
      leaderId: response.leader,
      members: response.members.map(({ memberId, groupInstanceId, metadata }) => ({
        memberId,
        groupInstanceId: groupInstanceId ?? null,
        metadata
      })),
      assignmentStands: response.skipAssignment === true
    }
  }

  /** Sends (as leader) or asks for the assignment; null when the group must be joined again. */
  async #sync(joining: Joining, joined: Joined, assign: Assign): Promise<GroupRound | null> {
    const { coordinator, ...round } = joined
    const { generation, protocol, leaderId } = round
    const memberId = this.#memberId
    const heartbeat = this.#beginHeartbeat(joining, generation)
    const assignments = leaderId === memberId ? await assign(round) : new Map<string, Uint8Array>()
    const response = await joining.connection.callForResponse(
      coordinator,
      syncGroupApi,
      this.#options.groupId,
      generation,
      memberId,
      this.#instanceId,
      this.#options.protocolType,
      protocol,
      (round.assignmentStands ? [] : [...assignments]).map(([id, assignment]) => ({
        memberId: id,
        assignment: asBuffer(assignment)
      }))
    )
    const error = errorName(response.errorCode)
    if (error === 'NONE' && this.#state === joining && joining.heartbeat === heartbeat) {
      this.#state = { kind: 'MEMBER', heartbeat }
      heartbeat.announce()
      return { generation, memberId, leaderId, protocol, assignment: response.assignment }
    }
    this.#endHeartbeat()
    if (error === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    const again = ['NONE', 'REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION']
    if (again.includes(error)) return null
    throw this.#refused(error)
  }

  #beginHeartbeat(joining: Joining, generation: number): RunningHeartbeat {
    if (this.#state !== joining) throw this.#givenUp()
    this.#endHeartbeat()
    const { groupId, sessionTimeoutMs, heartbeatIntervalMs } = this.#options
    const heartbeat = this.#heartbeats.begin(
      {
        groupId,
        memberId: this.#memberId,
        groupInstanceId: this.#instanceId,
        generation,
        sessionTimeoutMs,
        heartbeatIntervalMs,
        coordinator: this.#coordinator,
        lastAnswer: new SharedInstant().set(sharedTimeMs()),
        retryBackoffMs: this.#settings.backoff.firstMs
      },
      (reason) => this.#onRebalance(heartbeat, reason)
    )
    joining.heartbeat = heartbeat
    return heartbeat
  }

  #onRebalance(heartbeat: RunningHeartbeat, reason: RebalanceReason): void {
    if (!('heartbeat' in this.#state) || this.#state.heartbeat !== heartbeat) return
    this.#coordinator = heartbeat.coordinator
    if (reason !== 'rebalance-in-progress') this.#endHeartbeat()
    // The answer to the next join tells a static member whether its place has gone, or is another's.
    if (reason === 'member-unknown' && this.#instanceId === null) this.#memberId = ''
    this.#log.info(`${this.#name()} must join again: ${reason}`)
    this.#options.onRebalance(reason)
  }

  #endHeartbeat(): void {
    if (!('heartbeat' in this.#state)) return
    this.#state.heartbeat?.stop()
    if (this.#state.kind === 'JOINING') this.#state.heartbeat = null
    else this.#state = { kind: 'OUTSIDE' }
  }

  async #sendLeave(memberId: string, reason: string): Promise<void> {
    const { groupId } = this.#options
    const coordinator = this.#coordinator ?? (await this.#network.coordinator('group', groupId))
    const member = { memberId, groupInstanceId: null, reason: reason.slice(0, REASON_LENGTH) }
    await this.#network.call(coordinator, leaveGroupApi, groupId, [member])
  }

  #throwIfGivenUp(signal: AbortSignal): void {
    if (signal.aborted || this.#state.kind === 'CLOSED') throw this.#givenUp()
  }

  #givenUp(): ConnectError {
    return new ConnectError('WORKER_STOPPING', `${this.#name()} gave up joining`)
  }

  #refused(error: string): ConnectError {
    return new ConnectError(
      isRetriableName(error) || error === 'REBALANCE_IN_PROGRESS'
        ? 'KAFKA_UNAVAILABLE'
        : 'KAFKA_ERROR',
      `${this.#name()} was refused by the coordinator: ${error}`,
      { groupId: this.#options.groupId, kafkaError: error }
    )
  }

  get #instanceId(): string | null {
    return this.#options.groupInstanceId ?? null
  }

  #name(): string {
    const { clientId, groupId } = this.#options
    return `Member ${clientId} of group ${groupId}`
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
