import type { Schema } from '../../data/schema.ts'
import { DataError } from '../../errors.ts'
import { type ProtobufFileOptions, protobufFile } from './protobuf-file.ts'
import { KNOWN_FILES } from './protobuf-known-files.ts'
import { type ProtobufReaderOptions, protobufReader } from './protobuf-reader.ts'
import { protobufTypes, typeName } from './protobuf-types.ts'
import { indexBytes, ProtobufInput, ProtobufOutput, readIndexes } from './protobuf-wire.ts'
import { protobufWriter } from './protobuf-writer.ts'
import {
  type Dependency,
  HEAD_BYTES,
  type ReadPlan,
  type ReferencedSchema,
  type Write,
  type WritePlan
} from '../registry/registry-converter.ts'
import type { RegisteredSchema } from '../registry/schema-registry.ts'

/**
 * What ProtobufConverter does with schemas and bytes; loaded when the first record comes, and protobufjs with
 * it.
 */
export class ProtobufCodec {
  readonly #out = new ProtobufOutput()

  writePlan(schema: Schema | null, options: ProtobufFileOptions, skipKnown: boolean): WritePlan {
    if (schema === null) throw new DataError('Protobuf needs a schema: a value has none')
    const file = protobufFile(schema, options)
    const write = (text: string, references: readonly ReferencedSchema[]): Write => {
      const { type, indexes } = protobufTypes(text, references).named(file.messageName)
      const writeValue = protobufWriter(schema, type, options.scrubNames)
      const head = indexBytes(indexes)
      const out = this.#out
      return (id, value) => {
        out.start()
        out.fixed(head)
        writeValue(out, value)
        return out.finish(id)
      }
    }
    return {
      schema: file.text,
      dependencies: skipKnown ? [] : file.imports.map(dependency),
      recordName: file.messageName,
      write: write(file.text, []),
      fit: (theirs, references) => write(theirs.schema, references)
    }
  }

  async readPlan(
    registered: RegisteredSchema,
    references: readonly ReferencedSchema[],
    record: Buffer,
    versionIn: (recordName: string | null) => Promise<number | undefined>,
    options: ProtobufReaderOptions
  ): Promise<ReadPlan> {
    const { indexes, length } = readIndexes(record, HEAD_BYTES)
    const type = protobufTypes(registered.schema, references).at(indexes)
    const version = await versionIn(typeName(type))
    const { schema, read } = protobufReader(type, options, version)
    const start = HEAD_BYTES + length
    return { schema, read: (bytes) => read(new ProtobufInput(bytes, start)) }
  }
}

/** Throws DataError for a file that cannot be given to the registry. */
function dependency(name: string): Dependency {
  const known = KNOWN_FILES.get(name)
  if (known === undefined) throw new DataError(`No text of ${name}`)
  // Options are described by a file of Protobuf itself, which every registry and reader has.
  const inner = known.imports.filter((file) => KNOWN_FILES.has(file))
  return { name, schema: known.text, dependencies: inner.map(dependency) }
}
