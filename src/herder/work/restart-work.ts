import type { Logger } from '../../log.ts'
import type { RestartRequest } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { StatusStore } from '../../storage/status-store.ts'
import { taskKey } from '../../storage/task-id.ts'
import type { LocalWork } from './local-work.ts'
import { type PendingRestarts, restartPlan } from './restart-plan.ts'
import type { StatusReporter } from './status-reporter.ts'
import type { TickStage } from './tick-stage.ts'
import { workSet } from './work-set.ts'

interface RestartOptions {
  readonly work: LocalWork
  readonly statuses: StatusReporter
  readonly statusStore: StatusStore
  readonly configStore: ConfigStore
  readonly stage: TickStage
  readonly log: Logger
}

/** Restart requests read from the config topic since the last tick: each worker restarts what it has. */
export async function executeRestarts(
  options: RestartOptions & { readonly changes: { readonly restarts: PendingRestarts } }
): Promise<void> {
  for (const request of options.changes.restarts.take()) await executeRestart(options, request)
}

/**
 * Says RESTARTING of what the plan names and runs here, stops it and starts it again; starts are not waited
 * for.
 */
export async function executeRestart(
  options: RestartOptions,
  request: RestartRequest
): Promise<void> {
  const { work, statuses, statusStore, configStore, stage, log } = options
  const name = request.connector
  const snapshot = configStore.snapshot()
  const plan = restartPlan(request, statusStore.known, 'unknown')
  if (plan === null || !snapshot.contains(name)) {
    log.debug(`Skipping restart of connector '${name}' since no status is available`)
    return
  }
  const connector = plan.restartConnector && work.hasConnector(name)
  // A task that the connector does not have any more is about to be stopped.
  const tasks = work
    .tasksOf(name)
    .filter(({ task }) => plan.tasks.includes(task) && snapshot.taskConfig(name, task) !== null)
  log.info(`Restarting ${tasks.length} of ${plan.state.tasks.length} tasks for ${name}`, {
    connector
  })
  if (connector) statuses.connector(name, 'RESTARTING', null, null)
  for (const id of tasks) statuses.task(id, 'RESTARTING', null, null)
  await stage.during(`handling restart request for connector ${name}`, () =>
    work.stopToRestart(workSet(connector ? [name] : [], tasks.map(taskKey)))
  )
  const failed = (what: string) => (error: unknown) => {
    log.error(`${what} restart failed`, { error })
  }
  if (connector) work.startConnector(name, snapshot).catch(failed(`Connector '${name}'`))
  for (const id of tasks) work.startTask(id, snapshot).catch(failed(`Task '${taskKey(id)}'`))
}
