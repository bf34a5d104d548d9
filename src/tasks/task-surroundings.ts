import type { Clock } from '../clock.ts'
import { ConfigError } from '../errors.ts'
import type { KafkaClients } from '../kafka/contracts.ts'
import type { Logger } from '../log.ts'
import type { ConnectorPlugin, Plugins } from '../plugin/plugins.ts'
import { taskKey } from '../storage/task-id.ts'
import type { TaskStart } from './port.ts'

/** What the tasks of one thread have in common. */
export interface TaskSurroundings {
  readonly plugins: Plugins
  readonly clients: KafkaClients
  readonly clock: Clock
  readonly log: Logger
}

/** Throws ConfigError for a configuration that was made for tasks of another class. */
export function requireTaskClass({ id, config }: TaskStart, plugin: ConnectorPlugin): void {
  const taskClass = config.get('task.class')?.trim()
  if (taskClass === undefined || taskClass === plugin.taskClassName) return
  throw new ConfigError(
    `Task ${taskKey(id)} was made for ${taskClass}, but ${plugin.className} has tasks of ${plugin.taskClassName}`
  )
}
