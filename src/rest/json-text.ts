import { ConnectError } from '../errors.ts'

/** A number as it was written, so that nothing is lost: configurations keep the text, offsets become number or bigint. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** Integers beyond 2^53 as bigint, everything else as number. */
  value(): number | bigint {
    const value = Number(this.text)
    return /^-?\d+$/.test(this.text) && !Number.isSafeInteger(value) ? BigInt(this.text) : value
  }
}

/** Objects are Maps: any key, `__proto__` too, is a plain key, and the order of keys stays. */
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | Map<string, JsonValue>

const MAX_DEPTH = 1000
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const BLANK = /[ \t\r\n]*/y
/** Longest number, as in Jackson: turning digits into a number takes more time than their length. */
const MAX_NUMBER_LENGTH = 1000
const [QUOTE, BACKSLASH, SPACE] = [0x22, 0x5c, 0x20]

/**
 * Parses one JSON document of a request. Like Jackson in the JVM worker: the last of several equal keys wins, a byte
 * order mark is skipped, trailing text is an error. Throws BAD_REQUEST that says what is wrong and where.
 * @returns undefined for an empty or blank body
 */
export function parseJson(bytes: Uint8Array): JsonValue | undefined {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ConnectError('BAD_REQUEST', 'The request body is not valid UTF-8', { cause })
  }
  return new JsonReader(text).document()
}

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): JsonValue | undefined {
    this.#blank()
    if (this.#at === this.#text.length) return undefined
    const value = this.#value(0)
    this.#blank()
    if (this.#at < this.#text.length) throw this.#unexpected('text after the end of the document')
    return value
  }

  #value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw this.#unexpected(`nesting deeper than ${MAX_DEPTH}`)
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  #object(depth: number): Map<string, JsonValue> {
    const members = new Map<string, JsonValue>()
    this.#at++
    this.#blank()
    if (this.#skip('}')) return members
    do {
      this.#blank()
      if (this.#text[this.#at] !== '"')
        throw this.#unexpected(null, 'a field name in double quotes')
      const key = this.#string()
      this.#blank()
      if (!this.#skip(':')) throw this.#unexpected(null, "':'")
      this.#blank()
      members.set(key, this.#value(depth + 1))
      this.#blank()
    } while (this.#skip(','))
    if (!this.#skip('}')) throw this.#unexpected(null, "',' or '}'")
    return members
  }

  #array(depth: number): JsonValue[] {
    const values: JsonValue[] = []
    this.#at++
    this.#blank()
    if (this.#skip(']')) return values
    do {
      this.#blank()
      values.push(this.#value(depth + 1))
      this.#blank()
    } while (this.#skip(','))
    if (!this.#skip(']')) throw this.#unexpected(null, "',' or ']'")
    return values
  }

  #string(): string {
    const from = this.#at
    const end = this.#closingQuote()
    const quoted = this.#text.slice(from, end + 1)
    this.#at = end + 1
    if (!quoted.includes('\\')) return quoted.slice(1, -1)
    try {
      return JSON.parse(quoted) as string
    } catch {
      this.#at = from
      throw this.#unexpected('a string with a wrong escape sequence')
    }
  }

  /** Character by character: an expression would need a stack as deep as the string is long. */
  #closingQuote(): number {
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === QUOTE) return at
      if (code < SPACE) break
      if (code === BACKSLASH) at++
    }
    throw this.#unexpected('a string that does not end or holds a control character')
  }

  #number(): JsonNumber {
    NUMBER.lastIndex = this.#at
    const text = NUMBER.exec(this.#text)?.[0]
    if (text === undefined) throw this.#unexpected(null, 'a value')
    if (text.length > MAX_NUMBER_LENGTH) {
      throw this.#unexpected(`a number of more than ${MAX_NUMBER_LENGTH} characters`)
    }
    this.#at += text.length
    return new JsonNumber(text)
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected(null, 'a value')
    this.#at += word.length
    return value
  }

  #blank(): void {
    BLANK.lastIndex = this.#at
    this.#at += BLANK.exec(this.#text)?.[0].length ?? 0
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  /** The text itself is not repeated: it may hold a secret (I7). */
  #unexpected(what: string | null, expected?: string): ConnectError {
    const before = this.#text.slice(0, this.#at)
    const line = before.split('\n').length
    const column = this.#at - before.lastIndexOf('\n')
    const next = this.#text[this.#at]
    const found =
      what ?? (next === undefined ? 'the end of the text' : `the character ${JSON.stringify(next)}`)
    return new ConnectError(
      'BAD_REQUEST',
      `The request body is not valid JSON: ${found} at line ${line}, column ${column}${
        expected === undefined ? '' : ` where ${expected} was expected`
      }`
    )
  }
}
