import { DataError } from '../../errors.ts'
import { RecordInput } from '../registry/record-input.ts'
import { lengthOfVarint, RecordOutput } from '../registry/record-output.ts'
import { int64 } from '../../data/values.ts'

/** How a value of a field is delimited. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const MAX_INDEXES = 100

/** Protobuf's binary encoding. */
export class ProtobufOutput extends RecordOutput {
  constructor() {
    super(1)
  }

  /** int32 and int64: negative ones take ten bytes. */
  signed(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0) this.varint(value)
    else this.bigVarint(BigInt(value))
  }

  /** sint32 and sint64. */
  zigzag(value: number | bigint): void {
    if (typeof value === 'number' && Math.abs(value) < 2 ** 51) {
      this.varint(value < 0 ? -value * 2 - 1 : value * 2)
    } else {
      const wide = BigInt(value)
      this.bigVarint((wide << 1n) ^ (wide >> 63n))
    }
  }

  fixed32(value: number): void {
    this.reserve(4)
    this.at = this.buffer.writeUInt32LE(value >>> 0, this.at)
  }

  fixed64(value: number | bigint): void {
    this.reserve(8)
    this.at = this.buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), this.at)
  }

  /** A part with its length in front, which is known only behind it. */
  nested(write: () => void): void {
    this.reserve(1)
    const start = this.at
    this.at = start + 1
    write()
    const size = this.at - start - 1
    const more = lengthOfVarint(size) - 1
    if (more > 0) {
      this.reserve(more)
      this.buffer.copyWithin(start + 1 + more, start + 1, this.at)
    }
    const end = this.at + more
    this.at = start
    this.varint(size)
    this.at = end
  }
}

export class ProtobufInput extends RecordInput {
  count(): number {
    return Number(this.varint())
  }

  /** int32 and int64. number while it is a safe integer, bigint beyond (D5). */
  signed(): number | bigint {
    const value = this.varint()
    return typeof value === 'number' ? value : int64(BigInt.asIntN(64, value))
  }

  zigzag(): number | bigint {
    const value = this.varint()
    if (typeof value === 'bigint') return int64((value >> 1n) ^ -(value & 1n))
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** uint64 and fixed64 beyond int64 have no place in Connect. */
  unsigned(value: number | bigint): number | bigint {
    if (typeof value === 'number') return value
    if (value > 0x7fff_ffff_ffff_ffffn) throw new DataError('An unsigned number beyond int64')
    return int64(value)
  }

  sfixed64(): number | bigint {
    return int64(BigInt.asIntN(64, this.uint64()))
  }

  part<T>(read: () => T): T {
    const end = this.enter(this.count())
    const value = read()
    this.leave(end)
    return value
  }

  skipField(wireType: number): void {
    if (wireType === WIRE.varint) this.varint()
    else if (wireType === WIRE.fixed64) this.skip(8)
    else if (wireType === WIRE.bytes) this.skip(this.count())
    else if (wireType === WIRE.fixed32) this.skip(4)
    else throw new DataError('Groups are not supported')
  }
}

/**
 * The message of a record, as bytes behind its id: a list of indexes, of which the usual [0] is a single 0.
 */
export function indexBytes(indexes: readonly number[]): Uint8Array {
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.of(0)
  const out = new IndexOutput()
  return out.of(indexes)
}

class IndexOutput extends ProtobufOutput {
  of(indexes: readonly number[]): Uint8Array {
    this.zigzag(indexes.length)
    for (const index of indexes) this.zigzag(index)
    return Buffer.from(this.buffer.subarray(0, this.at))
  }
}

/** The indexes that begin at `at`, and how many bytes they take. Throws DataError. */
export function readIndexes(record: Buffer, at: number): { indexes: number[]; length: number } {
  const input = new ProtobufInput(record, at)
  const count = Number(input.zigzag())
  if (count < 0 || count > MAX_INDEXES) throw new DataError('Invalid message indexes')
  const indexes = count === 0 ? [0] : Array.from({ length: count }, () => Number(input.zigzag()))
  if (indexes.some((index) => index < 0)) throw new DataError('Invalid message indexes')
  return { indexes, length: record.length - at - input.left }
}
