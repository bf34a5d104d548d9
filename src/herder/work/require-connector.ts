import { ConfigError, ConnectError, NotFoundError } from '../../errors.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import type { ClusterConfig, StoredConfig } from '../../storage/cluster-config.ts'
import type { ConnectorInfo } from '../herder.ts'
import { connectorClass } from '../../settings/connector/connector-settings.ts'

/** Throws the 404 clients know. */
export function requireConnector(snapshot: ClusterConfig, name: string): StoredConfig {
  const config = snapshot.connectorConfig(name)
  if (config === null) throw new NotFoundError(`Connector ${name} not found`)
  return config
}

export function requireStopped(snapshot: ClusterConfig, name: string): StoredConfig {
  const config = requireConnector(snapshot, name)
  if (snapshot.targetState(name) !== 'STOPPED' || snapshot.taskCount(name) !== 0) {
    throw new ConnectError(
      'BAD_REQUEST',
      `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`
    )
  }
  return config
}

/** `unknown`: no configuration, or a class this worker does not have. */
export function connectorType(
  plugins: Plugins,
  config: StoredConfig | null
): ConnectorInfo['type'] {
  const className = config === null ? null : connectorClass(config)
  if (className === null) return 'unknown'
  try {
    return plugins.connector(className).type
  } catch (error) {
    if (error instanceof ConfigError) return 'unknown'
    throw error
  }
}

export function connectorInfo(
  plugins: Plugins,
  name: string,
  config: StoredConfig,
  snapshot: ClusterConfig
): ConnectorInfo {
  return {
    name,
    config,
    tasks: snapshot.taskConfigs(name).map((_, task) => ({ connector: name, task })),
    type: connectorType(plugins, config)
  }
}
