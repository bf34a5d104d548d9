import type { Parsed } from '../../config/config-def.ts'
import type { Schema } from '../../data/schema.ts'
import { DataError } from '../../errors.ts'
import type { ConverterPlugin } from '../../plugin/converter.ts'
import { KAFKA_VERSION } from '../../plugin/kafka-version.ts'
import { ANYTHING_TEXT, isAnything, writeAnything } from './avro-anything.ts'
import { avroConverterConfig } from './avro-config.ts'
import { ConnectSchemas, type ConnectSchemaOptions } from './connect-from-avro.ts'
import { AvroInput, avroReader, readAnything } from './avro-decoder.ts'
import { AvroEncoders } from './avro-encoder.ts'
import { ANYTHING_NAME } from './avro-names.ts'
import { type AvroNode, fullNameOf, parseAvro } from './avro-node.ts'
import { AvroOutput } from './avro-output.ts'
import { checkAvro, rewriter } from './avro-rewriter.ts'
import { type AvroSchemaOptions, avroSchemaText } from './avro-from-connect.ts'
import { parseJson } from '../../data/json-node.ts'
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

/** `io.confluent.connect.avro.AvroConverter`. */
class AvroFormat implements RegistryFormat {
  readonly type = 'AVRO'
  readonly #schemas: AvroSchemaOptions
  readonly #connectSchemas: ConnectSchemaOptions
  readonly #encoders: AvroEncoders
  readonly #out = new AvroOutput()

  constructor(settings: Parsed<typeof avroConverterConfig>) {
    const enhanced = settings['enhanced.avro.schema.support']
    const metaData = settings['connect.meta.data']
    const optionalMapKeys = settings['allow.optional.map.keys']
    const ignoreDefaultForNullables = settings['ignore.default.for.nullables']
    const scrubNames = settings['scrub.invalid.names']
    this.#schemas = { enhanced, scrubNames, metaData, optionalMapKeys }
    this.#connectSchemas = { enhanced, metaData }
    this.#encoders = new AvroEncoders({ enhanced, optionalMapKeys, ignoreDefaultForNullables })
  }

  writeFailed(topic: string): string {
    return `Failed to serialize Avro data from topic ${topic} : `
  }

  readFailed(topic: string): string {
    return `Failed to deserialize data for topic ${topic} to Avro: `
  }

  writesNull(schema: Schema | null): boolean {
    if (schema === null || schema.optional) return false
    throw new DataError('Found null value for non-optional schema')
  }

  writePlan(schema: Schema | null): WritePlan {
    const text = schema === null ? ANYTHING_TEXT : avroSchemaText(schema, this.#schemas)
    checkAvro(text)
    const writeValue = schema === null ? writeAnything : this.#encoders.of(schema)
    const out = this.#out
    const write: Write = (id, value) => {
      out.start()
      writeValue(out, value)
      return out.finish(id)
    }
    return {
      schema: text,
      dependencies: [],
      recordName:
        schema === null ? ANYTHING_NAME : recordNameOf(parseAvro(parseJson(text), new Map())),
      write,
      fit(theirs, references) {
        const texts = references.map((reference) => reference.schema)
        const rewrite = rewriter(text, theirs.schema, texts)
        return rewrite === null ? write : (id, value) => rewrite(write(id, value))
      }
    }
  }

  async readPlan(
    registered: RegisteredSchema,
    references: readonly ReferencedSchema[],
    _record: Buffer,
    versionIn: (recordName: string | null) => Promise<number | undefined>
  ): Promise<ReadPlan> {
    const names = new Map<string, AvroNode>()
    for (const { schema } of references) parseAvro(parseJson(schema), names)
    const node = parseAvro(parseJson(registered.schema), names)
    if (isAnything(node)) return { schema: null, read: whole(readAnything) }
    const version = await versionIn(recordNameOf(node))
    const schema = new ConnectSchemas(this.#connectSchemas).of(node, version)
    return { schema, read: whole(avroReader(node, schema)) }
  }
}

/** Reads a record to its end. */
function whole(read: (input: AvroInput) => unknown): (record: Buffer) => unknown {
  return (record) => {
    const input = new AvroInput(record, HEAD_BYTES)
    const value = read(input)
    if (input.left > 0) {
      throw new DataError(`The record has ${input.left} bytes behind its last value`)
    }
    return value
  }
}

function recordNameOf(node: AvroNode): string | null {
  const record = node.type === 'union' ? node.branches?.find(({ type }) => type === 'record') : node
  return record?.type === 'record' ? fullNameOf(record) : null
}

export const avroConverterPlugin: ConverterPlugin = {
  type: 'converter',
  className: 'io.confluent.connect.avro.AvroConverter',
  version: KAFKA_VERSION,
  config: avroConverterConfig,
  create(config, use) {
    const settings = parseConverterConfig(avroConverterConfig, config, use)
    return new RegistryConverter(new AvroFormat(settings), settings, config, use)
  }
}
