import { DataError } from '../../errors.ts'

const LF = 10
const CR = 13
/** Far beyond what a topic accepts; keeps a file without line ends from filling the memory (I8). */
const MAX_LINE_BYTES = 16 * 1024 * 1024

/**
 * Bytes → lines of UTF-8. `\n`, `\r\n` and a lone `\r` end a line; a line without its end is not given out
 * yet.
 */
export class LineSplitter {
  #pending: Buffer = Buffer.alloc(0)
  /** Up to where `#pending` holds no line end. */
  #scanned = 0
  #position: number
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  /** `position`: where the first byte to come sits in the input. */
  constructor(position: number) {
    this.#position = position
  }

  push(bytes: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, bytes])
  }

  /** The next complete line, and the position of the byte behind its end; null when more bytes are needed. */
  next(): { text: string; end: number } | null {
    const pending = this.#pending
    let at = this.#scanned
    while (at < pending.length && pending[at] !== LF && pending[at] !== CR) at++
    this.#scanned = at
    if (at > MAX_LINE_BYTES) {
      throw new DataError(
        `The line at byte ${this.#position} is longer than ${MAX_LINE_BYTES} bytes`
      )
    }
    // Whether a line feed belongs to a carriage return at the very end shows with the next byte.
    if (at >= pending.length || (pending[at] === CR && at + 1 === pending.length)) return null
    const length = at + (pending[at] === CR && pending[at + 1] === LF ? 2 : 1)
    const text = this.#decode(pending.subarray(0, at))
    this.#pending = pending.subarray(length)
    this.#scanned = 0
    this.#position += length
    return { text, end: this.#position }
  }

  #decode(line: Uint8Array): string {
    try {
      return this.#utf8.decode(line)
    } catch (error) {
      // I5: a replacement character would change the line silently.
      throw new DataError(`The line at byte ${this.#position} is not UTF-8`, { cause: error })
    }
  }
}
