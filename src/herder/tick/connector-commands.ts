import { ConnectError, NotFoundError } from '../../errors.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { sameConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { StatusStore } from '../../storage/status-store.ts'
import { taskKey } from '../../storage/task-id.ts'
import type { Membership } from '../group/membership.ts'
import { type ConnectorStateInfo, type PutOutcome, RequestTargetError } from '../herder.ts'
import type { MovesUnderWay } from '../moves/moves-under-way.ts'
import type { Command, Handlers } from '../work/command-queue.ts'
import type { ConnectorCommands, PutConfig, Starting } from '../work/commands.ts'
import { connectorInfo, connectorType, requireConnector } from '../work/require-connector.ts'
import type { LocalWork } from '../work/local-work.ts'
import { requireUnchanged } from '../work/patch.ts'
import { restartPlan } from '../work/restart-plan.ts'
import type { TickStage } from '../work/tick-stage.ts'
import { workSet } from '../work/work-set.ts'
import type { TaskConfigWriter } from './task-config-writer.ts'
import type { ClusterCommands } from './tick-commands.ts'

interface ConnectorCommandsOptions {
  readonly configStore: ConfigStore
  readonly statusStore: StatusStore
  readonly plugins: Plugins
  readonly membership: Membership
  readonly underWay: MovesUnderWay
  readonly work: LocalWork
  readonly writer: TaskConfigWriter
  readonly stage: TickStage
  readonly workerSyncTimeoutMs: number
}

/** Below every offset of the config topic. */
const ANY_ROUND = -1n

/**
 * What a request does to connectors inside the tick. Each handler throws RequestTargetError when another
 * worker has to do it.
 */
export function connectorCommands(
  options: ConnectorCommandsOptions
): Handlers<ConnectorCommands & Pick<ClusterCommands, 'putTaskConfigs'>> {
  const { configStore, membership, underWay, writer } = options
  return {
    readConfig({ name }) {
      membership.requireLeader('Only the leader can set connector configs.')
      return configStore.snapshot().connectorConfig(name)
    },
    putConfig(command) {
      membership.requireLeader('Only the leader can set connector configs.')
      underWay.requireIdle(command.name)
      return putConfig(options, command)
    },
    putConfigOfMove: (command) => putConfig(options, command),
    deleteConnector: ({ name }) => deleteConnector(options, name),
    deleteConnectorOfMove: ({ name }) => configStore.removeConnectorConfig(name),
    stopConnector({ name }) {
      underWay.requireIdle(name)
      return stopConnector(options, name)
    },
    async haltConnector({ name }) {
      const before = configStore.snapshot()
      // Stopped already, or deleted: the round that ended its tasks is over, or is the next one.
      const stopped = before.targetState(name) === 'STOPPED' && before.taskCount(name) === 0
      if (stopped || !before.contains(name)) return ANY_ROUND
      await stopConnector(options, name)
      return configStore.snapshot().offset
    },
    restartConnector: ({ name }) => restartConnector(options, name),
    restartTask: (command) => restartTask(options, command),
    restartConnectorAndTasks: (command) => restartConnectorAndTasks(options, command),
    async putTaskConfigs({ name, configs }) {
      membership.requireLeader('Only the leader may write task configurations.')
      requireConnector(configStore.snapshot(), name)
      await writer.write(name, configs)
    }
  }
}

async function putConfig(
  { configStore, plugins, writer, stage }: ConnectorCommandsOptions,
  { name, config, initialState, allowReplace, replaces }: PutConfig
): Promise<PutOutcome> {
  const snapshot = configStore.snapshot()
  const before = snapshot.connectorConfig(name)
  requireUnchanged(name, replaces, before)
  if (before !== null && !allowReplace) {
    throw new ConnectError('ALREADY_EXISTS', `Connector ${name} already exists`)
  }
  // Left by a connector of that name that a JVM worker deleted.
  if (before === null && (snapshot.startFrom(name)?.history.length ?? 0) > 0)
    await configStore.putStartFrom(name, null)
  await stage.during(`writing a config for connector ${name} to the config topic`, () =>
    configStore.putConnectorConfig(name, config, initialState)
  )
  const after = configStore.snapshot()
  if (sameConfig(before, config) || after.targetState(name) === 'PAUSED') writer.restore([name])
  return { created: before === null, info: connectorInfo(plugins, name, config, after) }
}

async function deleteConnector(
  { configStore, membership, stage }: ConnectorCommandsOptions,
  name: string
): Promise<void> {
  membership.requireLeader('Only the leader can delete connector configs.')
  requireConnector(configStore.snapshot(), name)
  await stage.during(`removing the config for connector ${name} from the config topic`, () =>
    configStore.removeConnectorConfig(name)
  )
}

async function stopConnector(
  { configStore, membership, writer, stage, workerSyncTimeoutMs }: ConnectorCommandsOptions,
  name: string
): Promise<void> {
  if (!configStore.snapshot().contains(name)) throw new NotFoundError(`Unknown connector ${name}`)
  membership.requireLeader('Only the leader can transition connectors to the STOPPED state.')
  // First no tasks, then the state: a worker that dies in between leaves a connector that runs without tasks,
  // not the opposite.
  await writer.write(name, [])
  await stage.during(
    `writing the STOPPED target stage for connector ${name} to the config topic`,
    () => configStore.putTargetState(name, 'STOPPED')
  )
  await stage.during('reading to the end of the config topic', () =>
    configStore.refresh(workerSyncTimeoutMs)
  )
}

async function restartConnector(
  options: ConnectorCommandsOptions,
  name: string
): Promise<Starting<void>> {
  const { configStore, membership, work, stage } = options
  requireForRestart(options, name)
  if (membership.assignment?.assigned.connectors.has(name) !== true) {
    throw notAssigned(membership, 'connector', 'connectors', name)
  }
  await stage.during(`stopping restarted connector ${name}`, () =>
    work.stopToRestart(workSet([name], []))
  )
  return { started: work.startConnector(name, configStore.snapshot()) }
}

async function restartTask(
  options: ConnectorCommandsOptions,
  { name, task }: Command<ConnectorCommands, 'restartTask'>
): Promise<Starting<boolean>> {
  const { configStore, membership, work, stage } = options
  const id = { connector: name, task }
  const key = taskKey(id)
  requireForRestart(options, name)
  const snapshot = configStore.snapshot()
  // One that was given up with the others of its connector is known, and assigned to nobody.
  if (!snapshot.hadTask(name, task)) throw new NotFoundError(`Unknown task: ${key}`)
  const assigned = membership.assignment?.assigned.tasks.has(key) === true
  if (!assigned || snapshot.taskConfig(name, task) === null) {
    throw notAssigned(membership, 'task', 'tasks', key)
  }
  await stage.during(`restarting task ${key}`, () => work.stopToRestart(workSet([], [key])))
  return { started: work.startTask(id, configStore.snapshot()) }
}

/** Asks every worker of the cluster, over the config topic, to restart what it has of the connector. */
async function restartConnectorAndTasks(
  options: ConnectorCommandsOptions,
  { name, onlyFailed, includeTasks }: Command<ConnectorCommands, 'restartConnectorAndTasks'>
): Promise<ConnectorStateInfo> {
  const { configStore, statusStore, membership, plugins } = options
  requireForRestart(options, name)
  membership.requireLeader('Only the leader can process restart requests.')
  const request = { connector: name, onlyFailed, includeTasks }
  const type = connectorType(plugins, configStore.snapshot().connectorConfig(name))
  // The answer shows what is about to happen: it is made before workers begin to write other statuses.
  const plan = restartPlan(request, statusStore.known, type)
  await configStore.putRestartRequest(request)
  if (plan === null) throw new NotFoundError(`Status for connector ${name} not found`)
  return plan.state
}

function requireForRestart({ configStore }: ConnectorCommandsOptions, name: string): void {
  if (!configStore.snapshot().contains(name)) throw new NotFoundError(`Unknown connector: ${name}`)
}

function notAssigned(
  membership: Membership,
  what: 'connector' | 'task',
  kind: 'connectors' | 'tasks',
  key: string
): RequestTargetError {
  const url = membership.isLeader ? membership.ownerUrl(kind, key) : membership.leaderUrl
  return new RequestTargetError(
    `Cannot restart ${what} since it is not assigned to this member`,
    url
  )
}
