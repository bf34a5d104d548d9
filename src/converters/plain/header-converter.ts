import type { ConfigDef, ConfigMap } from '../../config/config-def.ts'
import type { Schema } from '../../data/schema.ts'
import type {
  Converter,
  ConverterPlugin,
  ConverterUse,
  HeaderConverter,
  HeaderConverterPlugin,
  SchemaAndValue
} from '../../plugin/converter.ts'
import { KAFKA_VERSION } from '../../plugin/kafka-version.ts'

/** A converter that answers at once, so that headers can be converted with it too. */
export interface SyncConverter extends Converter {
  fromConnectData(topic: string, schema: Schema | null, value: unknown): Uint8Array | null
  toConnectData(topic: string, bytes: Uint8Array | null): SchemaAndValue
}

/** The header form of a converter: same bytes, other life. */
function headersWith(converter: SyncConverter): HeaderConverter {
  return {
    fromConnectHeader: (topic, _key, schema, value) =>
      converter.fromConnectData(topic, schema, value),
    toConnectHeader: (topic, _key, bytes) => converter.toConnectData(topic, bytes)
  }
}

/** The converter and the header converter of one class name. */
export function converterPlugins(
  className: string,
  config: ConfigDef,
  create: (config: ConfigMap, use: ConverterUse | 'header') => SyncConverter
): [ConverterPlugin, HeaderConverterPlugin] {
  const both = { className, version: KAFKA_VERSION, config }
  return [
    { type: 'converter', ...both, create },
    {
      type: 'header_converter',
      ...both,
      create: (given) => headersWith(create(given, 'header'))
    }
  ]
}
