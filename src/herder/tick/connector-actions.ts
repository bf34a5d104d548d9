import { ConnectError, NotFoundError } from '../../errors.ts'
import {
  type ClusterConfig,
  type StoredConfig,
  type WrittenConfig,
  sameConfig
} from '../../storage/cluster-config.ts'
import type { TargetState } from '../../storage/target-state.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { StatusStore } from '../../storage/status-store.ts'
import { taskKey } from '../../storage/task-id.ts'
import { requireConnector } from '../work/abstract-herder.ts'
import { type ConnectorStateInfo, RequestTargetError } from '../herder.ts'
import type { LocalWork } from '../work/local-work.ts'
import type { Membership } from '../group/membership.ts'
import { restartPlan } from '../work/restart-plan.ts'
import type { TaskConfigWriter } from './task-config-writer.ts'
import type { TickStage } from '../work/tick-stage.ts'
import { workSet } from '../work/work-set.ts'

interface ConnectorActionsOptions {
  readonly configStore: ConfigStore
  readonly statusStore: StatusStore
  readonly membership: Membership
  readonly work: LocalWork
  readonly writer: TaskConfigWriter
  readonly stage: TickStage
  readonly workerSyncTimeoutMs: number
  /** A change of the config topic is about to cause a rebalance: owners and leader may change. */
  rebalanceExpected(): boolean
}

/** What a request does inside the tick. Each method throws RequestTargetError when another worker has to do it. */
export class ConnectorActions {
  readonly #options: ConnectorActionsOptions

  constructor(options: ConnectorActionsOptions) {
    this.#options = options
  }

  get snapshot(): ClusterConfig {
    return this.#options.configStore.snapshot()
  }

  requireLeader(what: string): void {
    const { membership } = this.#options
    if (!membership.isLeader) throw new RequestTargetError(what, membership.leaderUrl)
  }

  requireNoRebalance(): void {
    if (!this.#options.rebalanceExpected()) return
    throw new ConnectError(
      'REBALANCE_IN_PROGRESS',
      'Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)'
    )
  }

  /** For changes of offsets: on the leader, no rebalance being due, with an up-to-date picture of the config topic. */
  async requireSettledLeader(): Promise<void> {
    this.requireNoRebalance()
    this.requireLeader('Only the leader can process external offsets modification requests')
    const { configStore, workerSyncTimeoutMs } = this.#options
    try {
      await configStore.refresh(workerSyncTimeoutMs)
    } catch (error) {
      throw new ConnectError(
        'RETRIABLE',
        'Failed to read to end of config topic before modifying connector offsets',
        { cause: error }
      )
    }
  }

  /** Answers whether the connector is new. */
  async putConfig(
    name: string,
    config: StoredConfig,
    options: { initialState: TargetState | null; allowReplace: boolean }
  ): Promise<boolean> {
    this.requireLeader('Only the leader can set connector configs.')
    const before = this.snapshot.connectorConfig(name)
    const exists = before !== null
    if (exists && !options.allowReplace) {
      throw new ConnectError('ALREADY_EXISTS', `Connector ${name} already exists`)
    }
    const { configStore, writer, stage } = this.#options
    // Left by a connector of that name that a JVM worker deleted.
    if (!exists && (this.snapshot.startFrom(name)?.history.length ?? 0) > 0)
      await configStore.putStartFrom(name, null)
    await stage.during(`writing a config for connector ${name} to the config topic`, () =>
      configStore.putConnectorConfig(name, config, options.initialState)
    )
    const same = sameConfig(before, config)
    if (same || this.snapshot.targetState(name) === 'PAUSED') writer.restore([name])
    return !exists
  }

  async remove(name: string): Promise<void> {
    this.requireLeader('Only the leader can delete connector configs.')
    requireConnector(this.snapshot, name)
    const { configStore, stage } = this.#options
    await stage.during(`removing the config for connector ${name} from the config topic`, () =>
      configStore.removeConnectorConfig(name)
    )
  }

  async stop(name: string): Promise<void> {
    this.requireKnown(name)
    this.requireLeader('Only the leader can transition connectors to the STOPPED state.')
    const { configStore, writer, stage, workerSyncTimeoutMs } = this.#options
    // First no tasks, then the state: a worker that dies in between leaves a connector that runs without tasks, not the opposite.
    await writer.write(name, [])
    await stage.during(
      `writing the STOPPED target stage for connector ${name} to the config topic`,
      () => configStore.putTargetState(name, 'STOPPED')
    )
    await stage.during('reading to the end of the config topic', () =>
      configStore.refresh(workerSyncTimeoutMs)
    )
  }

  requireKnown(name: string): void {
    if (!this.snapshot.contains(name)) throw new NotFoundError(`Unknown connector ${name}`)
  }

  /** `started` resolves when the connector is up again. */
  async restartConnector(name: string): Promise<{ started: Promise<void> }> {
    const { membership, work, stage } = this.#options
    this.requireNoRebalance()
    this.#requireForRestart(name)
    if (membership.assignment?.assigned.connectors.has(name) !== true) {
      throw this.#notAssigned('connector', 'connectors', name)
    }
    await stage.during(`stopping restarted connector ${name}`, () =>
      work.stopToRestart(workSet([name], []))
    )
    return { started: work.startConnector(name, this.snapshot) }
  }

  /** `started` resolves with whether the task could be started. */
  async restartTask(name: string, task: number): Promise<{ started: Promise<boolean> }> {
    const { membership, work, stage } = this.#options
    const id = { connector: name, task }
    this.requireNoRebalance()
    this.#requireForRestart(name)
    // One that was given up with the others of its connector is known, and assigned to nobody.
    if (!this.snapshot.hadTask(name, task)) {
      throw new NotFoundError(`Unknown task: ${taskKey(id)}`)
    }
    const assigned = membership.assignment?.assigned.tasks.has(taskKey(id)) === true
    if (!assigned || this.snapshot.taskConfig(name, task) === null) {
      throw this.#notAssigned('task', 'tasks', taskKey(id))
    }
    await stage.during(`restarting task ${taskKey(id)}`, () =>
      work.stopToRestart(workSet([], [taskKey(id)]))
    )
    return { started: work.startTask(id, this.snapshot) }
  }

  /** Asks every worker of the cluster, over the config topic, to restart what it has of the connector. */
  async restartConnectorAndTasks(
    name: string,
    flags: { onlyFailed: boolean; includeTasks: boolean },
    type: ConnectorStateInfo['type']
  ): Promise<ConnectorStateInfo> {
    const { configStore, statusStore } = this.#options
    this.requireNoRebalance()
    this.#requireForRestart(name)
    this.requireLeader('Only the leader can process restart requests.')
    const request = { connector: name, ...flags }
    // The answer shows what is about to happen: it is made before workers begin to write other statuses.
    const plan = restartPlan(request, statusStore, type)
    await configStore.putRestartRequest(request)
    if (plan === null) throw new NotFoundError(`Status for connector ${name} not found`)
    return plan.state
  }

  async putTaskConfigs(name: string, configs: readonly WrittenConfig[]): Promise<void> {
    this.requireLeader('Only the leader may write task configurations.')
    requireConnector(this.snapshot, name)
    await this.#options.writer.write(name, configs)
  }

  #requireForRestart(name: string): void {
    if (!this.snapshot.contains(name)) throw new NotFoundError(`Unknown connector: ${name}`)
  }

  #notAssigned(
    what: 'connector' | 'task',
    kind: 'connectors' | 'tasks',
    key: string
  ): RequestTargetError {
    const { membership } = this.#options
    const url = membership.isLeader ? membership.ownerUrl(kind, key) : membership.leaderUrl
    return new RequestTargetError(
      `Cannot restart ${what} since it is not assigned to this member`,
      url
    )
  }
}
