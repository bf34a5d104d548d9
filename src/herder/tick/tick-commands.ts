import { ConnectError } from '../../errors.ts'
import type { StoredConfig, WrittenConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { TaskId } from '../../storage/task-id.ts'
import type { Membership } from '../group/membership.ts'
import { type Asks, type Executor, handle, type Handlers } from '../work/command-queue.ts'
import type { SharedCommands } from '../work/commands.ts'
import type { ConfigChanges } from './config-changes.ts'

/** What fencing begins with; null: nobody has to be fenced. */
export interface FencingBegun {
  readonly config: StoredConfig
  /** How many tasks of the generation before there were. */
  readonly tasks: number
  readonly generation: number | null
}

/** What only a worker of a cluster does in its tick. */
export interface ClusterCommands {
  /**
   * Task configurations that a connector here has told. Answers whether they still have to be handed to the
   * leader.
   */
  publishTaskConfigs: Asks<
    { readonly connector: string; readonly configs: readonly StoredConfig[] },
    boolean
  >
  /** Those that compaction may have left where no reader finds them. */
  writeTaskConfigsAgain: Asks<{ readonly connector: string }, void>
  /** Sent by another worker of the group. */
  putTaskConfigs: Asks<{ readonly name: string; readonly configs: readonly WrittenConfig[] }, void>
  beginFencing: Asks<{ readonly connector: string }, FencingBegun | null>
  /**
   * Notes how many tasks may write now. Rejects when there are newer task configurations than the fenced
   * ones.
   */
  recordFencing: Asks<{ readonly connector: string; readonly generation: number | null }, void>
  /** Rejects unless the task is still this worker's, and of that generation. */
  requireOwned: Asks<{ readonly id: TaskId; readonly generation: number | null }, void>
}

export type TickCommands = SharedCommands & ClusterCommands

/** What the worker itself has to do. */
export const OWN_COMMANDS: ReadonlySet<keyof TickCommands> = new Set([
  'publishTaskConfigs',
  'writeTaskConfigsAgain',
  'beginFencing',
  'recordFencing',
  'requireOwned'
])

/** Commands that need to know who owns what: they wait for a rebalance that is about to begin. */
const SETTLED: ReadonlySet<keyof TickCommands> = new Set([
  'restartConnector',
  'restartTask',
  'restartConnectorAndTasks'
])

/**
 * Commands for the leader only, no rebalance being due, with a picture of the config topic that is up to
 * date.
 */
const SETTLED_LEADER: ReadonlySet<keyof TickCommands> = new Set([
  'haltConnector',
  'putConfigOfMove',
  'deleteConnectorOfMove',
  'reserveMove',
  'reserveCreation',
  'requireStopped',
  'beginMove',
  'advanceMove',
  'finishMove',
  'forgetMove'
])

interface TickExecutorOptions {
  readonly handlers: Handlers<TickCommands>
  readonly changes: ConfigChanges
  readonly membership: Membership
  readonly configStore: ConfigStore
  readonly workerSyncTimeoutMs: number
}

/** Runs commands in the tick, each when and where it may. */
export function tickExecutor(options: TickExecutorOptions): Executor<TickCommands> {
  const { handlers, changes } = options
  return {
    holdsBack: (kind) =>
      (SETTLED.has(kind) || SETTLED_LEADER.has(kind)) && changes.rebalanceExpected,
    async execute(command) {
      const { kind } = command
      if (SETTLED.has(kind) || SETTLED_LEADER.has(kind)) requireNoRebalance(changes)
      if (SETTLED_LEADER.has(kind)) await requireCurrentLeader(options)
      return handle(handlers, command)
    }
  }
}

function requireNoRebalance(changes: ConfigChanges): void {
  if (!changes.rebalanceExpected) return
  throw new ConnectError(
    'REBALANCE_IN_PROGRESS',
    'Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)'
  )
}

async function requireCurrentLeader(options: TickExecutorOptions): Promise<void> {
  const { membership, configStore, workerSyncTimeoutMs } = options
  membership.requireLeader('Only the leader can process external offsets modification requests')
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
