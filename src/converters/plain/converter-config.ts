import { configDef, type ConfigDef, type ConfigMap, parseConfig } from '../../config/config-def.ts'
import type { Parsed } from '../../config/config-def.ts'
import type { ConverterUse } from '../../plugin/converter.ts'

/** The key every converter of Kafka but SimpleHeaderConverter has. */
export const converterConfig = configDef({
  'converter.type': {
    type: 'string',
    oneOf: ['key', 'value', 'header'],
    importance: 'low',
    doc: 'What the converter is used for. Set by the worker.'
  }
})

/**
 * The settings of a converter that is made for this use, whatever `converter.type` was given. Throws
 * ConfigError.
 */
export function parseConverterConfig<D extends ConfigDef>(
  definition: D,
  config: ConfigMap,
  use: ConverterUse | 'header'
): Parsed<D> {
  return parseConfig(definition, new Map(config).set('converter.type', use))
}
