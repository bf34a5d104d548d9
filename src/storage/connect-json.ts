import { doubleToString } from '../data/java-numbers.ts'
import { type JsonDialect, numberOfJson, readJson } from '../data/json-reader.ts'
import { jsonString } from '../data/json-string.ts'
import { DataError } from '../errors.ts'

/**
 * The bytes Kafka's JsonConverter writes without schemas (Jackson 2.21, checked against it by a test), and a
 * reader that loses nothing: whole numbers beyond 2^53 come back as bigint.
 */
export type JsonScalar = string | number | bigint | boolean | null

/**
 * Throws DataError for NaN and the infinities: JSON has no form for them, and text would not come back as a
 * number (I5).
 */
export function jsonScalar(value: JsonScalar): string {
  if (typeof value === 'string') return jsonString(value)
  if (typeof value !== 'number') return String(value)
  if (!Number.isFinite(value)) throw new DataError(`${value} cannot be stored as a JSON number`)
  return Number.isSafeInteger(value) && !Object.is(value, -0)
    ? String(value)
    : doubleToString(value)
}

/** `{"a":1,…}` of these fields in their order. */
export function jsonObject(fields: Iterable<readonly [string, JsonScalar]>): string {
  const parts: string[] = []
  for (const [name, value] of fields) parts.push(`${jsonString(name)}:${jsonScalar(value)}`)
  return `{${parts.join(',')}}`
}

/**
 * JSON of plain objects, lists and scalars, fields in their order; fields that are undefined are left out.
 */
export function jsonDocument(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonDocument).join(',')}]`
  if (typeof value !== 'object' || value === null) return jsonScalar(value as JsonScalar)
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{${fields.map(([name, field]) => `${jsonString(name)}:${jsonDocument(field)}`).join(',')}}`
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const dialect: JsonDialect = {
  number: numberOfJson,
  leadingZeros: false,
  maxNumberLength: 1000,
  maps: false,
  maxDepth: 1000
}

/**
 * A stored JSON document; null for a tombstone. Throws DataError when the bytes are not JSON in UTF-8.
 * The error does not quote the bytes: they may hold secrets (I7), and the parser's own message would.
 */
export function parseJson(bytes: Uint8Array | null): unknown {
  if (bytes === null) return null
  try {
    const text = utf8.decode(bytes)
    return /\d{16}/.test(text) ? readJson(text, dialect) : JSON.parse(text)
  } catch {
    throw new DataError(`${bytes.length} bytes that are not a JSON document`)
  }
}

/** A JSON object as a Map (so that `__proto__` is a plain key); null for anything else. */
export function objectFields(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return new Map(Object.entries(value))
}
