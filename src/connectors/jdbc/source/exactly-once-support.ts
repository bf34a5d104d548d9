import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import { ConfigError } from '../../../errors.ts'
import { sourceSettings } from '../settings/source-settings.ts'

/**
 * Supported where the position in a record says which rows were read before it: in every mode but bulk, for
 * tables and queries alike. Rows of transactions that may still be rolled back are nothing to rely on.
 */
export function exactlyOnceSupport(
  config: ConfigMap,
  definition: ConfigDef
): 'supported' | 'unsupported' {
  try {
    const { copiesTables, tableModes, queries, connection } = sourceSettings(config, definition)
    const modes = [
      ...(copiesTables ? tableModes : []),
      ...queries.map(({ settings }) => settings.mode)
    ]
    return modes.includes('bulk') || connection.isolation === 'READ_UNCOMMITTED'
      ? 'unsupported'
      : 'supported'
  } catch (error) {
    // What is wrong with the configuration is said beside the keys it is about.
    if (error instanceof ConfigError) return 'supported'
    throw error
  }
}
