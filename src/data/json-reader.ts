import { int64OfText } from './values.ts'

/** What JSON may be in one place, and what its values become there. */
export interface JsonDialect {
  /** What a number becomes, given as it was written. */
  number(text: string): unknown
  /** Whether numbers may begin with zeros, as the JVM's converters allow. */
  readonly leadingZeros: boolean
  /** Longest number: turning digits into a number takes more time than their length. */
  readonly maxNumberLength: number
  /** Whether objects become Maps, which keep the order of all keys, or plain objects. */
  readonly maps: boolean
  /** So many lists and objects inside each other; it bounds the recursion, too. */
  readonly maxDepth: number
}

/** A number as it was written, so that nothing is lost. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** Integers beyond 2^53 as bigint, everything else as number. */
  value(): number | bigint {
    return numberOfJson(this.text)
  }

  /** Distinct from a string of the same digits, for cache keys. */
  toJSON(): { number: string } {
    return { number: this.text }
  }
}

/**
 * A number of JSON: a bigint where it is an integer beyond 2^53, which a JavaScript number may not hold (I5).
 */
export function numberOfJson(text: string): number | bigint {
  return /^-?\d+$/.test(text) ? int64OfText(text) : Number(text)
}

/** Says what is wrong with a text, and where, without a word of it: it may hold secrets (I7). */
export class JsonSyntaxError extends Error {
  readonly at: number
  /** null: there is something else than what was expected. */
  readonly problem: string | null
  readonly expected: string | null

  constructor(at: number, problem: string | null, expected: string | null) {
    super(problem ?? `${expected} was expected`)
    this.at = at
    this.problem = problem
    this.expected = expected
  }
}

/**
 * The value of a JSON document; undefined when the text is blank. The last of several equal keys counts, and
 * any key is a plain one. What the value is made of follows from the dialect: null, booleans, strings, its
 * numbers, lists, and objects or Maps. Throws JsonSyntaxError.
 */
export function readJson(text: string, dialect: JsonDialect): unknown {
  return new JsonReader(text, dialect).document()
}

const STRICT_NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const LENIENT_NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const BLANK = /[ \t\r\n]*/y
const [QUOTE, BACKSLASH, SPACE] = [0x22, 0x5c, 0x20]

class JsonReader {
  readonly #text: string
  readonly #dialect: JsonDialect
  readonly #number: RegExp
  #at = 0

  constructor(text: string, dialect: JsonDialect) {
    this.#text = text
    this.#dialect = dialect
    this.#number = dialect.leadingZeros ? LENIENT_NUMBER : STRICT_NUMBER
  }

  document(): unknown {
    this.#skipBlanks()
    if (this.#at === this.#text.length) return undefined
    const value = this.#value(0)
    this.#skipBlanks()
    if (this.#at < this.#text.length) throw this.#wrong('text after the end of the document')
    return value
  }

  #value(depth: number): unknown {
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#object(depth + 1)
      case '[':
        return this.#array(depth + 1)
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#numberHere()
    }
  }

  #object(depth: number): unknown {
    this.#enter(depth)
    const members = this.#dialect.maps ? new Map<string, unknown>() : {}
    if (this.#takes('}')) return members
    do {
      this.#skipBlanks()
      if (this.#text[this.#at] !== '"') throw this.#expected('a field name in double quotes')
      const key = this.#string()
      if (!this.#takes(':')) throw this.#expected("':'")
      this.#skipBlanks()
      setMember(members, key, this.#value(depth))
    } while (this.#takes(','))
    if (!this.#takes('}')) throw this.#expected("',' or '}'")
    return members
  }

  #array(depth: number): unknown[] {
    this.#enter(depth)
    const values: unknown[] = []
    if (this.#takes(']')) return values
    do {
      this.#skipBlanks()
      values.push(this.#value(depth))
    } while (this.#takes(','))
    if (!this.#takes(']')) throw this.#expected("',' or ']'")
    return values
  }

  #enter(depth: number): void {
    const { maxDepth } = this.#dialect
    if (depth > maxDepth) throw this.#wrong(`nesting deeper than ${maxDepth}`)
    this.#at++
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
      throw this.#wrong('a string with a wrong escape sequence')
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
    throw this.#wrong('a string that does not end or holds a control character')
  }

  #numberHere(): unknown {
    this.#number.lastIndex = this.#at
    const text = this.#number.exec(this.#text)?.[0]
    if (text === undefined) throw this.#expected('a value')
    const { maxNumberLength } = this.#dialect
    if (text.length > maxNumberLength) {
      throw this.#wrong(`a number of more than ${maxNumberLength} characters`)
    }
    this.#at += text.length
    return this.#dialect.number(text)
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#expected('a value')
    this.#at += word.length
    return value
  }

  #skipBlanks(): void {
    BLANK.lastIndex = this.#at
    this.#at += BLANK.exec(this.#text)?.[0].length ?? 0
  }

  #takes(character: string): boolean {
    this.#skipBlanks()
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #wrong(problem: string): JsonSyntaxError {
    return new JsonSyntaxError(this.#at, problem, null)
  }

  #expected(what: string): JsonSyntaxError {
    return new JsonSyntaxError(this.#at, null, what)
  }
}

function setMember(
  members: Map<string, unknown> | Record<string, unknown>,
  key: string,
  value: unknown
): void {
  if (members instanceof Map) members.set(key, value)
  else if (key !== '__proto__') members[key] = value
  // As JSON.parse does it: assigning it would set the prototype.
  else
    Object.defineProperty(members, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true
    })
}
