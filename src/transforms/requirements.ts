import type { Schema } from '../data/schema.ts'
import { Struct } from '../data/struct.ts'
import { DataError } from '../errors.ts'
import { javaClass } from './java/java-class.ts'

/**
 * What a transformation without a schema works on; numbers, strings and nulls are refused. `purpose` names
 * the work in the error.
 */
export function requireMap(value: unknown, purpose: string): ReadonlyMap<string, unknown> {
  if (value instanceof Map) return value as ReadonlyMap<string, unknown>
  throw new DataError(
    `Only Map objects supported in absence of schema for [${purpose}], found: ${javaClass(value)}`
  )
}

/** What a transformation with a schema works on; `schema` is the one the value came with. */
export function requireStruct(value: unknown, purpose: string, schema: Schema | null): Struct {
  if (value instanceof Struct) return value
  throw new DataError(
    `Only Struct objects supported for [${purpose}], found: ${javaClass(value, schema)}`
  )
}

/** As {@link requireMap}, with null let through. */
export function requireMapOrNull(
  value: unknown,
  purpose: string
): ReadonlyMap<string, unknown> | null {
  return value === null || value === undefined ? null : requireMap(value, purpose)
}

/** As {@link requireStruct}, with null let through. */
export function requireStructOrNull(
  value: unknown,
  purpose: string,
  schema: Schema | null
): Struct | null {
  return value === null || value === undefined ? null : requireStruct(value, purpose, schema)
}
