export const TAB = 0x09
export const LINE_END = 0x0a

/** Of a text with a few rows; memory outside of the heap has whole collections run before their time. */
const FIRST_BYTES = 2 * 1024
/** Room for a piece, behind one that was taken. */
const NEXT_BYTES = 96 * 1024
/** UTF-8 has no more for a unit of a JavaScript text. */
const MOST_BYTES = 3

/**
 * The text of a `COPY` while it is written: fields are short, and go straight to the bytes that are sent.
 */
export class CopyText {
  #bytes = Buffer.alloc(0)
  #length = 0
  /** Least that is made room for. */
  #least = FIRST_BYTES

  /** In bytes. */
  get length(): number {
    return this.#length
  }

  add(field: string): void {
    // Behind each field there is room for what separates it from the next one.
    const most = this.#length + MOST_BYTES * field.length + 1
    if (most > this.#bytes.length) this.#grow(most)
    this.#length += this.#bytes.write(field, this.#length)
  }

  /** Behind a field. */
  separate(byte: number): void {
    this.#bytes[this.#length++] = byte
  }

  /** What was written since the last time. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
    this.#least = NEXT_BYTES
    return taken
  }

  #grow(least: number): void {
    const bytes = Buffer.allocUnsafe(Math.max(least, this.#least, 2 * this.#bytes.length))
    this.#bytes.copy(bytes, 0, 0, this.#length)
    this.#bytes = bytes
  }
}
