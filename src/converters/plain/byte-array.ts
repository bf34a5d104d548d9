import { Schema } from '../../data/schema.ts'
import { kindOf, typeName } from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import type { SchemaAndValue } from '../../plugin/converter.ts'
import { converterConfig } from './converter-config.ts'
import { converterPlugins, type SyncConverter } from './header-converter.ts'

/** Bytes, passed through as they are. */
class ByteArrayConverter implements SyncConverter {
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

export const [byteArrayConverterPlugin, byteArrayHeaderConverterPlugin] = converterPlugins(
  'org.apache.kafka.connect.converters.ByteArrayConverter',
  converterConfig,
  () => new ByteArrayConverter()
)
