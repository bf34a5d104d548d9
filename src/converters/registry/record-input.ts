import { bytesToBigint } from '../../data/logical-types.ts'
import { DataError } from '../../errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const TWO_28 = 0x1000_0000

/** The same bytes; a buffer is one already. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * A binary record being read. What formats share: varints, texts, numbers. Every read beyond the end is a
 * DataError.
 */
export class RecordInput {
  readonly #bytes: Buffer
  #at: number
  #end: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = asBuffer(bytes)
    this.#at = at
    this.#end = bytes.length
  }

  /** Bytes up to the end, or to that of the part. */
  get left(): number {
    return this.#end - this.#at
  }

  /** Ends reading after so many bytes; answers what `leave` wants. */
  enter(count: number): number {
    const end = this.#end
    if (count < 0 || count > this.left) throw new DataError('The record ends within a value')
    this.#end = this.#at + count
    return end
  }

  leave(end: number): void {
    this.#end = end
  }

  #take(count: number): number {
    const at = this.#at
    if (count < 0 || count > this.left) throw new DataError('The record ends within a value')
    this.#at = at + count
    return at
  }

  skip(count: number): void {
    this.#take(count)
  }

  byte(): number {
    return this.#bytes[this.#take(1)] as number
  }

  /** An unsigned number of up to 64 bits: number below 2^49, bigint beyond. */
  varint(): number | bigint {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.byte()
      if (shift < 28) low |= (byte & 0x7f) << shift
      else high |= (byte & 0x7f) << (shift - 28)
      if (byte <= 0x7f) return high * TWO_28 + low
    }
    let value = BigInt(high * TWO_28 + low)
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte <= 0x7f) return BigInt.asUintN(64, value)
    }
    throw new DataError('A number of more than 64 bits')
  }

  float(): number {
    return this.#bytes.readFloatLE(this.#take(4))
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#take(8))
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#take(4))
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8))
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

  text(count: number): string {
    const at = this.#take(count)
    const text = this.#bytes.toString('utf8', at, at + count)
    // What is no UTF-8 was replaced by this character; only the strict decoder, which is slower, tells that
    // from one that was written.
    if (!text.includes('\ufffd')) return text
    try {
      return utf8.decode(this.#bytes.subarray(at, at + count))
    } catch (error) {
      throw new DataError('A string that is not UTF-8', { cause: error })
    }
  }
}
