import { protobufConverterPlugin } from '../../src/converters/protobuf/protobuf-converter.ts'
import type { Schema } from '../../src/data/schema.ts'
import { Struct } from '../../src/data/struct.ts'
import type { Converter, ConverterUse, SchemaAndValue } from '../../src/plugin/converter.ts'
import { uniqueName } from './environment.ts'
import {
  foreign as foreignRecord,
  registered as registerSchema,
  registryConverter,
  write
} from './registry-converter.ts'

export const NULLABLE = { 'optional.for.nullables': 'true' }

export const converter = (config: Record<string, string> = {}, use?: ConverterUse): Converter =>
  registryConverter(protobufConverterPlugin, config, use)

export const registered = (
  subject: string,
  schema: string,
  references: unknown[] = []
): Promise<number> => registerSchema(subject, { schemaType: 'PROTOBUF', schema, references })

/** A record as somebody else writes it: indexes and message in hexadecimal. */
export const foreign = (id: number, hex: string): Buffer =>
  foreignRecord(id, Buffer.from(hex.replaceAll(' ', ''), 'hex'))

/** Structs as objects, to compare them. */
export const plain = (value: unknown): unknown => {
  if (value instanceof Struct) {
    return Object.fromEntries(
      value.schema.fields.map(({ name, index }) => [name, plain(value.values[index])])
    )
  }
  return Array.isArray(value) ? value.map(plain) : value
}

/** What comes back of a value that was written. */
export async function there(
  schema: Schema,
  value: unknown,
  config: Record<string, string> = {}
): Promise<SchemaAndValue> {
  const topic = uniqueName('protobuf')
  const of = converter(config)
  return await of.toConnectData(topic, await write(of, topic, schema, value))
}
