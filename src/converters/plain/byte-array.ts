import { type ConfigMap, parseConfig } from '../../config/config-def.ts'
import { Schema } from '../../data/schema.ts'
import { kindOf, typeName } from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import type {
  ConverterPlugin,
  HeaderConverterPlugin,
  SchemaAndValue
} from '../../plugin/converter.ts'
import { KAFKA_VERSION } from '../../plugin/kafka-version.ts'
import { converterConfig, withConverterType } from './converter-config.ts'
import { headerPlugin, type SyncConverter } from './header-converter.ts'

/** Bytes, passed through as they are. */
class ByteArrayConverter implements SyncConverter {
  configure(config: ConfigMap, isKey: boolean, type?: 'header'): void {
    parseConfig(converterConfig, withConverterType(config, type ?? (isKey ? 'key' : 'value')))
  }

  fromConnectData(_topic: string, schema: Schema | null, value: unknown): Uint8Array | null {
    if (schema !== null && schema.type !== 'bytes') {
      throw new DataError(`Invalid schema type for ByteArrayConverter: ${typeName(schema)}`)
    }
    if (value === null || value === undefined) return null
    if (!(value instanceof Uint8Array)) {
      throw new DataError(`ByteArrayConverter is not compatible with ${kindOf(value)}`)
    }
    return value
  }

  toConnectData(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    return { schema: Schema.OPTIONAL_BYTES, value: bytes }
  }
}

export const byteArrayConverterPlugin: ConverterPlugin = {
  type: 'converter',
  className: 'org.apache.kafka.connect.converters.ByteArrayConverter',
  version: KAFKA_VERSION,
  config: converterConfig,
  create: () => new ByteArrayConverter()
}

export const byteArrayHeaderConverterPlugin: HeaderConverterPlugin = headerPlugin(
  byteArrayConverterPlugin,
  () => new ByteArrayConverter()
)
