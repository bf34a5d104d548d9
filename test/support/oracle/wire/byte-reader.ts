/**
 * Thrown when a message is not here as a whole: wait for the next packet and read the message again from its
 * start.
 */
export class NeedMore extends Error {}

/**
 * Reads TTC's encodings from the bytes received so far. Every method throws {@link NeedMore} at their end.
 */
export class ByteReader {
  readonly #bytes: Buffer
  position: number

  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes
    this.position = position
  }

  get rest(): number {
    return this.#bytes.length - this.position
  }

  raw(length: number): Buffer {
    if (this.rest < length) throw new NeedMore()
    const start = this.position
    this.position += length
    return this.#bytes.subarray(start, start + length)
  }

  u8(): number {
    return this.raw(1).readUInt8()
  }

  u16be(): number {
    return this.raw(2).readUInt16BE()
  }

  u16le(): number {
    return this.raw(2).readUInt16LE()
  }

  /** UB2, UB4, UB8, SB4 …: one length byte (bit 0x80: negative), then so many bytes, big endian. */
  ub(): number {
    const head = this.u8()
    let value = 0
    for (const byte of this.raw(head & 0x7f)) value = value * 256 + byte
    return (head & 0x80) === 0 ? value : -value
  }

  /**
   * One length byte and the bytes; 254 announces pieces, each with its length, up to an empty one. 0 and 255
   * are null.
   */
  bytes(): Buffer | null {
    const length = this.u8()
    if (length === 0 || length === 255) return null
    if (length !== 254) return this.raw(length)
    const pieces: Buffer[] = []
    for (let piece = this.ub(); piece !== 0; piece = this.ub()) pieces.push(this.raw(piece))
    return Buffer.concat(pieces)
  }

  /** Bytes with their length in front once more, where a length of 0 stands alone. */
  bytesTwice(): Buffer | null {
    return this.ub() === 0 ? null : this.bytes()
  }

  /** A key with its value, as logon messages carry them. */
  keyValue(): { key: string; value: string; flags: number } {
    const key = this.bytesTwice()?.toString() ?? ''
    const value = this.bytesTwice()?.toString() ?? ''
    return { key, value, flags: this.ub() }
  }
}
