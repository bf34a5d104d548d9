import type { ConfigMap } from '../../config/config-def.ts'
import type { Schema } from '../../data/schema.ts'
import type {
  Converter,
  ConverterPlugin,
  HeaderConverter,
  HeaderConverterPlugin,
  SchemaAndValue
} from '../../plugin/converter.ts'

/** A converter that answers at once, so that headers can be converted with it too. */
export interface SyncConverter extends Converter {
  /** `type` beside `isKey`: the converter serves headers. */
  configure(config: ConfigMap, isKey: boolean, type?: 'header'): void
  fromConnectData(topic: string, schema: Schema | null, value: unknown): Uint8Array | null
  toConnectData(topic: string, bytes: Uint8Array | null): SchemaAndValue
}

/** The header form of a converter: same bytes, other life. */
class ConvertingHeaders implements HeaderConverter {
  readonly #converter: SyncConverter

  constructor(converter: SyncConverter) {
    this.#converter = converter
  }

  configure(config: ConfigMap): void {
    this.#converter.configure(config, false, 'header')
  }

  fromConnectHeader(
    topic: string,
    _key: string,
    schema: Schema | null,
    value: unknown
  ): Uint8Array | null {
    return this.#converter.fromConnectData(topic, schema, value)
  }

  toConnectHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.#converter.toConnectData(topic, bytes)
  }
}

/** The header converter of the same class name. */
export function headerPlugin(
  plugin: ConverterPlugin,
  create: () => SyncConverter
): HeaderConverterPlugin {
  return {
    type: 'header_converter',
    className: plugin.className,
    version: plugin.version,
    config: plugin.config,
    create: () => new ConvertingHeaders(create())
  }
}
