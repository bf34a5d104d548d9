import type { ConfigDef } from '../config/config-def.ts'
import { inRange, rangeText } from '../config/version-range.ts'
import type { Plugin } from '../plugin/plugins.ts'

/** The framework's keys with the connector's version as default of `connector.plugin.version`. */
export function addVersionKey(definition: ConfigDef, version: string): ConfigDef {
  const key = definition['connector.plugin.version']
  return key === undefined
    ? definition
    : { ...definition, 'connector.plugin.version': { ...key, default: version } }
}

/** What is wrong with a version asked for (KIP-891), null when a plugin of the class has it or none is asked for. Throws ConfigError for a broken range. */
export function versionProblem(
  className: string,
  available: readonly Plugin[],
  range: string | null | undefined
): string | null {
  if (range === undefined || range === null) return null
  if (available.some((plugin) => inRange(plugin.version, range))) return null
  return `Plugin ${className} not found that matches the version range ${rangeText(range)}, available versions: [${available.map((plugin) => plugin.version).join(', ')}]`
}
