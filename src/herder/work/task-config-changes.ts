import { type ClusterConfig, sameConfig, type StoredConfig } from '../../storage/cluster-config.ts'

/**
 * Whether generated task configurations have to be written. Besides the tasks themselves the connector
 * configuration they were made for is compared: settings of the framework reach tasks without being part of
 * their configuration. An incomplete set (compaction can leave one behind) is always written anew.
 */
export function taskConfigsChanged(
  snapshot: ClusterConfig,
  connector: string,
  configs: readonly StoredConfig[]
): boolean {
  if (snapshot.hasOutdatedTasks(connector)) return true
  if (snapshot.taskCount(connector) !== configs.length) return true
  if (
    !sameConfig(snapshot.appliedConnectorConfig(connector), snapshot.connectorConfig(connector))
  ) {
    return true
  }
  return configs.some((config, task) => !sameConfig(snapshot.taskConfig(connector, task), config))
}
