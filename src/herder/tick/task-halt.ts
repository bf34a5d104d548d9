import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { ConnectorActions } from './connector-actions.ts'
import type { Membership } from '../group/membership.ts'

interface TaskHaltOptions {
  readonly configStore: ConfigStore
  readonly membership: Membership
  readonly actions: ConnectorActions
  readonly clock: Clock
  readonly stopping: AbortSignal
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** Runs a step in the leader's tick, no rebalance being due, with an up-to-date picture of the config topic. */
  exclusively<T>(step: () => Promise<T> | T): Promise<T>
}

/** How often the leader looks whether a round of the group has brought what it waits for. */
const LOOK_MS = 50
/** Below every offset of the config topic. */
const ANY_ROUND = -1n

/**
 * Stops a connector and waits until the group has gone through a round in which no member has one of its tasks any more (I2). Members stop
 * what is taken from them before they join again, and one that cannot is put out of the group: that bounds the wait.
 */
export async function haltConnector(options: TaskHaltOptions, connector: string): Promise<void> {
  const { exclusively, actions, configStore } = options
  const since = await exclusively(async () => {
    const before = configStore.snapshot()
    // Stopped already: the round that ended its tasks is over, or is the next one.
    if (before.targetState(connector) === 'STOPPED' && before.taskCount(connector) === 0)
      return ANY_ROUND
    await actions.stop(connector)
    return configStore.snapshot().offset
  })
  await waitForTasks(options, connector, since)
}

/** Waits for tasks of a connector that was deleted: the round that ends them is over, or is the next one. */
export async function deletedTasksEnded(
  options: TaskHaltOptions,
  connector: string
): Promise<void> {
  await options.exclusively(() => undefined)
  await waitForTasks(options, connector, ANY_ROUND)
}

async function waitForTasks(
  options: TaskHaltOptions,
  connector: string,
  since: bigint
): Promise<void> {
  const { exclusively, membership, clock, stopping } = options
  const limitMs = 2 * (options.rebalanceTimeoutMs + options.sessionTimeoutMs)
  const end = clock.monotonicMs() + limitMs
  while (!membership.hasNoTasksOf(connector, since)) {
    stopping.throwIfAborted()
    // Tells who leads instead.
    if (!membership.isLeader) await exclusively(() => undefined)
    if (clock.monotonicMs() > end) {
      throw new ConnectError(
        'REQUEST_TIMED_OUT',
        `The tasks of connector ${connector} did not end in ${limitMs} ms`
      )
    }
    await clock.sleep(LOOK_MS, stopping)
  }
}
