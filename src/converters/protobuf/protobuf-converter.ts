import type { Parsed } from '../../config/config-def.ts'
import type { Schema } from '../../data/schema.ts'
import { DataError } from '../../errors.ts'
import type { ConverterPlugin } from '../../plugin/converter.ts'
import { KAFKA_VERSION } from '../../plugin/kafka-version.ts'
import type { ProtobufCodec } from './protobuf-codec.ts'
import { protobufConverterConfig } from './protobuf-config.ts'
import type { ProtobufFileOptions } from './protobuf-file.ts'
import type { ProtobufReaderOptions } from './protobuf-reader.ts'
import { readIndexes } from './protobuf-wire.ts'
import { parseConverterConfig } from '../plain/converter-config.ts'
import {
  HEAD_BYTES,
  type ReadPlan,
  type ReferencedSchema,
  RegistryConverter,
  type RegistryFormat,
  type WritePlan
} from '../registry/registry-converter.ts'
import type { RegisteredSchema } from '../registry/schema-registry.ts'

/** `io.confluent.connect.protobuf.ProtobufConverter`: magic byte, id, indexes of the message, Protobuf. */
class ProtobufFormat implements RegistryFormat {
  readonly type = 'PROTOBUF'
  readonly referencesMustExist: boolean
  readonly #skipKnown: boolean
  readonly #file: ProtobufFileOptions
  readonly #reader: ProtobufReaderOptions
  #codec: ProtobufCodec | null = null

  constructor(settings: Parsed<typeof protobufConverterConfig>) {
    const optionalForNullables = settings['optional.for.nullables']
    const wrapperForNullables = settings['wrapper.for.nullables']
    this.referencesMustExist = settings['reference.lookup.only']
    this.#skipKnown = settings['skip.known.types']
    this.#file = {
      scrubNames: settings['scrub.invalid.names'],
      optionalForNullables,
      wrapperForNullables
    }
    this.#reader = {
      optionalForNullables,
      wrapperForNullables,
      enhanced: settings['enhanced.protobuf.schema.support'],
      generalizedSumTypes: settings['generalized.sum.type.support'],
      intForEnums: settings['int.for.enums'],
      optionalForProto2: settings['optional.for.proto2'],
      wrapperForRawPrimitives: settings['wrapper.for.raw.primitives'],
      indexForUnions: settings['generate.index.for.unions'],
      flattenUnions: settings['flatten.unions']
    }
  }

  writeFailed(topic: string): string {
    return `Failed to serialize Protobuf data from topic ${topic} : `
  }

  readFailed(topic: string): string {
    return `Failed to deserialize data for topic ${topic} to Protobuf: `
  }

  writesNull(): boolean {
    return false
  }

  async load(): Promise<void> {
    if (this.#codec !== null) return
    const { ProtobufCodec: Codec } = await import('./protobuf-codec.ts')
    this.#codec ??= new Codec()
  }

  #loaded(): ProtobufCodec {
    if (this.#codec === null) throw new DataError('The Protobuf codec is not loaded')
    return this.#codec
  }

  headBytes(record: Buffer): number {
    return HEAD_BYTES + readIndexes(record, HEAD_BYTES).length
  }

  writePlan(schema: Schema | null): WritePlan {
    return this.#loaded().writePlan(schema, this.#file, this.#skipKnown)
  }

  readPlan(
    registered: RegisteredSchema,
    references: readonly ReferencedSchema[],
    record: Buffer,
    versionIn: (recordName: string | null) => Promise<number | undefined>
  ): Promise<ReadPlan> {
    return this.#loaded().readPlan(registered, references, record, versionIn, this.#reader)
  }
}

export const protobufConverterPlugin: ConverterPlugin = {
  type: 'converter',
  className: 'io.confluent.connect.protobuf.ProtobufConverter',
  version: KAFKA_VERSION,
  config: protobufConverterConfig,
  create(config, use) {
    const settings = parseConverterConfig(protobufConverterConfig, config, use)
    return new RegistryConverter(new ProtobufFormat(settings), settings, config, use)
  }
}
