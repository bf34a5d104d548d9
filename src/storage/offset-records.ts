import { meaningOf } from '../data/source-partition.ts'
import { DataError } from '../errors.ts'
import { type JsonScalar, jsonObject, objectFields, parseJson } from './connect-json.ts'
import { jsonString } from '../data/json-string.ts'
import type { StoredMap } from './offset-store.ts'

/**
 * Bytes of `["<connector>",{<partition>}]`, fields in their order. Throws DataError for values that cannot be
 * stored.
 */
export function offsetKey(connector: string, partition: StoredMap): Buffer {
  return Buffer.from(`[${jsonString(connector)},${jsonObject(scalars(partition))}]`)
}

/** Bytes of `{<offset>}`; null, a tombstone, for null. Throws DataError for values that cannot be stored. */
export function offsetValue(offset: StoredMap | null): Buffer | null {
  return offset === null ? null : Buffer.from(jsonObject(scalars(offset)))
}

/** Reads a key. Throws DataError unless it is a connector name and an object of primitive values. */
export function parseOffsetKey(bytes: Uint8Array): { connector: string; partition: StoredMap } {
  const key = parseJson(bytes)
  if (!Array.isArray(key) || key.length !== 2 || typeof key[0] !== 'string') {
    throw new DataError('the key is not an array of a connector name and a partition')
  }
  return { connector: key[0], partition: storedMap(key[1], 'partition') }
}

/** Reads a value. Throws DataError unless it is null or an object of primitive values. */
export function parseOffsetValue(bytes: Uint8Array | null): StoredMap | null {
  const value = parseJson(bytes)
  return value === null ? null : storedMap(value, 'offset')
}

/** What `meaningOf` says of a map that can be stored. Throws DataError for any other. */
export function storedMeaning(map: StoredMap): string {
  scalars(map)
  return meaningOf(map)
}

function scalars(map: StoredMap): [string, JsonScalar][] {
  const fields = Object.entries(map)
  for (const [name, value] of fields) {
    if (!isScalar(value)) {
      throw new DataError(
        `Offsets may only contain primitive types as values, but field ${name} contains ${Array.isArray(value) ? 'an array' : typeof value}`
      )
    }
  }
  return fields
}

function isScalar(value: unknown): value is JsonScalar {
  return value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}

function storedMap(value: unknown, what: string): StoredMap {
  const fields = objectFields(value)
  if (fields === null) throw new DataError(`the ${what} is not a JSON object`)
  const scalarFields: [string, JsonScalar][] = []
  for (const [name, field] of fields) {
    if (!isScalar(field))
      throw new DataError(`field ${name} of the ${what} is not a primitive value`)
    scalarFields.push([name, field])
  }
  // fromEntries defines properties: `__proto__` becomes a plain key.
  return Object.fromEntries(scalarFields)
}
