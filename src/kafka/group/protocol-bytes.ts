import { ConnectError } from '../../errors.ts'

// What members of a group tell each other, in the types of Kafka's protocol. STRING is an INT16 length and
// UTF-8, NULLABLE_BYTES an INT32 length (-1: null), ARRAY an INT32 count (-1: null); everything big endian.

/** Bytes in the order they are written. */
export class Writer {
  readonly #parts: Uint8Array[] = []

  int16(value: number): void {
    const part = Buffer.alloc(2)
    part.writeInt16BE(value)
    this.#parts.push(part)
  }

  int32(value: number): void {
    const part = Buffer.alloc(4)
    part.writeInt32BE(value)
    this.#parts.push(part)
  }

  int64(value: bigint): void {
    const part = Buffer.alloc(8)
    part.writeBigInt64BE(value)
    this.#parts.push(part)
  }

  string(value: string): void {
    const text = Buffer.from(value)
    this.int16(text.length)
    this.#parts.push(text)
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1)
    else this.string(value)
  }

  nullableBytes(value: Uint8Array | null): void {
    this.int32(value === null ? -1 : value.length)
    if (value !== null) this.#parts.push(value)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** Bytes in the order they are read; `what` names them when they end too early. */
export class Reader {
  readonly what: string
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.what = what
  }

  /** How many bytes. */
  left(): number {
    return this.#bytes.length - this.#position
  }

  more(): boolean {
    return this.left() > 0
  }

  /** An INT16 that no writer makes negative. */
  version(): number {
    const version = this.int16()
    if (version >= 0) return version
    throw new ConnectError(
      'KAFKA_ERROR',
      `The ${this.what} has the version ${version}, which does not exist`
    )
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#advance(8))
  }

  /** One that is null is empty. */
  string(): string {
    const length = this.int16()
    if (length < 0) return ''
    const start = this.#advance(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  array<T>(element: () => T): T[] {
    const elements: T[] = []
    for (let left = this.int32(); left > 0; left--) elements.push(element())
    return elements
  }

  nullableBytes(): Buffer | null {
    const length = this.int32()
    if (length < 0) return null
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  #advance(length: number): number {
    const start = this.#position
    if (start + length > this.#bytes.length) {
      throw new ConnectError(
        'KAFKA_ERROR',
        `The ${this.what} ends after ${this.#bytes.length} bytes, ${start + length} were expected`
      )
    }
    this.#position += length
    return start
  }
}
