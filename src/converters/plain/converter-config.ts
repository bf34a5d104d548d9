import { configDef } from '../../config/config-def.ts'

/** The key every converter of Kafka but SimpleHeaderConverter has; the worker fills it in. */
export const converterConfig = configDef({
  'converter.type': {
    type: 'string',
    oneOf: ['key', 'value', 'header'],
    importance: 'low',
    doc: 'What the converter is used for. Set by the worker.'
  }
})

/** The configuration with `converter.type` as the worker uses the converter. */
export function withConverterType(
  config: ReadonlyMap<string, string>,
  type: 'key' | 'value' | 'header'
): Map<string, string> {
  return new Map(config).set('converter.type', type)
}
