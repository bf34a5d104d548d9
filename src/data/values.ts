import { DataError } from '../errors.ts'
import { DECIMAL_NAME, Decimal, TIME_NAME } from './logical-types.ts'
import type { Schema, SchemaType } from './schema.ts'
import { sameSchema } from './schema-equality.ts'
import { Struct } from './struct.ts'
import { MS_PER_DAY } from './calendar.ts'

/**
 * Checks values against schemas (I5): nothing is coerced, a value fits or it is an error.
 * Converters have fast checks of their own and come here only to explain a failure.
 */

const INT_LIMITS = { int8: 0x7f, int16: 0x7fff, int32: 0x7fff_ffff } as const
export const INT64_MIN = -(2n ** 63n)
export const INT64_MAX = 2n ** 63n - 1n

/** int8, int16 and int32: a whole number in range. */
export function isSmallInteger(type: 'int8' | 'int16' | 'int32', value: unknown): value is number {
  const limit = INT_LIMITS[type]
  return (
    typeof value === 'number' && Number.isInteger(value) && value <= limit && value >= -limit - 1
  )
}

/** A whole number as records have it (D5): a number while it is a safe integer, a bigint beyond. */
export function int64(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** As {@link int64}, of the digits of a whole number. */
export function int64OfText(digits: string): number | bigint {
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number : BigInt(digits)
}

/** int64: a safe integer, or a bigint in range. */
export function isInt64(value: unknown): value is number | bigint {
  return typeof value === 'number'
    ? Number.isSafeInteger(value)
    : typeof value === 'bigint' && value >= INT64_MIN && value <= INT64_MAX
}

/**
 * float32: the number must be a float32 value, or one written with the up to 9 digits that identify it
 * (drivers parse `0.1` to the nearest double, the smallest of all is `1e-45`). Others would lose digits.
 */
export function isFloat32(value: unknown): value is number {
  if (typeof value !== 'number') return false
  const rounded = Math.fround(value)
  if (Object.is(rounded, value)) return true
  if (!Number.isFinite(rounded)) return false
  for (let digits = 1; digits <= 9; digits++) {
    if (Number(rounded.toPrecision(digits)) === value) return true
  }
  return false
}

/** The scale a Decimal schema declares. */
export function scaleOf(schema: Schema): number {
  const text = schema.parameters?.get('scale')
  if (text === undefined) throw new DataError('Invalid Decimal schema: scale parameter not found.')
  const scale = Number(text)
  if (!Number.isInteger(scale) || text.trim() === '') {
    throw new DataError('Invalid scale parameter found in Decimal schema: ')
  }
  return scale
}

/**
 * Throws DataError when a value does not fit; the message names the field (`address.lines[2]`), the type
 * expected and the kind of value found, never the value itself. `path` is where the value sits, empty for the
 * whole record.
 */
export function checkValue(schema: Schema, value: unknown, path = ''): void {
  if (value === null || value === undefined) {
    if (schema.optional || (schema.defaultValue ?? null) !== null) return
    throw new DataError(
      `${place(path)} is null, but its schema (${typeName(schema)}) is required and has no default value`,
      { path, expected: typeName(schema), found: 'null' }
    )
  }
  const { type } = schema
  if (type === 'array') {
    if (!Array.isArray(value)) throw wrongValueAt(schema, value, path)
    value.forEach((item: unknown, index) =>
      checkPart(schema.valueSchema, item, `${path}[${index}]`)
    )
  } else if (type === 'map') {
    if (!(value instanceof Map)) throw wrongValueAt(schema, value, path)
    checkEntries(schema, value, path)
  } else if (type === 'struct') {
    checkStruct(schema, value, path)
  } else if (!fitsPrimitive(schema, type, value)) {
    throw wrongValueAt(schema, value, path)
  }
}

function checkPart(schema: Schema | undefined, value: unknown, path: string): void {
  if (schema !== undefined) checkValue(schema, value, path)
}

function checkEntries(schema: Schema, map: ReadonlyMap<unknown, unknown>, path: string): void {
  for (const [key, value] of map) {
    checkPart(schema.keySchema, key, `${path}[key]`)
    checkPart(schema.valueSchema, value, `${path}[${typeof key === 'string' ? key : 'value'}]`)
  }
}

function checkStruct(schema: Schema, value: unknown, path: string): void {
  if (!(value instanceof Struct)) throw wrongValueAt(schema, value, path)
  if (!sameSchema(value.schema, schema)) {
    throw new DataError(`Mismatching schema. ${place(path)} is a Struct of another schema`, {
      path
    })
  }
  if (value.values.length !== schema.fields.length) {
    throw new DataError(
      `${place(path)} has ${value.values.length} values for ${schema.fields.length} fields`,
      { path }
    )
  }
  for (const field of schema.fields) {
    checkValue(
      field.schema,
      value.values[field.index],
      path === '' ? field.name : `${path}.${field.name}`
    )
  }
}

/** Types without parts. */
export type PrimitiveType = Exclude<SchemaType, 'array' | 'map' | 'struct'>

function fitsPrimitive(schema: Schema, type: PrimitiveType, value: unknown): boolean {
  switch (type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return (
        isSmallInteger(type, value) &&
        (schema.name !== TIME_NAME || (value >= 0 && value < MS_PER_DAY))
      )
    case 'int64':
      return isInt64(value)
    case 'float32':
      return isFloat32(value)
    case 'float64':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'string':
      return typeof value === 'string'
    case 'bytes':
      return schema.name === DECIMAL_NAME
        ? value instanceof Decimal && value.withScale(scaleOf(schema)) !== null
        : value instanceof Uint8Array
  }
}

/**
 * The values of a struct of this schema, one for each field; DataError for anything else. Fast when the
 * struct has the very schema.
 */
export function structValues(schema: Schema, value: unknown): readonly unknown[] {
  if (
    value instanceof Struct &&
    value.values.length === schema.fields.length &&
    (value.schema === schema || sameSchema(value.schema, schema))
  ) {
    return value.values
  }
  throw wrongValue(schema, value)
}

/** What a writer says of a value of another type than its schema, which does not know where it is. */
export function wrongValue(schema: Schema, value: unknown): DataError {
  return new DataError(`Expected ${typeName(schema)}, found ${kindOf(value)}`)
}

function wrongValueAt(schema: Schema, value: unknown, path: string): DataError {
  const expected = typeName(schema)
  const found = kindOf(value)
  return new DataError(
    `${place(path)} does not fit its schema: expected ${expected}, found ${found}`,
    {
      path,
      expected,
      found
    }
  )
}

const place = (path: string): string => (path === '' ? 'The value' : `Field ${path}`)

/** A schema's type for messages: `int64`, `Timestamp (int64)`, `Decimal of scale 2 (bytes)`. */
export function typeName(schema: Schema): string {
  if (schema.name === undefined) return schema.type
  const simple = schema.name.slice(schema.name.lastIndexOf('.') + 1)
  const scale = schema.name === DECIMAL_NAME ? ` of scale ${schema.parameters?.get('scale')}` : ''
  return `${simple}${scale} (${schema.type})`
}

/** What a value is, without saying it: `string`, `fraction`, `integer beyond 2^53 as number`, `Struct` … */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return String(value)
    if (!Number.isInteger(value)) return 'a number with a fraction'
    if (!Number.isSafeInteger(value)) return 'a number beyond 2^53, which may have lost digits'
    return Math.abs(value) > INT_LIMITS.int32 ? 'an integer beyond int32' : 'an integer'
  }
  if (typeof value === 'bigint') {
    return isInt64(value) ? 'an integer beyond int32' : 'an integer beyond int64'
  }
  if (typeof value === 'string') return 'a string'
  if (typeof value !== 'object') return `a ${typeof value}`
  if (value instanceof Uint8Array) return 'bytes'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Map) return 'a map'
  if (value instanceof Decimal) return `a Decimal of scale ${value.scale}`
  return `a ${(value as { constructor?: { name?: string } }).constructor?.name ?? 'object'}`
}
