import { type Parsed, configDef } from '../../config/config-def.ts'
import type { Schema } from '../../data/schema.ts'
import { checkValue } from '../../data/values.ts'
import { ConfigError, DataError } from '../../errors.ts'
import type { SchemaAndValue } from '../../plugin/converter.ts'
import { converterConfig, parseConverterConfig } from '../plain/converter-config.ts'
import { converterPlugins, type SyncConverter } from '../plain/header-converter.ts'
import { JsonDecoders } from './json-decoder.ts'
import { JsonEncoders } from './json-encoder.ts'
import { isJsonObject, type JsonNode, member, parseJson } from '../../data/json-node.ts'
import { endOfObject } from './envelope-schema.ts'
import type { PlainStructs } from './plain-structs.ts'
import { schemaFromJson, schemaToJson } from './envelope-schema.ts'

const jsonConverterConfig = configDef({
  ...converterConfig,
  'schemas.enable': {
    type: 'boolean',
    default: true,
    importance: 'high',
    group: 'Schemas',
    orderInGroup: 0,
    width: 'medium',
    displayName: 'Enable Schemas',
    doc: 'Whether each key and value carries its schema beside its payload.'
  },
  'schemas.cache.size': {
    type: 'int',
    default: 1000,
    importance: 'high',
    group: 'Schemas',
    orderInGroup: 1,
    width: 'medium',
    displayName: 'Schema Cache Size',
    doc: 'How many schemas read from records are kept in memory.'
  },
  'schema.content': {
    type: 'string',
    default: null,
    importance: 'high',
    group: 'Schemas',
    orderInGroup: 2,
    width: 'medium',
    displayName: 'Schema Content',
    doc: 'A schema in JSON that applies to every record read, which then hold only payloads. Used by sink connectors, with schemas.enable.'
  },
  'decimal.format': {
    type: 'string',
    default: 'BASE64',
    oneOfIgnoreCase: ['NUMERIC', 'BASE64'],
    importance: 'low',
    group: 'Serialization',
    orderInGroup: 0,
    width: 'medium',
    displayName: 'Decimal Format',
    doc: 'Decimals as base64 of their unscaled bytes (BASE64) or as JSON numbers (NUMERIC). Case does not matter.'
  },
  'replace.null.with.default': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Serialization',
    orderInGroup: 1,
    width: 'medium',
    displayName: 'Replace null with default',
    doc: 'Whether null in a field that has a default becomes that default. Otherwise it stays null.'
  }
})

const NOT_AN_ENVELOPE =
  'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields. If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.'
const READ_FAILED = 'Converting byte[] to Kafka Connect data failed due to serialization error: '
const HEAD = '{"schema":'
const MIDDLE = ',"payload":'
const CLOSE_BRACE = 0x7d
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A beginning of records, up to their payload, and what the schema in it says. */
interface Head {
  readonly text: string
  readonly bytes: Buffer
  readonly schema: Schema | null
  readonly plain: PlainStructs | null
}

/** Values ↔ JSON, byte for byte as the JVM's JsonConverter writes it. */
class JsonConverter implements SyncConverter {
  readonly #schemasEnabled: boolean
  readonly #cacheSize: number
  readonly #fixedSchema: Schema | null
  readonly #encoders: JsonEncoders
  readonly #decoders: JsonDecoders
  /** `{"schema":…,"payload":` by schema object. */
  readonly #envelopes = new WeakMap<Schema, string>()
  /** Schemas read, by their JSON text; oldest use first. */
  readonly #schemas = new Map<string, Schema | null>()
  /** Of the record read last: the next one mostly begins alike. */
  #lastHead: Head | null = null

  constructor(settings: Parsed<typeof jsonConverterConfig>) {
    const replaceNullWithDefault = settings['replace.null.with.default']
    this.#schemasEnabled = settings['schemas.enable']
    this.#cacheSize = settings['schemas.cache.size']
    const decimals = settings['decimal.format'].toUpperCase() === 'NUMERIC' ? 'NUMERIC' : 'BASE64'
    this.#encoders = new JsonEncoders({ decimals, replaceNullWithDefault })
    this.#decoders = new JsonDecoders({ replaceNullWithDefault })
    this.#fixedSchema = this.#parseFixedSchema(settings['schema.content'])
  }

  fromConnectData(_topic: string, schema: Schema | null, value: unknown): Uint8Array | null {
    if (schema === null && (value === null || value === undefined)) return null
    let text: string
    try {
      text = this.#encoders.of(schema)(value)
    } catch (error) {
      // The encoders are fast because they do not know where they are; the slow check does and throws the
      // better error.
      if (schema !== null && error instanceof DataError) checkValue(schema, value)
      throw error
    }
    return Buffer.from(this.#schemasEnabled ? `${this.#envelope(schema)}${text}}` : text)
  }

  toConnectData(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return { schema: null, value: null }
    const alike = this.#readAlike(bytes)
    if (alike !== null) return alike
    const text = decodeText(bytes)
    if (!this.#schemasEnabled) return this.#read(null, parseText(text))
    if (this.#fixedSchema !== null) return this.#read(this.#fixedSchema, parseText(text))
    return this.#readPlainEnvelope(text) ?? this.#readEnvelope(parseText(text))
  }

  #read(schema: Schema | null, payload: JsonNode | undefined): SchemaAndValue {
    return { schema, value: this.#decoders.of(schema)(payload) }
  }

  /**
   * What begins as the record before it did is compared byte by byte, and read without any other look at its
   * schema; null where something is unusual.
   */
  #readAlike(bytes: Uint8Array): SchemaAndValue | null {
    const head = this.#lastHead
    if (head === null || head.plain === null) return null
    const [start, end] = [head.bytes.length, bytes.length - 1]
    if (end <= start || bytes[end] !== CLOSE_BRACE) return null
    if (head.bytes.compare(bytes, 0, start) !== 0) return null
    const payload = asBuffer(bytes).toString('utf8', start, end)
    // Where the bytes are no UTF-8 there is such a character, and the strict decoder decides.
    if (payload.includes('\uFFFD')) return null
    const value = head.plain.read(payload)
    return value === null ? null : { schema: head.schema, value }
  }

  /**
   * The form every producer of ours and of the JVM writes: schema first, no blanks around it. Null for
   * others.
   */
  #readPlainEnvelope(text: string): SchemaAndValue | null {
    if (!text.endsWith('}')) return null
    let head = this.#lastHead
    if (head === null || !text.startsWith(head.text)) {
      if (!text.startsWith(HEAD)) return null
      const end = endOfObject(text, HEAD.length)
      if (end < 0 || !text.startsWith(MIDDLE, end)) return null
      const schemaText = text.slice(HEAD.length, end)
      const schema = this.#cached(schemaText, () => parseText(schemaText))
      head = this.#head(text.slice(0, end + MIDDLE.length), schema)
      this.#lastHead = head
    }
    const payload = text.slice(head.text.length, -1)
    let node: JsonNode | undefined
    try {
      node = parseJson(payload)
    } catch (error) {
      if (error instanceof DataError) return null
      throw error
    }
    return node === undefined ? null : this.#read(head.schema, node)
  }

  #head(text: string, schema: Schema | null): Head {
    return { text, bytes: Buffer.from(text), schema, plain: this.#decoders.plain(schema) }
  }

  #readEnvelope(node: JsonNode | undefined): SchemaAndValue {
    if (node === undefined || !isJsonObject(node) || Object.keys(node).length !== 2) {
      throw new DataError(NOT_AN_ENVELOPE)
    }
    const schemaNode = member(node, 'schema')
    const payload = member(node, 'payload')
    if (schemaNode === undefined || payload === undefined) throw new DataError(NOT_AN_ENVELOPE)
    return this.#read(
      this.#cached(JSON.stringify(schemaNode), () => schemaNode),
      payload
    )
  }

  /** The schema of that text, from the cache of the `schemas.cache.size` used last. */
  #cached(text: string, node: () => JsonNode | undefined): Schema | null {
    let schema = this.#schemas.get(text)
    if (schema === undefined) schema = schemaFromJson(node(), this.#decoders)
    else this.#schemas.delete(text)
    this.#schemas.set(text, schema)
    for (const oldest of this.#schemas.keys()) {
      if (this.#schemas.size <= this.#cacheSize) break
      this.#schemas.delete(oldest)
    }
    return schema
  }

  #envelope(schema: Schema | null): string {
    if (schema === null) return `${HEAD}null${MIDDLE}`
    let text = this.#envelopes.get(schema)
    if (text === undefined) {
      text = `${HEAD}${schemaToJson(schema, this.#encoders)}${MIDDLE}`
      this.#envelopes.set(schema, text)
    }
    return text
  }

  #parseFixedSchema(content: string | null): Schema | null {
    if (content === null || content === '') return null
    try {
      return schemaFromJson(parseJson(content), this.#decoders)
    } catch (error) {
      throw new ConfigError(
        'Failed to parse schema in converter config due to serialization error: ',
        { cause: error }
      )
    }
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw new DataError(`${READ_FAILED}the bytes are not UTF-8`, { cause: error })
  }
}

function parseText(text: string): JsonNode | undefined {
  try {
    return parseJson(text)
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    throw new DataError(`${READ_FAILED}${error.message}`, { cause: error })
  }
}

export const [jsonConverterPlugin, jsonHeaderConverterPlugin] = converterPlugins(
  'org.apache.kafka.connect.json.JsonConverter',
  jsonConverterConfig,
  (config, use) => new JsonConverter(parseConverterConfig(jsonConverterConfig, config, use))
)
