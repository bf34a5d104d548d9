import { bigintToBytes } from '../../data/logical-types.ts'
import { DataError } from '../../errors.ts'

const FIRST_BYTES = 8192
const SHORT_TEXT = 20
const TWO_28 = 0x1000_0000

/**
 * A binary record, into one buffer that grows and is used again for the next. What formats share: varints,
 * texts, numbers.
 */
export class RecordOutput {
  protected buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  protected at = 0
  /** A length is written as a varint of so many times itself. */
  readonly #lengthFactor: 1 | 2

  constructor(lengthFactor: 1 | 2) {
    this.#lengthFactor = lengthFactor
  }

  /** Begins a record: the magic byte 0 and the id of its schema. */
  start(): void {
    this.at = 5
  }

  /** The record, copied out of the buffer. */
  finish(id: number): Buffer {
    this.buffer[0] = 0
    this.buffer.writeInt32BE(id, 1)
    const bytes = Buffer.allocUnsafe(this.at)
    this.buffer.copy(bytes, 0, 0, this.at)
    return bytes
  }

  protected reserve(count: number): void {
    if (this.at + count <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(2 * (this.at + count))
    this.buffer.copy(grown, 0, 0, this.at)
    this.buffer = grown
  }

  byte(value: number): void {
    this.reserve(1)
    this.buffer[this.at++] = value
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.reserve(10)
    if (value < 0x8000_0000) {
      this.#shortVarint(value)
      return
    }
    const high = Math.floor(value / TWO_28)
    let low = value - high * TWO_28
    for (let group = 0; group < 4; group++) {
      this.buffer[this.at++] = (low & 0x7f) | 0x80
      low >>>= 7
    }
    this.#shortVarint(high)
  }

  /** Below 2^31. */
  #shortVarint(value: number): void {
    const buffer = this.buffer
    let at = this.at
    let rest = value
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at++] = rest
    this.at = at
  }

  /** The low 64 bits. */
  bigVarint(value: bigint): void {
    this.reserve(10)
    let rest = BigInt.asUintN(64, value)
    while (rest > 0x7fn) {
      this.buffer[this.at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.buffer[this.at++] = Number(rest)
  }

  length(count: number): void {
    this.varint(count * this.#lengthFactor)
  }

  float(value: number): void {
    this.reserve(4)
    this.at = this.buffer.writeFloatLE(value, this.at)
  }

  double(value: number): void {
    this.reserve(8)
    this.at = this.buffer.writeDoubleLE(value, this.at)
  }

  /** With its length in front. */
  bytes(value: Uint8Array): void {
    this.length(value.length)
    this.fixed(value)
  }

  fixed(value: Uint8Array): void {
    this.reserve(value.length)
    this.buffer.set(value, this.at)
    this.at += value.length
  }

  /** The unscaled number of a decimal as bytes: two's complement, big-endian, no longer than needed. */
  unscaled(value: bigint): void {
    const number = Number(value)
    if (!(number > -(2 ** 47) && number < 2 ** 47)) {
      this.bytes(bigintToBytes(value))
      return
    }
    let length = 1
    for (let limit = 128; number >= limit || number < -limit; limit *= 256) length++
    this.reserve(7)
    this.buffer[this.at++] = length * this.#lengthFactor
    this.at = this.buffer.writeIntBE(number, this.at, length)
  }

  /** Throws DataError for half a surrogate pair, which UTF-8 cannot hold (I5). */
  text(value: string): void {
    const count = value.length
    if (count <= SHORT_TEXT && this.#shortAscii(value, count)) return
    this.reserve(3 * count + 10)
    const start = this.at
    this.length(count)
    const written = this.buffer.write(value, this.at)
    if (written === count) {
      this.at += written
      return
    }
    if (!value.isWellFormed()) throw new DataError('A string with half a surrogate pair')
    // The length counts bytes. Where it takes more room than that of the characters, the text moves first.
    const text = this.at
    const moved = start + lengthOfVarint(written * this.#lengthFactor)
    if (moved !== text) this.buffer.copyWithin(moved, text, text + written)
    this.at = start
    this.length(written)
    this.at += written
  }

  #shortAscii(value: string, count: number): boolean {
    this.reserve(SHORT_TEXT + 1)
    const buffer = this.buffer
    const at = this.at + 1
    for (let i = 0; i < count; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) return false
      buffer[at + i] = code
    }
    buffer[at - 1] = count * this.#lengthFactor
    this.at = at + count
    return true
  }
}

/** Bytes that a varint takes: seven bits each. */
export function lengthOfVarint(value: number): number {
  let bytes = 1
  for (let limit = 128; value >= limit; limit *= 128) bytes++
  return bytes
}
