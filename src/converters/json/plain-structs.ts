import { JsonNumber } from '../../data/json-reader.ts'
import type { JsonNode } from '../../data/json-node.ts'
import type { Schema } from '../../data/schema.ts'
import { Struct } from '../../data/struct.ts'
import { DataError } from '../../errors.ts'

const [QUOTE, MINUS, DOT, ZERO, NINE] = [0x22, 0x2d, 0x2e, 0x30, 0x39]
const [BACKSLASH, CLOSE_BRACE, UPPER_E, LOWER_E, SPACE] = [0x5c, 0x7d, 0x45, 0x65, 0x20]
/** A JavaScript number holds so many digits whatever they are. */
const SAFE_DIGITS = 15
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * Reads objects as producers of a struct write them: all of its members, in its order, no blanks, and none of
 * them an object or a list. What it reads is what the general reader reads; anything else is left to that.
 */
export class PlainStructs {
  readonly #schema: Schema
  readonly #decoders: readonly ((node: JsonNode) => unknown)[]
  /** `{"first":`, `,"second":` … */
  readonly #beginnings: readonly string[]
  /** As long as the values of a struct are. */
  readonly #nothing: readonly unknown[]
  readonly #text = { source: '', at: 0 }

  constructor(schema: Schema, decoders: readonly ((node: JsonNode) => unknown)[]) {
    this.#schema = schema
    this.#decoders = decoders
    this.#nothing = decoders.map(() => null)
    this.#beginnings = schema.fields.map(
      ({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`
    )
  }

  /** null: the object is written in another way, or does not fit the schema. */
  read(source: string): Struct | null {
    const text = this.#text
    text.source = source
    text.at = 0
    const count = this.#beginnings.length
    // A list that grows by itself has room for seventeen members.
    const values = this.#nothing.slice()
    try {
      // An iterator would make two objects of each member, which is most of what is made here.
      for (let index = 0; index < count; index++) {
        const beginning = this.#beginnings[index] as string
        if (!source.startsWith(beginning, text.at)) return null
        text.at += beginning.length
        const node = readPlain(text)
        if (node === undefined) return null
        values[index] = (this.#decoders[index] as (node: JsonNode) => unknown)(node)
      }
    } catch (error) {
      // The general reader says where it happened.
      if (error instanceof DataError) return null
      throw error
    }
    const isWhole = source.charCodeAt(text.at) === CLOSE_BRACE && text.at === source.length - 1
    return isWhole && count > 0 ? new Struct(this.#schema, values) : null
  }
}

interface Text {
  readonly source: string
  at: number
}

/** The value that begins here, and goes on behind it; undefined: it is none of the plain ones. */
function readPlain(text: Text): JsonNode | undefined {
  const { source, at } = text
  const first = source.charCodeAt(at)
  if (first === QUOTE) return readText(text)
  if (first === MINUS || isDigit(first)) return readNumber(text)
  if (source.startsWith('null', at)) return behind(text, 4, null)
  if (source.startsWith('true', at)) return behind(text, 4, true)
  if (source.startsWith('false', at)) return behind(text, 5, false)
  return undefined
}

function behind<T>(text: Text, length: number, node: T): T {
  text.at += length
  return node
}

function readText(text: Text): string | undefined {
  const { source } = text
  const start = text.at + 1
  for (let at = start; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (code === QUOTE) {
      text.at = at + 1
      return source.slice(start, at)
    }
    if (code === BACKSLASH || code < SPACE) return undefined
  }
  return undefined
}

function readNumber(text: Text): number | JsonNumber | undefined {
  const { source } = text
  const isNegative = source.charCodeAt(text.at) === MINUS
  const start = isNegative ? text.at + 1 : text.at
  let at = start
  let number = 0
  let code = source.charCodeAt(at)
  // Zeros in front are for the general reader.
  if (code === ZERO && isDigit(source.charCodeAt(at + 1))) return undefined
  for (; isDigit(code); code = source.charCodeAt(at)) {
    number = number * 10 + (code - ZERO)
    at++
  }
  if (at === start) return undefined
  if (at - start > SAFE_DIGITS || code === DOT || code === UPPER_E || code === LOWER_E) {
    NUMBER.lastIndex = text.at
    const [written = ''] = NUMBER.exec(source) ?? []
    text.at += written.length
    return new JsonNumber(written)
  }
  text.at = at
  return isNegative && number !== 0 ? -number : number
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}
