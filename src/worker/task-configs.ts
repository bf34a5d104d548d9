import type { ConfigMap } from '../config/config-def.ts'
import { ConfigError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { ConnectorPlugin } from '../plugin/plugins.ts'
import { hasReference } from '../config/references.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'

/** How many tasks a connector may have: `tasks.max`, 1 when not given. */
export function tasksMax(config: ConfigMap): number {
  const value = Number(config.get('tasks.max')?.trim() ?? '1')
  return Number.isInteger(value) && value > 0 ? value : 1
}

/** KIP-1004: more tasks than `tasks.max` fail the connector unless `tasks.max.enforce=false`. */
export function checkTaskCount(
  connector: string,
  config: ConfigMap,
  count: number,
  log: Logger
): void {
  const max = tasksMax(config)
  if (count <= max) return
  const text = `The connector ${connector} has generated ${count} tasks, more than the ${max} that tasks.max allows`
  if (config.get('tasks.max.enforce')?.trim().toLowerCase() === 'false') {
    log.warn(`${text}; tasks.max.enforce=false lets them run`)
    return
  }
  throw new ConfigError(`${text}. Raise tasks.max, or have the connector's author respect it.`, {
    connector,
    tooManyTasks: true
  })
}

/**
 * A task configuration as it is stored: the class of the task and, for sinks, the topics are added; a value that the connector copied
 * from its resolved configuration goes back to the text with `${…}`, so that no secret is stored (I7).
 */
export function storedTaskConfig(
  task: ConfigMap,
  plugin: ConnectorPlugin,
  raw: StoredConfig,
  resolved: ConfigMap
): StoredConfig {
  const stored = new Map<string, string>()
  for (const [key, value] of task) {
    const text = raw.get(key)
    const copied = text !== undefined && hasReference(text) && resolved.get(key) === value
    stored.set(key, copied ? text : value)
  }
  stored.set('task.class', plugin.taskClassName)
  if (plugin.type === 'sink') {
    for (const key of ['topics', 'topics.regex']) {
      const value = raw.get(key)
      if (value !== undefined) stored.set(key, value)
    }
  }
  return stored
}
