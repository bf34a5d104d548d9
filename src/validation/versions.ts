import type { ConfigDef } from '../config/config-def.ts'
import { inRange, rangeText } from '../config/version-range.ts'
import { ConfigError } from '../errors.ts'
import type { Plugin } from '../plugin/plugins.ts'

/** The framework's keys with the connector's version as default of `connector.plugin.version`. */
export function addVersionKey(definition: ConfigDef, version: string): ConfigDef {
  const key = definition['connector.plugin.version']
  return key === undefined
    ? definition
    : { ...definition, 'connector.plugin.version': { ...key, default: version } }
}

/** Asks for the newest version there is, as no version does. */
const LATEST = 'latest'

/** What is wrong with a version or range asked for (KIP-891), null when a plugin of the class lies in it or none is asked for. */
export function versionProblem(
  className: string,
  available: readonly Plugin[],
  range: string | null | undefined
): string | null {
  if (range === undefined || range === null || range === LATEST) return null
  try {
    if (available.some((plugin) => inRange(plugin.version, range))) return null
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return `Plugin ${className} not found that matches the version range ${rangeText(range)}, available versions: [${available.map((plugin) => plugin.version).join(', ')}]`
}
