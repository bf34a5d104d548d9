import type { Clock } from '../../clock.ts'
import type {
  ClientProperties,
  GroupMember,
  GroupMembership,
  GroupRound,
  KafkaClients,
  RebalanceReason
} from '../../kafka/contracts.ts'
import type { Logger } from '../../log.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import { abortable } from '../../wait.ts'
import { RequestTargetError } from '../herder.ts'
import {
  type Assignment,
  assignmentErrors,
  type ConnectProtocol,
  decodeAssignment,
  encodeMetadata,
  offeredProtocols,
  type ProtocolVersion,
  versionOf
} from './connect-protocol.ts'
import { Leadership } from './leadership.ts'
import { noWork, union, type WorkSet, without } from '../work/work-set.ts'

export interface GroupOptions {
  readonly groupId: string
  readonly clientId: string
  readonly client: ClientProperties
  /** Advertised URL of this worker's REST interface; ends with `/`. */
  readonly workerUrl: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly connectProtocol: ConnectProtocol
  readonly scheduledRebalanceMaxDelayMs: number
}

interface MembershipOptions extends GroupOptions {
  readonly clients: KafkaClients
  readonly configStore: ConfigStore
  readonly clock: Clock
  readonly log: Logger
  /** The group has to be joined again, or this member was thrown out. */
  onRebalance(): void
}

/** A finished round, before the member has acted on it. */
export interface JoinedRound {
  readonly generation: number
  readonly memberId: string
  readonly version: ProtocolVersion
  readonly received: Assignment
}

/**
 * This worker's place in the group.
 *
 * - outside: no assignment. `join` → member.
 * - member: `assignment` says what to run, `rejoinNeeded` that another round is due. A `join` in the
 *   cooperative protocols brings the assignment along and comes back with a difference; `accept` merges it
 *   once what was revoked has been stopped.
 * - thrown out (`lost`): the caller stops all work (I2), calls `forget` and joins as a newcomer.
 */
export class Membership {
  readonly #options: MembershipOptions
  readonly #group: GroupMembership
  readonly #leadership: Leadership
  #assignment: Assignment | null = null
  #version: ProtocolVersion
  #generation = -1
  #memberId = ''
  #rejoinNeeded = true
  #lost = false
  #joining: AbortController | null = null
  /** Resolves at the next change of who leads, or of what members have. */
  #changed = Promise.withResolvers<void>()

  constructor(options: MembershipOptions) {
    this.#options = options
    this.#version = versionOf(offeredProtocols[options.connectProtocol][0])
    this.#leadership = new Leadership(options)
    this.#group = options.clients.groupMembership({
      groupId: options.groupId,
      protocolType: 'connect',
      client: options.client,
      clientId: options.clientId,
      sessionTimeoutMs: options.sessionTimeoutMs,
      rebalanceTimeoutMs: options.rebalanceTimeoutMs,
      heartbeatIntervalMs: options.heartbeatIntervalMs,
      onRebalance: (reason) => this.#onRebalance(reason)
    })
  }

  /** Everything this worker should run; null outside the group. */
  get assignment(): Assignment | null {
    return this.#assignment
  }

  /** Of the last round; before the first, the version preferred. */
  get version(): ProtocolVersion {
    return this.#version
  }

  get generation(): number {
    return this.#generation
  }

  /** I3: one that was put out of the group leads no longer, whatever it was told before. */
  get isLeader(): boolean {
    return !this.#lost && this.#assignment?.leader === this.#memberId
  }

  /** null while no leader is known. */
  get leaderUrl(): string | null {
    const url = this.#lost ? '' : (this.#assignment?.leaderUrl ?? '')
    return url === '' ? null : url
  }

  /** On the leader: where a connector or task (`taskKey`) runs; null when not known. */
  ownerUrl(kind: keyof WorkSet, key: string): string | null {
    return this.#leadership.ownerUrl(kind, key)
  }

  /** I3: throws RequestTargetError, with the leader's address, on any other worker. */
  requireLeader(what: string): void {
    if (!this.isLeader) throw new RequestTargetError(what, this.leaderUrl)
  }

  /**
   * On the leader: resolves with true when no member has a task of the connector, in a round since the config
   * topic had got to `offset`; with false when this worker leads no longer. Rejects when `signal` aborts.
   */
  async whenNoTasksOf(connector: string, offset: bigint, signal: AbortSignal): Promise<boolean> {
    while (this.isLeader) {
      if (this.#leadership.hasNoTasksOf(connector, offset)) return true
      await abortable(this.#changed.promise, signal)
    }
    return false
  }

  /** Requests between workers are signed from version 2 on. */
  get signed(): boolean {
    return this.#version >= 2
  }

  get rejoinNeeded(): boolean {
    return this.#rejoinNeeded
  }

  get lost(): boolean {
    return this.#lost
  }

  requestRejoin(): void {
    this.#rejoinNeeded = true
  }

  /**
   * Joins and waits for the outcome; rejects when `signal` aborts, when this member is thrown out meanwhile,
   * or when the round takes longer than any rebalance may (then the group has gone on without us).
   */
  async join(signal: AbortSignal): Promise<JoinedRound> {
    const { connectProtocol, configStore, workerUrl } = this.#options
    const offset = configStore.snapshot().offset
    const protocols = offeredProtocols[connectProtocol].map((name) => ({
      name,
      metadata: encodeMetadata(versionOf(name), {
        url: workerUrl,
        offset,
        allocation: this.#assignment
      })
    }))
    const joining = new AbortController()
    this.#joining = joining
    this.#rejoinNeeded = false
    const limit = this.#loseAfter(joining.signal)
    try {
      const round = await this.#group.join(
        protocols,
        (members) => this.#assign(members),
        AbortSignal.any([signal, joining.signal])
      )
      return this.#outcome(round)
    } catch (error) {
      this.#rejoinNeeded = true
      throw error
    } finally {
      this.#joining = null
      joining.abort()
      await limit
    }
  }

  /** Takes over the outcome of a round. Version 0 replaces the assignment, the others change it. */
  accept(round: JoinedRound): Assignment {
    const { received, version } = round
    const kept =
      version === 0 ? noWork : without(this.#assignment?.assigned ?? noWork, received.revoked)
    this.#version = version
    this.#generation = round.generation
    this.#memberId = round.memberId
    this.#assignment = { ...received, assigned: union(kept, received.assigned) }
    this.#leadership.completed(round.generation)
    this.#tellChange()
    return this.#assignment
  }

  /** After the revocations of the assignment have been answered with another join, they are history. */
  clearRevocations(): void {
    if (this.#assignment !== null) this.#assignment = { ...this.#assignment, revoked: noWork }
  }

  /** Outside the group nothing is assigned. */
  forget(): void {
    this.#assignment = null
    this.#lost = false
    this.#rejoinNeeded = true
    this.#tellChange()
  }

  /** Leaves; the work goes on until the caller stops it. */
  async leave(reason: string): Promise<void> {
    this.#rejoinNeeded = true
    await this.#group.leave(reason, this.#options.sessionTimeoutMs)
  }

  async close(): Promise<void> {
    await this.#group.close()
  }

  #outcome(round: GroupRound): JoinedRound {
    const version = versionOf(round.protocol)
    // A leader that did not know of this member leaves it without bytes: as good as a failed assignment.
    const received: Assignment =
      round.assignment.length > 0
        ? decodeAssignment(round.assignment)
        : {
            version,
            error: assignmentErrors.configMismatch,
            leader: round.leaderId,
            leaderUrl: '',
            offset: -1n,
            assigned: noWork,
            revoked: noWork,
            delayMs: 0
          }
    return { generation: round.generation, memberId: round.memberId, version, received }
  }

  #assign(round: {
    protocol: string
    leaderId: string
    generation: number
    members: readonly GroupMember[]
  }): Promise<ReadonlyMap<string, Uint8Array>> {
    const assignments = this.#leadership.assign(round)
    this.#tellChange()
    return Promise.resolve(assignments)
  }

  #tellChange(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #onRebalance(reason: RebalanceReason): void {
    this.#options.log.info(`The group has to be joined again: ${reason}`)
    this.#rejoinNeeded = true
    if (reason !== 'rebalance-in-progress') {
      this.#lost = true
      this.#joining?.abort()
      this.#tellChange()
    }
    this.#options.onRebalance()
  }

  /**
   * I2, I8: a member that cannot finish a round in time has been given up by the group; its work belongs to
   * others.
   */
  async #loseAfter(signal: AbortSignal): Promise<void> {
    const { clock, rebalanceTimeoutMs, sessionTimeoutMs, log } = this.#options
    const limitMs = rebalanceTimeoutMs + sessionTimeoutMs
    await clock.sleep(limitMs, signal)
    if (signal.aborted) return
    log.warn(
      `Joining the group took longer than ${limitMs} ms; giving up all work until it succeeds`
    )
    this.#lost = true
    this.#joining?.abort()
    this.#tellChange()
  }
}

/** Whether a rejected `join` only means that it was cut short. */
export function joinWasCutShort(membership: Membership, signal: AbortSignal): boolean {
  return signal.aborted || membership.lost
}

export function failed(assignment: Assignment): boolean {
  return assignment.error !== assignmentErrors.none
}
