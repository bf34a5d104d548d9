import { type JsonDialect, JsonNumber, JsonSyntaxError, readJson } from '../data/json-reader.ts'
import { ConnectError } from '../errors.ts'

/**
 * JSON of a request. Configurations keep the text of numbers, offsets make a number or bigint of them.
 * Objects are Maps: any key, `__proto__` too, is a plain key, and the order of keys stays.
 */
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | Map<string, JsonValue>

const dialect: JsonDialect = {
  number: (text) => new JsonNumber(text),
  leadingZeros: false,
  // As Jackson.
  maxNumberLength: 1000,
  maps: true,
  maxDepth: 1000
}

/**
 * Parses one JSON document of a request. Like Jackson in the JVM worker: the last of several equal keys wins,
 * a byte order mark is skipped, trailing text is an error. Throws BAD_REQUEST that says what is wrong and
 * where.
 * @returns undefined for an empty or blank body
 */
export function parseJson(bytes: Uint8Array): JsonValue | undefined {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ConnectError('BAD_REQUEST', 'The request body is not valid UTF-8', { cause })
  }
  try {
    return readJson(text, dialect) as JsonValue | undefined
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw new ConnectError('BAD_REQUEST', complaint(text, error))
  }
}

/** The text itself is not repeated: it may hold a secret (I7). */
function complaint(text: string, { at, problem, expected }: JsonSyntaxError): string {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  const column = at - before.lastIndexOf('\n')
  const next = text[at]
  const found =
    problem ??
    (next === undefined ? 'the end of the text' : `the character ${JSON.stringify(next)}`)
  const wanted = expected === null ? '' : ` where ${expected} was expected`
  return `The request body is not valid JSON: ${found} at line ${line}, column ${column}${wanted}`
}
