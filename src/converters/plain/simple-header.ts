import { parseLiteral } from '../../data/literals.ts'
import { Schema } from '../../data/schema.ts'
import { toLiteral } from '../../data/value-text.ts'
import { DataError } from '../../errors.ts'
import type {
  HeaderConverter,
  HeaderConverterPlugin,
  SchemaAndValue
} from '../../plugin/converter.ts'
import { KAFKA_VERSION } from '../../plugin/kafka-version.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Kafka Connect's default for headers: literals as text, read back as the narrowest type that fits. */
class SimpleHeaderConverter implements HeaderConverter {
  fromConnectHeader(
    _topic: string,
    _key: string,
    schema: Schema | null,
    value: unknown
  ): Uint8Array | null {
    if (value === null || value === undefined) return null
    const text = toLiteral(schema, value)
    if (!text.isWellFormed()) throw new DataError('A string with half a surrogate pair')
    return Buffer.from(text)
  }

  toConnectHeader(_topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return { schema: null, value: null }
    let text: string
    try {
      text = utf8.decode(bytes)
    } catch {
      // Not text: the bytes themselves are the value, so that nothing is lost (I5).
      return { schema: Schema.BYTES, value: bytes }
    }
    return parseLiteral(text)
  }
}

export const simpleHeaderConverterPlugin: HeaderConverterPlugin = {
  type: 'header_converter',
  className: 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
  version: KAFKA_VERSION,
  config: {},
  create: () => new SimpleHeaderConverter()
}
