const PIECE = 32_767
/** Longest value that travels in one piece. */
const LONGEST_SHORT = 252

/** Writes TTC's encodings. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(512)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What was written so far, to be used before the next write. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  u8(...values: readonly number[]): this {
    this.#room(values.length)
    for (const value of values) this.#bytes[this.#length++] = value & 0xff
    return this
  }

  u16be(value: number): this {
    return this.u8(value >> 8, value)
  }

  u16le(value: number): this {
    return this.u8(value, value >> 8)
  }

  u32be(value: number): this {
    return this.u16be(Math.floor(value / 65_536)).u16be(value % 65_536)
  }

  /** UB2, UB4, UB8, SB4 …: a length byte (bit 0x80: negative) and the shortest big-endian form. */
  ub(...values: readonly number[]): this {
    for (const value of values) {
      let rest = Math.abs(value)
      if (rest === 0) {
        this.u8(0)
        continue
      }
      const bytes: number[] = []
      for (; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
      // Every client reads lengths of 1, 2, 3, 4 and 8, not of those between.
      while (bytes.length > 4 && bytes.length < 8) bytes.unshift(0)
      this.u8(bytes.length | (value < 0 ? 0x80 : 0), ...bytes)
    }
    return this
  }

  /** One length byte and the bytes, or pieces when they are many; null is a 0. */
  bytes(value: Uint8Array | string | null): this {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    if (bytes === null || bytes.length === 0) return this.u8(0)
    if (bytes.length <= LONGEST_SHORT) return this.u8(bytes.length).raw(bytes)
    this.u8(254)
    for (let start = 0; start < bytes.length; start += PIECE) {
      const piece = bytes.subarray(start, start + PIECE)
      this.ub(piece.length).raw(piece)
    }
    return this.ub(0)
  }

  /** Bytes with their length in front once more; nothing follows a length of 0. */
  bytesTwice(value: Uint8Array | string | null): this {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    if (bytes === null || bytes.length === 0) return this.ub(0)
    return this.ub(bytes.length).bytes(bytes)
  }

  keyValue(key: string, value: string, flags = 0): this {
    return this.bytesTwice(key).bytesTwice(value).ub(flags)
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#length + more, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
