import type { ClusterConfig } from '../../storage/cluster-config.ts'
import type { StatusStore } from '../../storage/status-store.ts'
import type { StatusReporter } from './status-reporter.ts'

/**
 * Deletes the statuses of connectors and tasks that no longer exist. Of a connector whose tasks are not known
 * none is taken for deleted.
 */
export function forgetDeletedWork(
  { statusStore, statuses }: { statusStore: StatusStore; statuses: StatusReporter },
  config: ClusterConfig
): void {
  const unknown = new Set(config.connectorsWithUnknownTasks())
  for (const name of statusStore.known.connectors()) {
    if (!config.contains(name)) {
      statuses.forgetConnector(name)
      continue
    }
    if (unknown.has(name)) continue
    for (const task of statusStore.known.tasks(name).keys()) {
      if (task >= config.taskCount(name)) statuses.forgetTask({ connector: name, task })
    }
  }
}
