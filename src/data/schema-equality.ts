import { Decimal } from './logical-types.ts'
import type { Schema } from './schema.ts'
import { Struct } from './struct.ts'

const known = new WeakMap<Schema, WeakSet<Schema>>()

/**
 * Whether two schemas describe the same values in every detail, documentation and defaults included.
 * Remembers pairs found equal.
 */
export function sameSchema(a: Schema | undefined, b: Schema | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  if (known.get(a)?.has(b) === true) return true
  const same =
    a.type === b.type &&
    a.optional === b.optional &&
    a.name === b.name &&
    a.version === b.version &&
    a.doc === b.doc &&
    sameParameters(a.parameters, b.parameters) &&
    sameValue(a.defaultValue, b.defaultValue) &&
    sameSchema(a.keySchema, b.keySchema) &&
    sameSchema(a.valueSchema, b.valueSchema) &&
    a.fields.length === b.fields.length &&
    a.fields.every((field, index) => {
      const other = b.fields[index]
      return field.name === other?.name && sameSchema(field.schema, other.schema)
    })
  if (same) {
    const partners = known.get(a) ?? new WeakSet()
    known.set(a, partners.add(b))
  }
  return same
}

type Parameters = ReadonlyMap<string, string> | undefined

function sameParameters(a: Parameters, b: Parameters): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a.size !== b.size) return false
  return [...a].every(([name, value]) => b.get(name) === value)
}

/** Deep equality of two values of the data model; NaN equals NaN. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || (a ?? null) === (b ?? null)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Decimal) {
    return b instanceof Decimal && a.unscaled === b.unscaled && a.scale === b.scale
  }
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (a instanceof Struct) {
    return b instanceof Struct && sameSchema(a.schema, b.schema) && sameValue(a.values, b.values)
  }
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item: unknown, index) => sameValue(item, b[index]))
    )
  }
  if (a instanceof Map) {
    return (
      b instanceof Map &&
      a.size === b.size &&
      [...(a as Map<unknown, unknown>)].every(
        ([key, value]) => b.has(key) && sameValue(value, b.get(key))
      )
    )
  }
  return false
}
