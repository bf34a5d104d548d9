import type { Plugins } from '../plugin/plugins.ts'
import { REQUEST_TIMEOUT_MS } from '../settings/worker/rest-keys.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import { LocalConnector } from './connector-handle.ts'
import type { ConnectorEvents, ConnectorHandle, TaskHandle, Worker } from './contracts.ts'
import { LocalTask, type LocalTaskOptions } from './task-handle.ts'
import { taskTransactionalId } from './transactional-ids.ts'
import type { WorkerParts } from './worker-parts.ts'

/** The Worker whose connectors and tasks run on this process's main thread. */
export class ConnectWorker implements Worker {
  readonly plugins: Plugins
  readonly gracefulTimeoutMs: number
  readonly #options: WorkerParts

  constructor(options: WorkerParts) {
    this.#options = options
    this.plugins = options.plugins
    this.gracefulTimeoutMs = options.settings.taskShutdownGracefulTimeoutMs
  }

  connector(name: string, config: StoredConfig, events: ConnectorEvents): ConnectorHandle {
    return new LocalConnector(this.#options, name, config, events)
  }

  task(options: LocalTaskOptions): TaskHandle {
    return new LocalTask(this.#options, options)
  }

  async fenceZombies(name: string, config: StoredConfig, tasks: number): Promise<void> {
    const { clients, clientProperties, resolve, settings } = this.#options
    const ids = Array.from({ length: tasks }, (_, task) =>
      taskTransactionalId(settings.groupId ?? '', { connector: name, task })
    )
    await clients.fenceProducers(
      clientProperties.admin(await resolve(config)),
      `connector-worker-adminclient-${name}`,
      ids,
      REQUEST_TIMEOUT_MS
    )
  }
}
