import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { StatusStore } from '../../storage/status-store.ts'
import { taskKey } from '../../storage/task-id.ts'
import { retrying, within } from '../../wait.ts'
import type { Asks, Commands } from '../work/command-queue.ts'
import type { LocalWork } from '../work/local-work.ts'
import type { StatusReporter } from '../work/status-reporter.ts'
import { taskConfigsChanged } from '../work/task-config-changes.ts'
import { workSet } from '../work/work-set.ts'

/** What only a worker by itself does in its turns. */
export interface TaskUpdates {
  updateTasks: Asks<{ readonly connector: string }, void>
}

interface StandaloneTasksOptions {
  readonly configStore: ConfigStore
  readonly statusStore: StatusStore
  readonly work: LocalWork
  readonly statuses: StatusReporter
  readonly commands: Commands<TaskUpdates>
  readonly clock: Clock
  readonly log: Logger
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
}

/**
 * How long a change waits for a slow connector before the next request is let in; the connector goes on
 * starting.
 */
export const START_LIMIT_MS = 60_000
const UPDATE_BACKOFF = { firstMs: 250, lastMs: 60_000 }

/** The tasks of a standalone worker's connectors. */
export class StandaloneTasks {
  readonly #options: StandaloneTasksOptions
  /** The connector whose tasks somebody else sees to. */
  #seenTo: string | null = null
  readonly #requested = new Set<string>()

  constructor(options: StandaloneTasksOptions) {
    this.#options = options
  }

  /** While the connector starts, whoever started it sees to its tasks: `request` does nothing. */
  async seenToBy(name: string, start: () => Promise<void>): Promise<void> {
    this.#seenTo = name
    try {
      await start()
    } finally {
      this.#seenTo = null
    }
  }

  /**
   * Has the tasks looked at in a turn to come, in the background; tried again until that succeeds, or the
   * connector fails or goes. One round per connector waits.
   */
  request(name: string): void {
    const { commands, work, clock, log, stopping } = this.#options
    if (name === this.#seenTo || this.#requested.has(name)) return
    this.#requested.add(name)
    const text = `Failed to reconfigure connector's tasks (${name}), retrying after backoff.`
    const policy = {
      backoff: UPDATE_BACKOFF,
      isPassing: () => work.hasConnector(name) && !work.connectorFailed(name),
      onRetry: (error: unknown) => log.error(text, { error })
    }
    const update = () => commands.run({ kind: 'updateTasks', connector: name })
    retrying(clock, policy, update, stopping).catch((error: unknown) => {
      if (!stopping.aborted) log.error(`Task reconfiguration for ${name} failed`, { error })
    })
  }

  /** In its turn: generates the task configurations again; when they changed all tasks are replaced. */
  async update(name: string): Promise<void> {
    const { configStore, work, clock, log } = this.#options
    this.#requested.delete(name)
    const target = configStore.snapshot().targetState(name)
    if (!work.connectorMade(name) || target !== 'STARTED') {
      log.info(`Skipping update of tasks for connector ${name} since it is not running`)
      return
    }
    const configs = await within(
      clock,
      work.taskConfigs(name),
      START_LIMIT_MS,
      () =>
        new ConnectError(
          'REQUEST_TIMED_OUT',
          `Connector ${name} did not tell its task configurations within ${START_LIMIT_MS} ms`
        )
    )
    const running = work.tasksOf(name).length
    if (!taskConfigsChanged(configStore.snapshot(), name, configs) && running === configs.length) {
      return
    }
    await this.remove(name)
    await configStore.putTaskConfigs(name, configs)
    const snapshot = configStore.snapshot()
    for (const task of configs.keys()) {
      // A task that cannot be started is FAILED; that is not the connector's failure.
      await work.startTask({ connector: name, task }, snapshot)
    }
  }

  /** In its turn: ends them, and forgets their configurations and statuses. */
  async remove(name: string): Promise<void> {
    const { statusStore, statuses, configStore, work } = this.#options
    await work.stop(workSet([], work.tasksOf(name).map(taskKey)))
    if (configStore.snapshot().taskCount(name) > 0) await configStore.putTaskConfigs(name, [])
    for (const task of statusStore.known.tasks(name).keys()) {
      statuses.forgetTask({ connector: name, task })
    }
  }
}
