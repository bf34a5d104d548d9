import { bytesToBigint, DECIMAL_NAME, Decimal } from '../data/logical-types.ts'
import type { Schema } from '../data/schema.ts'
import { Struct } from '../data/struct.ts'
import { isSmallInteger, scaleOf } from '../data/values.ts'
import { DataError } from '../errors.ts'
import { isMapEntry, optionalBranch } from './avro-connect-schema.ts'
import type { AvroNode, AvroPrimitive } from './avro-node.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const TWO_28 = 0x1000_0000

/** Avro's binary encoding. Every read beyond the end is a DataError. */
export class AvroInput {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = at
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  #take(count: number): number {
    const at = this.#at
    if (count < 0 || count > this.left) throw new DataError('The record ends within a value')
    this.#at = at + count
    return at
  }

  byte(): number {
    return this.#bytes[this.#take(1)] as number
  }

  /** number while it is a safe integer, bigint beyond (D5). */
  long(): number | bigint {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.byte()
      if (shift < 28) low |= (byte & 0x7f) << shift
      else high |= (byte & 0x7f) << (shift - 28)
      if (byte > 0x7f) continue
      if (shift < 28) return (low >>> 1) ^ -(low & 1)
      const zigzag = high * TWO_28 + low
      return (low & 1) === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    }
    return this.#wideLong(BigInt(high * TWO_28 + low))
  }

  /** The rest of a number of more than 49 bits. */
  #wideLong(first: bigint): number | bigint {
    let zigzag = first
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      zigzag |= BigInt(byte & 0x7f) << shift
      if (byte > 0x7f) continue
      const value = BigInt.asIntN(64, (zigzag >> 1n) ^ -(zigzag & 1n))
      const number = Number(value)
      return Number.isSafeInteger(number) ? number : value
    }
    throw new DataError('A number of more than 64 bits')
  }

  /** A length or an index. */
  count(): number {
    return Number(this.long())
  }

  float(): number {
    return this.#bytes.readFloatLE(this.#take(4))
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#take(8))
  }

  bytes(count: number): Buffer {
    const at = this.#take(count)
    return Buffer.from(this.#bytes.subarray(at, at + count))
  }

  /** A big-endian integer in two's complement; no bytes are 0. */
  unscaled(count: number): bigint {
    const at = this.#take(count)
    if (count === 0) return 0n
    return count <= 6
      ? BigInt(this.#bytes.readIntBE(at, count))
      : bytesToBigint(this.#bytes.subarray(at, at + count))
  }

  text(): string {
    const count = this.count()
    const at = this.#take(count)
    const text = this.#bytes.toString('utf8', at, at + count)
    // What is no UTF-8 was replaced by this character; only the strict decoder, which is slower, tells that from one that was written.
    if (!text.includes('\ufffd')) return text
    try {
      return utf8.decode(this.#bytes.subarray(at, at + count))
    } catch (error) {
      throw new DataError('A string that is not UTF-8', { cause: error })
    }
  }
}

export type AvroRead = (input: AvroInput) => unknown

/** The reader of an Avro type that answers values of this Connect schema; `schema` is what ConnectSchemas made of `node`. */
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
      return (input) => input.text()
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
  const count = readers.length
  return (input) => {
    const values: unknown[] = []
    for (let i = 0; i < count; i++) values.push((readers[i] as AvroRead)(input))
    return new Struct(schema, values)
  }
}

/** Arrays and maps come in blocks; a negative count has the size of the block behind it. */
export function readBlocks(input: AvroInput, readOne: () => void): void {
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
    readBlocks(input, () => void map.set(input.text(), read(input)))
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
  optional(() => input.text())
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
