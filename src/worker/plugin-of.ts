import type { ConfigMap } from '../config/config-def.ts'
import { ConfigError } from '../errors.ts'
import type { ConnectorPlugin, Plugins } from '../plugin/plugins.ts'
import { connectorClass } from '../settings/connector/connector-settings.ts'

/** The class of a connector, by its configuration with `${…}` resolved. Throws ConfigError. */
export function connectorPlugin(plugins: Plugins, config: ConfigMap): ConnectorPlugin {
  const className = connectorClass(config)
  if (className === null) {
    throw new ConfigError(
      'Missing required configuration "connector.class" which has no default value.'
    )
  }
  return plugins.connector(className.trim())
}
