import { DataError } from '../../errors.ts'

/**
 * JSON as the JVM's converter reads it: numbers keep every digit, leading zeros are tolerated.
 * Plain documents go through JSON.parse; this parser takes those whose numbers it would round or refuse.
 */

/** A number that a JavaScript number may not hold exactly: fractions, exponents, more than 15 digits. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** Distinct from a string of the same digits, for cache keys. */
  toJSON(): { number: string } {
    return { number: this.text }
  }
}

export type JsonNode = null | boolean | string | number | JsonNumber | JsonNode[] | JsonObject
export interface JsonObject {
  [name: string]: JsonNode
}

export function isJsonObject(node: JsonNode): node is JsonObject {
  return (
    typeof node === 'object' &&
    node !== null &&
    !Array.isArray(node) &&
    !(node instanceof JsonNumber)
  )
}

/** A member by name; undefined when absent, whatever the name. */
export function member(object: JsonObject, name: string): JsonNode | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

const NEEDS_EXACT = /\d[.eE]|\d{16}|(?:^|[:,[\s])-0/

/** Parses one document; undefined when the text is blank. Throws DataError. */
export function parseJson(text: string): JsonNode | undefined {
  if (!NEEDS_EXACT.test(text)) {
    try {
      return JSON.parse(text) as JsonNode
    } catch {
      // Not an error yet: Kafka's dialect allows a little more, and the exact parser says what is wrong and where.
    }
  }
  return new ExactParser(text).document()
}

/** Position behind the JSON value that starts at `start`, or -1 when the text is not of the plain form. */
export function endOfObject(text: string, start: number): number {
  if (text[start] !== '{') return -1
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === QUOTE) {
      i = endOfString(text, i)
      if (i < 0) return -1
    } else if (char === OPEN_BRACE) depth++
    else if (char === CLOSE_BRACE && --depth === 0) return i + 1
  }
  return -1
}

/** Position of the closing quote of the string that opens at `start`; -1 when it never ends. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === QUOTE) return i
    if (char === BACKSLASH) i++
  }
  return -1
}

const QUOTE = 34
const BACKSLASH = 92
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const BLANKS = /[ \t\r\n]*/y
const LITERAL = /true|false|null/y
/** Deeper documents are refused, as by Jackson; it also bounds the recursion. */
const MAX_DEPTH = 500

class ExactParser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): JsonNode | undefined {
    this.#skipBlanks()
    if (this.#at === this.#text.length) return undefined
    const node = this.#value()
    this.#skipBlanks()
    if (this.#at < this.#text.length) throw this.#unexpected()
    return node
  }

  #value(): JsonNode {
    const first = this.#text[this.#at]
    if (first === '{') return this.#nested(() => this.#object())
    if (first === '[') return this.#nested(() => this.#array())
    return first === '"' ? this.#string() : this.#literalOrNumber()
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new DataError(`JSON is nested deeper than ${MAX_DEPTH}`)
    this.#at++
    const node = parse()
    this.#depth--
    return node
  }

  #object(): JsonObject {
    const object = Object.create(null) as JsonObject
    if (this.#takes('}')) return object
    do {
      this.#skipBlanks()
      if (this.#text[this.#at] !== '"') throw this.#unexpected()
      const name = this.#string()
      if (!this.#takes(':')) throw this.#unexpected()
      this.#skipBlanks()
      object[name] = this.#value()
    } while (this.#takes(','))
    if (!this.#takes('}')) throw this.#unexpected()
    return object
  }

  #array(): JsonNode[] {
    const items: JsonNode[] = []
    if (this.#takes(']')) return items
    do {
      this.#skipBlanks()
      items.push(this.#value())
    } while (this.#takes(','))
    if (!this.#takes(']')) throw this.#unexpected()
    return items
  }

  #string(): string {
    const end = endOfString(this.#text, this.#at)
    if (end < 0) throw new DataError('JSON ends within a string')
    const raw = this.#text.slice(this.#at, end + 1)
    try {
      const text = JSON.parse(raw) as string
      this.#at = end + 1
      return text
    } catch (error) {
      throw new DataError(`Invalid JSON string at position ${this.#at}`, { cause: error })
    }
  }

  #literalOrNumber(): JsonNode {
    const literal = this.#match(LITERAL)
    if (literal !== '') return literal === 'null' ? null : literal === 'true'
    const number = this.#match(NUMBER)
    if (number === '') throw this.#unexpected()
    const plain = /^-?0*(\d{1,15})$/.exec(number)
    return plain === null ? new JsonNumber(number) : Number(number) + 0
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }

  #skipBlanks(): void {
    this.#match(BLANKS)
  }

  #takes(char: string): boolean {
    this.#skipBlanks()
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }

  #unexpected(): DataError {
    return this.#at >= this.#text.length
      ? new DataError('JSON ends too early')
      : new DataError(`Unexpected character in JSON at position ${this.#at}`)
  }
}
