import { ConnectError } from '../../errors.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import type { ClusterConfig, StoredConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import { taskKey } from '../../storage/task-id.ts'
import type { Membership } from '../group/membership.ts'
import type { Command, Handlers } from '../work/command-queue.ts'
import { connectorType, requireConnector } from '../work/require-connector.ts'
import type { TickStage } from '../work/tick-stage.ts'
import type { ClusterCommands, FencingBegun } from './tick-commands.ts'

interface FencingCommandsOptions {
  readonly configStore: ConfigStore
  readonly membership: Membership
  readonly plugins: Plugins
  readonly stage: TickStage
  readonly workerSyncTimeoutMs: number
}

type FencingCommands = Pick<ClusterCommands, 'beginFencing' | 'recordFencing' | 'requireOwned'>

/**
 * What fencing does in the tick: on the leader (I3), but for the question of a task that starts on any
 * worker.
 */
export function fencingCommands(options: FencingCommandsOptions): Handlers<FencingCommands> {
  return {
    beginFencing: ({ connector }) => beginFencing(options, connector),
    async recordFencing({ connector, generation }) {
      // I3: another worker may lead by now.
      requireSource(options, connector)
      const snapshot = await refreshed(options)
      if (snapshot.taskConfigGeneration(connector) !== generation) {
        throw new ConnectError(
          'REBALANCE_IN_PROGRESS',
          'Fencing failed because new task configurations were generated for the connector'
        )
      }
      await record(options, connector, snapshot.taskCount(connector))
    },
    requireOwned: (command) => requireOwned(options, command)
  }
}

async function beginFencing(
  options: FencingCommandsOptions,
  connector: string
): Promise<FencingBegun | null> {
  const config = requireSource(options, connector)
  const snapshot = await refreshed(options)
  if (!snapshot.pendingFencing(connector)) return null
  const recorded = snapshot.taskCountRecord(connector)
  const tasks = snapshot.taskCount(connector)
  // Nobody ran before, or one task did and one will: that fences its predecessor by itself.
  if (recorded === null || (recorded === 1 && tasks === 1)) {
    await record(options, connector, tasks)
    return null
  }
  return { config, tasks: recorded, generation: snapshot.taskConfigGeneration(connector) }
}

async function requireOwned(
  options: FencingCommandsOptions,
  { id, generation }: Command<ClusterCommands, 'requireOwned'>
): Promise<void> {
  const snapshot = await refreshed(options)
  if (snapshot.taskConfigGeneration(id.connector) !== generation) {
    throw new ConnectError(
      'INTERNAL',
      `Cannot start source task ${taskKey(id)} with exactly-once support as the connector has already generated a new set of task configs`
    )
  }
  if (options.membership.assignment?.assigned.tasks.has(taskKey(id)) !== true) {
    throw new ConnectError(
      'INTERNAL',
      `Cannot start source task ${taskKey(id)} as it has already been revoked from this worker`
    )
  }
}

function requireSource(options: FencingCommandsOptions, connector: string): StoredConfig {
  const { membership, configStore, plugins } = options
  membership.requireLeader('Only the leader may perform zombie fencing.')
  const config = requireConnector(configStore.snapshot(), connector)
  if (connectorType(plugins, config) === 'source') return config
  throw new ConnectError('BAD_REQUEST', `Connector ${connector} is not a source connector`)
}

async function refreshed({
  configStore,
  workerSyncTimeoutMs
}: FencingCommandsOptions): Promise<ClusterConfig> {
  await configStore.refresh(workerSyncTimeoutMs)
  return configStore.snapshot()
}

async function record(
  { configStore, stage }: FencingCommandsOptions,
  connector: string,
  tasks: number
): Promise<void> {
  await stage.during(
    `writing a task count record for connector ${connector} to the config topic`,
    () => configStore.putTaskCountRecord(connector, tasks)
  )
}
