import type { Clock } from '../../clock.ts'
import { ConnectError, NotFoundError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { StatusStore } from '../../storage/status-store.ts'
import { taskKey } from '../../storage/task-id.ts'
import { within } from '../../wait.ts'
import type { ConnectorStateInfo, PutOutcome } from '../herder.ts'
import type { MovesUnderWay } from '../moves/moves-under-way.ts'
import type { Command, Handlers } from '../work/command-queue.ts'
import type { ConnectorCommands, PutConfig, SharedCommands, Starting } from '../work/commands.ts'
import { connectorInfo, connectorType, requireConnector } from '../work/require-connector.ts'
import type { LocalWork } from '../work/local-work.ts'
import { requireUnchanged } from '../work/patch.ts'
import { restartPlan } from '../work/restart-plan.ts'
import { executeRestart } from '../work/restart-work.ts'
import type { StatusReporter } from '../work/status-reporter.ts'
import type { TickStage } from '../work/tick-stage.ts'
import { workSet } from '../work/work-set.ts'
import { START_LIMIT_MS, type StandaloneTasks, type TaskUpdates } from './standalone-tasks.ts'

export type StandaloneCommands = SharedCommands & TaskUpdates

interface StandaloneCommandsOptions {
  readonly configStore: ConfigStore
  readonly statusStore: StatusStore
  readonly plugins: Plugins
  readonly underWay: MovesUnderWay
  readonly work: LocalWork
  readonly statuses: StatusReporter
  readonly tasks: StandaloneTasks
  readonly stage: TickStage
  readonly clock: Clock
  readonly log: Logger
}

/** No group has rounds to wait for. */
const ANY_ROUND = -1n

/**
 * What requests do to the connectors of a worker by itself. Other than in a cluster, each answers when the
 * change has happened.
 */
export function standaloneCommands(
  options: StandaloneCommandsOptions
): Handlers<ConnectorCommands & TaskUpdates> {
  const { configStore, underWay, tasks } = options
  return {
    readConfig: ({ name }) => configStore.snapshot().connectorConfig(name),
    putConfig(command) {
      underWay.requireIdle(command.name)
      return putConfig(options, command)
    },
    putConfigOfMove: (command) => putConfig(options, command),
    deleteConnector({ name }) {
      requireConnector(configStore.snapshot(), name)
      return deleteConnector(options, name)
    },
    deleteConnectorOfMove: ({ name }) => deleteConnector(options, name),
    stopConnector({ name }) {
      underWay.requireIdle(name)
      return stopConnector(options, name)
    },
    async haltConnector({ name }) {
      if (configStore.snapshot().contains(name)) await stopConnector(options, name)
      return ANY_ROUND
    },
    restartConnector: ({ name }) => restartConnector(options, name),
    restartTask: (command) => restartTask(options, command),
    restartConnectorAndTasks: (command) => restartConnectorAndTasks(options, command),
    updateTasks: ({ connector }) => tasks.update(connector)
  }
}

async function putConfig(
  options: StandaloneCommandsOptions,
  { name, config, initialState, allowReplace, replaces }: PutConfig
): Promise<PutOutcome> {
  const { configStore, plugins, work, tasks } = options
  const before = configStore.snapshot().connectorConfig(name)
  requireUnchanged(name, replaces, before)
  if (before !== null && !allowReplace) {
    throw new ConnectError('ALREADY_EXISTS', `Connector ${name} already exists`)
  }
  await work.stop(workSet([name], []))
  await configStore.putConnectorConfig(name, config, initialState)
  await tasks.seenToBy(name, () => startConnector(options, name))
  try {
    await tasks.update(name)
  } catch (error) {
    tasks.request(name)
    throw error
  }
  const info = connectorInfo(plugins, name, config, configStore.snapshot())
  return { created: before === null, info }
}

async function deleteConnector(
  { configStore, work, statuses, tasks }: StandaloneCommandsOptions,
  name: string
): Promise<void> {
  await tasks.remove(name)
  await work.stop(workSet([name], []))
  if (configStore.snapshot().contains(name)) await configStore.removeConnectorConfig(name)
  statuses.forgetConnector(name)
  statuses.forgetTopics(name)
}

async function stopConnector(
  { configStore, tasks }: StandaloneCommandsOptions,
  name: string
): Promise<void> {
  if (!configStore.snapshot().contains(name)) {
    throw new ConnectError('INTERNAL', `No connector \`${name}\` configured`)
  }
  await tasks.remove(name)
  await configStore.putTargetState(name, 'STOPPED')
}

async function restartConnector(
  options: StandaloneCommandsOptions,
  name: string
): Promise<Starting<void>> {
  requireConnector(options.configStore.snapshot(), name)
  await options.work.stopToRestart(workSet([name], []))
  await startConnector(options, name)
  return { started: Promise.resolve() }
}

async function restartTask(
  { configStore, work }: StandaloneCommandsOptions,
  { name, task }: Command<ConnectorCommands, 'restartTask'>
): Promise<Starting<boolean>> {
  const snapshot = configStore.snapshot()
  requireConnector(snapshot, name)
  const id = { connector: name, task }
  if (snapshot.taskConfig(name, task) === null) {
    throw new NotFoundError(`Task ${taskKey(id)} not found`)
  }
  await work.stopToRestart(workSet([], [taskKey(id)]))
  const started = await work.startTask(id, snapshot)
  return { started: Promise.resolve(started) }
}

async function restartConnectorAndTasks(
  options: StandaloneCommandsOptions,
  { name, onlyFailed, includeTasks }: Command<ConnectorCommands, 'restartConnectorAndTasks'>
): Promise<ConnectorStateInfo> {
  const { configStore, statusStore, plugins } = options
  const type = connectorType(plugins, configStore.snapshot().connectorConfig(name))
  const request = { connector: name, onlyFailed, includeTasks }
  const plan = restartPlan(request, statusStore.known, type)
  if (plan === null) throw new NotFoundError(`Status for connector ${name} not found`)
  await executeRestart(options, request)
  return plan.state
}

async function startConnector(
  { configStore, work, clock }: StandaloneCommandsOptions,
  name: string
): Promise<void> {
  const late = (): Error =>
    new ConnectError('REQUEST_TIMED_OUT', `It did not start in ${START_LIMIT_MS} ms`)
  try {
    await within(clock, work.startConnector(name, configStore.snapshot()), START_LIMIT_MS, late)
  } catch (error) {
    throw new ConnectError('INTERNAL', `Failed to start connector: ${name}`, { cause: error })
  }
}
