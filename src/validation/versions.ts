import type { ConfigDef } from '../config/config-def.ts'

/** The framework's keys with the connector's version as default of `connector.plugin.version`. */
export function addVersionKey(definition: ConfigDef, version: string): ConfigDef {
  const key = definition['connector.plugin.version']
  return key === undefined
    ? definition
    : { ...definition, 'connector.plugin.version': { ...key, default: version } }
}
