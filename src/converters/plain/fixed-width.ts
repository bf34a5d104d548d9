import type { Schema } from '../../data/schema.ts'
import { kindOf, typeName } from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import type {
  ConverterPlugin,
  HeaderConverterPlugin,
  SchemaAndValue
} from '../../plugin/converter.ts'
import { converterConfig } from './converter-config.ts'
import { converterPlugins, type SyncConverter } from './header-converter.ts'

/** What makes one of Kafka's converters with a fixed number of bytes. */
interface FixedWidth {
  /** `Long` for `org.apache.kafka.connect.converters.LongConverter`. */
  readonly name: string
  readonly bytes: number
  /**
   * Whether null is accepted whatever its schema: so do Kafka's number converters, its boolean converter does
   * not.
   */
  readonly nullOfAnySchema: boolean
  /** Optional schema of the values read. */
  readonly schema: Schema
  /** Whether the value belongs to the type, in range. */
  readonly fits: (value: unknown) => boolean
  readonly write: (target: Buffer, value: unknown) => void
  /** Throws DataError when the bytes mean nothing. */
  readonly read: (source: Buffer) => unknown
}

class FixedWidthConverter implements SyncConverter {
  readonly #kind: FixedWidth

  constructor(kind: FixedWidth) {
    this.#kind = kind
  }

  fromConnectData(_topic: string, schema: Schema | null, value: unknown): Uint8Array | null {
    const { name, fits, write } = this.#kind
    const isNull = value === null || value === undefined
    if (isNull && this.#kind.nullOfAnySchema) return null
    if (schema !== null && schema.type !== this.#kind.schema.type) {
      throw new DataError(`Invalid schema type for ${name}Converter: ${typeName(schema)}`)
    }
    if (isNull) return null
    if (!fits(value)) throw new DataError(`Failed to serialize to ${name}: found ${kindOf(value)}`)
    const target = Buffer.alloc(this.#kind.bytes)
    write(target, value)
    return target
  }

  toConnectData(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    const { schema, name, read } = this.#kind
    if (bytes === null) return { schema, value: null }
    if (bytes.length !== this.#kind.bytes) {
      throw new DataError(
        `Failed to deserialize: ${name} takes ${this.#kind.bytes} bytes, found ${bytes.length}`
      )
    }
    return { schema, value: read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) }
  }
}

/** The converter and the header converter of one kind. */
export function fixedWidthPlugins(kind: FixedWidth): [ConverterPlugin, HeaderConverterPlugin] {
  const className = `org.apache.kafka.connect.converters.${kind.name}Converter`
  return converterPlugins(className, converterConfig, () => new FixedWidthConverter(kind))
}
