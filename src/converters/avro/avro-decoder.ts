import { DECIMAL_NAME, Decimal } from '../../data/logical-types.ts'
import type { Schema } from '../../data/schema.ts'
import { Struct } from '../../data/struct.ts'
import { int64, isSmallInteger, scaleOf } from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import { isMapEntry, optionalBranch } from './connect-from-avro.ts'
import type { AvroNode, AvroPrimitive } from './avro-node.ts'
import { RecordInput } from '../registry/record-input.ts'

/** Avro's binary encoding. */
export class AvroInput extends RecordInput {
  /** number while it is a safe integer, bigint beyond (D5). */
  long(): number | bigint {
    const zigzag = this.varint()
    if (typeof zigzag === 'number') {
      if (zigzag < 0x8000_0000) return (zigzag >>> 1) ^ -(zigzag & 1)
      return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    }
    return int64((zigzag >> 1n) ^ -(zigzag & 1n))
  }

  /** A length or an index. */
  count(): number {
    return Number(this.long())
  }
}

type AvroRead = (input: AvroInput) => unknown

/**
 * The reader of an Avro type that answers values of this Connect schema; `schema` is what ConnectSchemas made
 * of `node`.
 */
export function avroReader(node: AvroNode, schema: Schema): AvroRead {
  switch (node.type) {
    case 'union':
      return unionReader(node, schema)
    case 'record':
      return recordReader(node, schema)
    case 'array':
      return isMapEntry(node.items) ? entriesReader(node, schema) : arrayReader(node, schema)
    case 'map':
      return mapReader(node, schema)
    case 'enum': {
      const { symbols = [] } = node
      return (input) => {
        const symbol = symbols[input.count()]
        if (symbol === undefined) throw new DataError('An enum symbol its schema does not have')
        return symbol
      }
    }
    case 'bytes':
    case 'fixed':
      return bytesReader(node, schema)
    case 'null':
    case 'boolean':
    case 'int':
    case 'long':
    case 'float':
    case 'double':
    case 'string':
      return primitiveReader(node.type, schema)
  }
}

function primitiveReader(type: Exclude<AvroPrimitive, 'bytes'>, schema: Schema): AvroRead {
  switch (type) {
    case 'boolean':
      return (input) => input.byte() !== 0
    case 'float':
      return (input) => input.float()
    case 'double':
      return (input) => input.double()
    case 'string':
      return (input) => input.text(input.count())
    case 'long':
      return (input) => input.long()
    case 'int': {
      const limit = schema.type === 'int8' || schema.type === 'int16' ? schema.type : 'int32'
      return (input) => {
        const value = input.long()
        if (!isSmallInteger(limit, value)) throw new DataError(`A number beyond ${limit}`)
        return value
      }
    }
    case 'null':
      return () => null
  }
}

function bytesReader(node: AvroNode, schema: Schema): AvroRead {
  if (schema.name !== DECIMAL_NAME) return (input) => input.bytes(node.size ?? input.count())
  const scale = scaleOf(schema)
  return (input) => new Decimal(input.unscaled(node.size ?? input.count()), scale)
}

function unionReader(node: AvroNode, schema: Schema): AvroRead {
  const branches = node.branches ?? []
  const only = optionalBranch(node)
  let field = 0
  const readers = branches.map((branch): AvroRead => {
    if (branch.type === 'null') return () => null
    if (only !== null) return avroReader(branch, schema)
    const index = field++
    const read = avroReader(branch, partOf(schema.fields[index]?.schema))
    return (input) => {
      const struct = new Struct(schema)
      struct.values[index] = read(input)
      return struct
    }
  })
  return (input) => {
    const read = readers[input.count()]
    if (read === undefined) throw new DataError('A union branch its schema does not have')
    return read(input)
  }
}

function partOf(schema: Schema | undefined): Schema {
  if (schema === undefined) throw new DataError('An Avro type without its Connect schema')
  return schema
}

function recordReader(node: AvroNode, schema: Schema): AvroRead {
  const readers = (node.fields ?? []).map((field, index) =>
    avroReader(field.node, partOf(schema.fields[index]?.schema))
  )
  return (input) =>
    new Struct(
      schema,
      readers.map((read) => read(input))
    )
}

/** Arrays and maps come in blocks; a negative count has the size of the block behind it. */
function readBlocks(input: AvroInput, readOne: () => void): void {
  for (;;) {
    let count = input.count()
    if (count === 0) return
    if (count < 0) {
      count = -count
      input.long()
    }
    // An element may take no bytes at all (an empty record), but no writer has so many of them.
    if (count > Math.max(input.left, 1_000_000))
      throw new DataError('The record ends within a value')
    for (let i = 0; i < count; i++) readOne()
  }
}

function arrayReader(node: AvroNode, schema: Schema): AvroRead {
  const read = avroReader(node.items as AvroNode, partOf(schema.valueSchema))
  return (input) => {
    const list: unknown[] = []
    readBlocks(input, () => void list.push(read(input)))
    return list
  }
}

function mapReader(node: AvroNode, schema: Schema): AvroRead {
  const read = avroReader(node.items as AvroNode, partOf(schema.valueSchema))
  return (input) => {
    const map = new Map<unknown, unknown>()
    readBlocks(input, () => void map.set(input.text(input.count()), read(input)))
    return map
  }
}

function entriesReader(node: AvroNode, schema: Schema): AvroRead {
  const fields = node.items?.fields ?? []
  const readers = fields.map((field) => ({
    isKey: field.name === 'key',
    read: avroReader(
      field.node,
      partOf(field.name === 'key' ? schema.keySchema : schema.valueSchema)
    )
  }))
  return (input) => {
    const map = new Map<unknown, unknown>()
    readBlocks(input, () => {
      let key: unknown = null
      let value: unknown = null
      for (const { isKey, read } of readers) {
        if (isKey) key = read(input)
        else value = read(input)
      }
      map.set(key, value)
    })
    return map
  }
}

/** A value written without a schema: of a record with one field for each kind, the one that is set. */
export function readAnything(input: AvroInput): unknown {
  let value: unknown = null
  const optional = (read: () => unknown): void => {
    if (input.count() !== 0) value = read()
  }
  optional(() => input.byte() !== 0)
  optional(() => input.bytes(input.count()))
  optional(() => input.double())
  optional(() => input.float())
  optional(() => input.long())
  optional(() => input.long())
  optional(() => input.text(input.count()))
  optional(() => {
    const list: unknown[] = []
    readBlocks(input, () => void list.push(readAnything(input)))
    return list
  })
  optional(() => {
    const map = new Map<unknown, unknown>()
    readBlocks(input, () => void map.set(readAnything(input), readAnything(input)))
    return map
  })
  return value
}
