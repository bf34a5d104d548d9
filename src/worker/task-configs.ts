import type { ConfigMap } from '../config/config-def.ts'
import { ConfigError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { ConnectorPlugin } from '../plugin/plugins.ts'
import { hasReference } from '../config/reference-syntax.ts'
import { type TaskLimit, topicsAsGiven } from '../settings/connector/connector-settings.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'

/** More tasks than `tasks.max` fail the connector unless `tasks.max.enforce=false` (KIP-1004). */
export function checkTaskCount(
  connector: string,
  { max, enforced }: TaskLimit,
  count: number,
  log: Logger
): void {
  if (count <= max) return
  const text = `The connector ${connector} has generated ${count} tasks, more than the ${max} that tasks.max allows`
  if (!enforced) {
    log.warn(`${text}; tasks.max.enforce=false lets them run`)
    return
  }
  throw new ConfigError(`${text}. Raise tasks.max, or have the connector's author respect it.`, {
    connector,
    tooManyTasks: true
  })
}

/**
 * A task configuration as it is stored: the class of the task and the topics of the connector are added, as
 * they were given (those of a source mean nothing, but the JVM worker adds them, too); a value that the
 * connector copied from its resolved configuration goes back to the text with `${…}`, so that no secret is
 * stored (I7).
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
  for (const [key, value] of topicsAsGiven(raw)) stored.set(key, value)
  return stored
}
