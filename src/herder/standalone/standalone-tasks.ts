import { ConnectError } from '../../errors.ts'
import { taskKey } from '../../storage/task-id.ts'
import type { HerderOptions } from '../work/abstract-herder.ts'
import type { LocalWork } from '../work/local-work.ts'
import type { StatusReporter } from '../work/status-reporter.ts'
import { taskConfigsChanged } from '../work/task-config-changes.ts'
import { workSet } from '../work/work-set.ts'
import { within } from '../../wait.ts'

/** How long a change waits for a slow connector before the next request is let in; the connector goes on starting. */
export const START_LIMIT_MS = 60_000

/** The tasks of a standalone worker's connectors. Whoever calls has its turn. */
export class StandaloneTasks {
  readonly #options: Pick<HerderOptions, 'configStore' | 'statusStore' | 'clock' | 'log'>
  readonly #work: LocalWork
  readonly #statuses: StatusReporter

  constructor(
    options: Pick<HerderOptions, 'configStore' | 'statusStore' | 'clock' | 'log'>,
    work: LocalWork,
    statuses: StatusReporter
  ) {
    this.#options = options
    this.#work = work
    this.#statuses = statuses
  }

  /** Generates the task configurations again; when they changed all tasks are replaced. */
  async update(name: string): Promise<void> {
    const { configStore, clock, log } = this.#options
    const target = configStore.snapshot().targetState(name)
    if (!this.#work.connectorMade(name) || target !== 'STARTED') {
      log.info(`Skipping update of tasks for connector ${name} since it is not running`)
      return
    }
    const configs = await within(
      clock,
      this.#work.taskConfigs(name),
      START_LIMIT_MS,
      () =>
        new ConnectError(
          'REQUEST_TIMED_OUT',
          `Connector ${name} did not tell its task configurations within ${START_LIMIT_MS} ms`
        )
    )
    const running = this.#work.tasksOf(name).length
    if (!taskConfigsChanged(configStore.snapshot(), name, configs) && running === configs.length) {
      return
    }
    await this.remove(name)
    await configStore.putTaskConfigs(name, configs)
    const snapshot = configStore.snapshot()
    for (const task of configs.keys()) {
      // A task that cannot be started is FAILED; that is not the connector's failure.
      await this.#work.startTask({ connector: name, task }, snapshot)
    }
  }

  /** Ends them, and forgets their configurations and statuses. */
  async remove(name: string): Promise<void> {
    const { statusStore, configStore } = this.#options
    await this.#work.stop(workSet([], this.#work.tasksOf(name).map(taskKey)))
    if (configStore.snapshot().taskCount(name) > 0) await configStore.putTaskConfigs(name, [])
    for (const task of statusStore.tasks(name).keys()) {
      this.#statuses.forgetTask({ connector: name, task })
    }
  }
}
