import { DataError } from '../errors.ts'

const FIRST_BYTES = 8192
const SHORT_TEXT = 20
const TWO_28 = 0x1000_0000
/** Below this a zigzag number, which is twice as large, is still exact. */
const SAFE_ZIGZAG = 2 ** 51

/** Avro's binary encoding, into one buffer that grows and is used again for the next record. */
export class AvroOutput {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #at = 0

  /** Begins a record: the magic byte 0 and the id of its schema. */
  start(): void {
    this.#at = 5
  }

  /** The record, copied out of the buffer. */
  finish(id: number): Buffer {
    this.#buffer[0] = 0
    this.#buffer.writeInt32BE(id, 1)
    const bytes = Buffer.allocUnsafe(this.#at)
    this.#buffer.copy(bytes, 0, 0, this.#at)
    return bytes
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(2 * (this.#at + count))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#at++] = value
  }

  /** An int, or a long that is a safe integer or a bigint. */
  long(value: number | bigint): void {
    this.#reserve(10)
    if (typeof value === 'bigint') this.#bigLong(value)
    else if (value >= -0x2000_0000 && value < 0x2000_0000)
      this.#varint((value << 1) ^ (value >> 31))
    else if (value > -SAFE_ZIGZAG && value < SAFE_ZIGZAG) {
      const zigzag = value < 0 ? -value * 2 - 1 : value * 2
      const high = Math.floor(zigzag / TWO_28)
      if (high === 0) this.#varint(zigzag)
      else {
        let low = zigzag - high * TWO_28
        for (let group = 0; group < 4; group++) {
          this.#buffer[this.#at++] = (low & 0x7f) | 0x80
          low >>>= 7
        }
        this.#varint(high)
      }
    } else this.#bigLong(BigInt(value))
  }

  /** Below 2^31. */
  #varint(value: number): void {
    const buffer = this.#buffer
    let at = this.#at
    let rest = value
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at++] = rest
    this.#at = at
  }

  #bigLong(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    while (rest > 0x7fn) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#buffer[this.#at++] = Number(rest)
  }

  float(value: number): void {
    this.#reserve(4)
    this.#at = this.#buffer.writeFloatLE(value, this.#at)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#at = this.#buffer.writeDoubleLE(value, this.#at)
  }

  /** With its length in front. */
  bytes(value: Uint8Array): void {
    this.long(value.length)
    this.fixed(value)
  }

  fixed(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
  }

  /** The unscaled number of a decimal as bytes: two's complement, big-endian, no longer than needed. */
  unscaled(value: bigint, bytesOf: (value: bigint) => Buffer): void {
    const number = Number(value)
    if (!(number > -(2 ** 47) && number < 2 ** 47)) {
      this.bytes(bytesOf(value))
      return
    }
    let length = 1
    for (let limit = 128; number >= limit || number < -limit; limit *= 256) length++
    this.#reserve(7)
    this.#buffer[this.#at++] = length * 2
    this.#at = this.#buffer.writeIntBE(number, this.#at, length)
  }

  /** Throws DataError for half a surrogate pair, which UTF-8 cannot hold (I5). */
  text(value: string): void {
    const count = value.length
    if (count <= SHORT_TEXT && this.#shortAscii(value, count)) return
    this.#reserve(3 * count + 10)
    const start = this.#at
    this.long(count)
    const written = this.#buffer.write(value, this.#at)
    if (written === count) {
      this.#at += written
      return
    }
    if (!value.isWellFormed()) throw new DataError('A string with half a surrogate pair')
    // The length counts bytes. Where it takes more room than that of the characters, the text moves first.
    const text = this.#at
    const moved = start + lengthOfLength(written)
    if (moved !== text) this.#buffer.copyWithin(moved, text, text + written)
    this.#at = start
    this.long(written)
    this.#at += written
  }

  #shortAscii(value: string, count: number): boolean {
    this.#reserve(SHORT_TEXT + 1)
    const buffer = this.#buffer
    const at = this.#at + 1
    for (let i = 0; i < count; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) return false
      buffer[at + i] = code
    }
    buffer[at - 1] = count * 2
    this.#at = at + count
    return true
  }
}

/** Bytes that a length takes: seven bits each, of the number doubled. */
function lengthOfLength(length: number): number {
  let bytes = 1
  for (let limit = 64; length >= limit; limit *= 128) bytes++
  return bytes
}
