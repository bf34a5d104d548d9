import type { Parsed } from '../../config/config-def.ts'
import type { Schema } from '../../data/schema.ts'
import { DataError } from '../../errors.ts'
import type { ConverterPlugin } from '../../plugin/converter.ts'
import { KAFKA_VERSION } from '../../plugin/kafka-version.ts'
import { JsonDecoders } from '../json/json-decoder.ts'
import { JsonEncoders } from '../json/json-encoder.ts'
import { isJsonObject, type JsonNode, member, parseJson } from '../../data/json-node.ts'
import { jsonSchemaConverterConfig, type SpecVersion } from './json-schema-config.ts'
import { isJsonUnion } from './json-schema-names.ts'
import { JsonSchemaReader } from './json-schema-reader.ts'
import { JsonSchemaValidator, type Validate } from './json-schema-validator.ts'
import { ANYTHING_TEXT, jsonSchemaText } from './json-schema-writer.ts'
import { parseConverterConfig } from '../plain/converter-config.ts'
import {
  HEAD_BYTES,
  type ReadPlan,
  type ReferencedSchema,
  RegistryConverter,
  type RegistryFormat,
  type Write,
  type WritePlan
} from '../registry/registry-converter.ts'
import type { RegisteredSchema } from '../registry/schema-registry.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** `io.confluent.connect.json.JsonSchemaConverter`: JSON behind the id of its JSON Schema. */
class JsonSchemaFormat implements RegistryFormat {
  readonly type = 'JSON'
  readonly #settings: Parsed<typeof jsonSchemaConverterConfig>
  readonly #encoders: JsonEncoders
  readonly #decoders: JsonDecoders
  #validator: JsonSchemaValidator | null = null

  constructor(settings: Parsed<typeof jsonSchemaConverterConfig>) {
    this.#settings = settings
    const format = (settings['json.decimal.format'] ?? settings['decimal.format']).toUpperCase()
    const options = {
      decimals: format === 'NUMERIC' ? 'NUMERIC' : 'BASE64',
      replaceNullWithDefault: settings['ignore.default.for.nullables'] ? 'required' : true,
      mapEntries: 'objects',
      isUnion: isJsonUnion
    } as const
    this.#encoders = new JsonEncoders(options)
    this.#decoders = new JsonDecoders(options)
  }

  writeFailed(topic: string): string {
    return `Converting Kafka Connect data to byte[] failed due to serialization error of topic ${topic}: `
  }

  readFailed(topic: string): string {
    return `Converting byte[] to Kafka Connect data failed due to serialization error of topic ${topic}: `
  }

  writesNull(schema: Schema | null): boolean {
    return schema !== null
  }

  async load(): Promise<void> {
    const settings = this.#settings
    if (settings['json.fail.invalid.schema'] || !settings['auto.register.schemas']) {
      const dialect = settings['json.schema.spec.version'].toLowerCase() as SpecVersion
      this.#validator ??= await JsonSchemaValidator.load(dialect)
    }
  }

  writePlan(schema: Schema | null): WritePlan {
    const text =
      schema === null
        ? ANYTHING_TEXT
        : jsonSchemaText(schema, {
            additionalProperties: this.#settings['object.additional.properties'],
            encoders: this.#encoders
          })
    const encode = this.#encoders.of(schema)
    const write = (validate: Validate | null): Write => {
      return (id, value) => {
        const json = encode(value)
        validate?.(json)
        return record(id, json)
      }
    }
    return {
      schema: text,
      dependencies: [],
      recordName: schema?.name ?? null,
      write: write(this.#check(text, [])),
      // The same bytes: a record that is what the other schema says needs no other ones.
      fit: (theirs, references) =>
        write(this.#validator?.compile(theirs.schema, references) ?? null)
    }
  }

  #check(schema: string, references: readonly ReferencedSchema[]): Validate | null {
    if (!this.#settings['json.fail.invalid.schema']) return null
    return this.#validator?.compile(schema, references) ?? null
  }

  async readPlan(
    registered: RegisteredSchema,
    references: readonly ReferencedSchema[],
    _record: Buffer,
    versionIn: (recordName: string | null) => Promise<number | undefined>
  ): Promise<ReadPlan> {
    const root = documentOf(registered.schema)
    const documents = new Map(references.map(({ name, schema }) => [name, documentOf(schema)]))
    const title = isJsonObject(root) ? member(root, 'title') : undefined
    const version = await versionIn(typeof title === 'string' ? title : null)
    const reader = new JsonSchemaReader(root, documents, {
      generalizedSumTypes: this.#settings['generalized.sum.type.support'],
      optionalForNonRequired: this.#settings['use.optional.for.nonrequired'],
      decoders: this.#decoders
    })
    const schema = reader.read(version)
    const decode = this.#decoders.of(schema)
    const validate = this.#check(registered.schema, references)
    return {
      schema,
      read(bytes) {
        const json = textOf(bytes)
        validate?.(json)
        return decode(parseJson(json))
      }
    }
  }
}

function record(id: number, json: string): Buffer {
  if (!json.isWellFormed()) throw new DataError('A string with half a surrogate pair')
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + Buffer.byteLength(json))
  bytes[0] = 0
  bytes.writeInt32BE(id, 1)
  bytes.write(json, HEAD_BYTES)
  return bytes
}

function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes.subarray(HEAD_BYTES))
  } catch (error) {
    throw new DataError('The record is not UTF-8', { cause: error })
  }
}

function documentOf(text: string): JsonNode {
  const node = parseJson(text)
  if (node === undefined) throw new DataError('The JSON Schema in the registry is empty')
  return node
}

export const jsonSchemaConverterPlugin: ConverterPlugin = {
  type: 'converter',
  className: 'io.confluent.connect.json.JsonSchemaConverter',
  version: KAFKA_VERSION,
  config: jsonSchemaConverterConfig,
  create(config, use) {
    const settings = parseConverterConfig(jsonSchemaConverterConfig, config, use)
    return new RegistryConverter(new JsonSchemaFormat(settings), settings, config, use)
  }
}
