import { DataError } from '../errors.ts'
import { type JsonDialect, JsonNumber, JsonSyntaxError, readJson } from './json-reader.ts'

/** JSON as the JVM's converters read it: numbers keep every digit, leading zeros are tolerated. */

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

/**
 * Numbers of up to 15 digits are plain; a JsonNumber is one that a JavaScript number may not hold: fractions,
 * exponents, more digits.
 */
const dialect: JsonDialect = {
  number: (text) => (/^-?0*\d{1,15}$/.test(text) ? Number(text) + 0 : new JsonNumber(text)),
  leadingZeros: true,
  maxNumberLength: Infinity,
  maps: false,
  // As Jackson does.
  maxDepth: 500
}

const NEEDS_EXACT = /\d[.eE]|\d{16}|(?:^|[:,[\s])-0/

/** Parses one document; undefined when the text is blank. Throws DataError. */
export function parseJson(text: string): JsonNode | undefined {
  if (!NEEDS_EXACT.test(text)) {
    try {
      return JSON.parse(text) as JsonNode
    } catch {
      // Not an error yet: Kafka's dialect allows a little more, and the reader says what is wrong and where.
    }
  }
  try {
    return readJson(text, dialect) as JsonNode | undefined
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw new DataError(complaint(error, text.length))
  }
}

function complaint({ at, problem }: JsonSyntaxError, length: number): string {
  if (at >= length) return 'JSON ends too early'
  return `Unexpected character in JSON at position ${at}${problem === null ? '' : `: ${problem}`}`
}
