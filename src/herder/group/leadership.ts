import type { Clock } from '../../clock.ts'
import type { GroupMember } from '../../kafka/contracts.ts'
import type { Logger } from '../../log.ts'
import type { ClusterConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import { taskIdOf, taskKey } from '../../storage/task-id.ts'
import { assignCooperatively, initialState, type MemberOutcome } from './assignor-cooperative.ts'
import { assignEagerly } from './assignor-eager.ts'
import {
  assignmentErrors,
  canBeAssigned,
  decodeMetadata,
  encodeAssignment,
  type ProtocolVersion,
  versionOf,
  type WorkerState
} from './connect-protocol.ts'
import { noWork, taskIdsOf, type WorkSet, workSet } from '../work/work-set.ts'

interface LeadershipOptions {
  readonly configStore: ConfigStore
  readonly scheduledRebalanceMaxDelayMs: number
  readonly clock: Clock
  readonly log: Logger
}

/**
 * What this worker does when the group makes it the leader: shares out the work and remembers who got what.
 */
export class Leadership {
  readonly #options: LeadershipOptions
  readonly #owners = { connectors: new Map<string, string>(), tasks: new Map<string, string>() }
  #state = initialState
  #lastCompletedGeneration = -1
  /**
   * What members said they had when the work was last shared out, and up to which record of the config topic
   * that was.
   */
  #reported: { readonly offset: bigint; readonly tasks: ReadonlySet<string> } | null = null

  constructor(options: LeadershipOptions) {
    this.#options = options
  }

  ownerUrl(kind: keyof WorkSet, key: string): string | null {
    return this.#owners[kind].get(key) ?? null
  }

  /**
   * I2: whether no member has a task of this connector, all of them having joined again when the config topic
   * had got to `offset`. Members stop what is taken from them before they join.
   */
  hasNoTasksOf(connector: string, offset: bigint): boolean {
    const reported = this.#reported
    return (
      reported !== null &&
      reported.offset >= offset &&
      !taskIdsOf(reported.tasks).some((id) => id.connector === connector)
    )
  }

  /** A round ended with an assignment for this member. */
  completed(generation: number): void {
    this.#lastCompletedGeneration = generation
  }

  assign(round: {
    protocol: string
    leaderId: string
    generation: number
    members: readonly GroupMember[]
  }): Map<string, Uint8Array> {
    const { configStore, log } = this.#options
    const version = versionOf(round.protocol)
    const states = this.#readable(round.members)
    const furthest = [...states.values()].reduce(
      (max, state) => (state.offset > max ? state.offset : max),
      -1n
    )
    const snapshot = configStore.snapshot()
    for (const name of snapshot.connectors()) {
      if (canBeAssigned(name)) continue
      log.error(
        `Connector ${name.slice(0, 50)}… runs nowhere: its name of ${Buffer.byteLength(name)} bytes is longer than the group's protocol can carry. Its record can only be deleted from the config topic`
      )
    }
    const header = {
      version,
      leader: round.leaderId,
      leaderUrl: states.get(round.leaderId)?.url ?? '',
      offset: snapshot.offset
    }
    if (snapshot.offset < furthest) {
      const ahead = [...states.values()].find(({ offset }) => offset === furthest)
      log.info(
        `The member at ${ahead?.url} has read the config topic up to offset ${furthest}, this worker up to ${snapshot.offset}; everybody joins again once this worker has caught up`
      )
      const mismatch = encodeAssignment({
        ...header,
        error: assignmentErrors.configMismatch,
        offset: furthest,
        assigned: noWork,
        revoked: noWork,
        delayMs: 0
      })
      return new Map([...states.keys()].map((id) => [id, mismatch]))
    }
    this.#reported = {
      offset: snapshot.offset,
      tasks: new Set(
        [...states.values()].flatMap(({ allocation }) => [...(allocation?.assigned.tasks ?? [])])
      )
    }
    const { members, delayMs } = this.#share(version, states, snapshot, round.generation)
    this.#remember(states, members)
    return new Map(
      [...members].map(([id, { assigned, revoked }]) => [
        id,
        encodeAssignment({
          ...header,
          error: assignmentErrors.none,
          assigned,
          revoked,
          delayMs
        })
      ])
    )
  }

  /** One member that nobody understands must not end the others: it is given nothing. */
  #readable(members: readonly GroupMember[]): Map<string, WorkerState> {
    const states = new Map<string, WorkerState>()
    for (const { memberId, metadata } of members) {
      try {
        states.set(memberId, decodeMetadata(metadata))
      } catch (error) {
        this.#options.log.error(`Member ${memberId} of the group cannot be understood`, { error })
      }
    }
    return states
  }

  #share(
    version: ProtocolVersion,
    states: ReadonlyMap<string, WorkerState>,
    snapshot: ClusterConfig,
    generation: number
  ): { members: ReadonlyMap<string, MemberOutcome>; delayMs: number } {
    const { clock, scheduledRebalanceMaxDelayMs } = this.#options
    const configured = configuredWork(snapshot, states.values())
    if (version === 0) {
      const hands = assignEagerly(states.keys(), configured)
      const members = new Map(
        [...hands].map(([id, work]) => [id, { assigned: work, revoked: noWork, total: work }])
      )
      return { members, delayMs: 0 }
    }
    const outcome = assignCooperatively(this.#state, {
      members: new Map(
        [...states].map(([id, { allocation }]) => [id, allocation?.assigned ?? noWork])
      ),
      configured,
      generation,
      lastCompletedGeneration: this.#lastCompletedGeneration,
      now: clock.monotonicMs(),
      maxDelayMs: scheduledRebalanceMaxDelayMs
    })
    this.#state = outcome.state
    return outcome
  }

  #remember(
    states: ReadonlyMap<string, WorkerState>,
    members: ReadonlyMap<string, MemberOutcome>
  ): void {
    for (const kind of ['connectors', 'tasks'] as const) {
      this.#owners[kind].clear()
      for (const [id, { total }] of members) {
        for (const key of total[kind]) this.#owners[kind].set(key, states.get(id)?.url ?? '')
      }
    }
  }
}

/**
 * Connectors with a configuration, and their tasks: what members have of a connector whose tasks are not
 * known stays with them until it has told them again.
 */
function configuredWork(snapshot: ClusterConfig, members: Iterable<WorkerState>): WorkSet {
  const connectors = snapshot.connectors().filter(canBeAssigned).sort()
  const tasks = connectors.flatMap((connector) =>
    snapshot.taskConfigs(connector).map((_, task) => taskKey({ connector, task }))
  )
  const unknown = new Set(snapshot.connectorsWithUnknownTasks())
  const kept = [...members].flatMap(({ allocation }) =>
    [...(allocation?.assigned.tasks ?? [])].filter((key) => unknown.has(taskIdOf(key).connector))
  )
  return workSet(connectors, [...tasks, ...kept])
}
