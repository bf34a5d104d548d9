import { Decimal, DATE_NAME, TIME_NAME, TIMESTAMP_NAME } from '../data/logical-types.ts'
import type { Schema, SchemaType } from '../data/schema.ts'
import { toJavaText } from '../data/value-text.ts'
import { DataError } from '../errors.ts'
import { DateFormat } from './java/date-format.ts'
import { javaClass, schemalessType } from './java/java-class.ts'
import {
  floatOf,
  fromDouble,
  type IntegerType,
  parseFloating,
  parseInteger,
  toInt64,
  wrapped
} from './java/java-number.ts'
import { MS_PER_DAY } from '../data/calendar.ts'

/** What a value may be cast to; bytes can be cast from as well. */
export const CAST_TARGETS = [
  'int8',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'boolean',
  'string'
] as const
export type CastTarget = (typeof CAST_TARGETS)[number]
const SOURCES: readonly SchemaType[] = [...CAST_TARGETS, 'bytes']

/** `[INT8, INT16, …]`, as error texts list types. */
export const typeList = (types: readonly SchemaType[]): string =>
  `[${types.map((type) => type.toUpperCase()).join(', ')}]`

const DAY = new DateFormat('yyyy-MM-dd')
const TIME = new DateFormat("HH:mm:ss.SSS'Z'")
const MOMENT = new DateFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")

/**
 * A value as another type, by Java's rules: integers are cut to their width, fractions cut off, text is read
 * strictly. Throws DataError when there is no such conversion. null stays null.
 */
export function castValue(schema: Schema | null, value: unknown, target: CastTarget): unknown {
  if (value === null || value === undefined) return null
  const type = schema === null ? schemalessType(value) : schema.type
  if (type === null) {
    throw new DataError(
      `Cast transformation was passed a value of type class ${javaClass(value)} which is not supported by Connect's data API`
    )
  }
  if (!SOURCES.includes(type)) {
    throw new DataError(
      `Cast transformation does not support casting from ${type.toUpperCase()}; supported types are ${typeList(SOURCES)}`
    )
  }
  if (target === 'string') return castToString(schema, value)
  if (target === 'boolean') return castToBoolean(schema, value)
  return target === 'float32' || target === 'float64'
    ? castToFloating(schema, value, target)
    : castToInteger(schema, value, target)
}

function castToInteger(schema: Schema | null, value: unknown, target: IntegerType): unknown {
  if (typeof value === 'bigint') return wrapped(target, value)
  if (typeof value === 'number') {
    return isFloating(schema, value) ? fromDouble(target, value) : wrapped(target, BigInt(value))
  }
  if (value instanceof Decimal) return wrapped(target, toInt64(value))
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return inRange(value, parseInteger(target, value))
  throw unexpected(schema, value)
}

function castToFloating(
  schema: Schema | null,
  value: unknown,
  target: 'float32' | 'float64'
): unknown {
  if (typeof value === 'bigint') return target === 'float32' ? floatOf(value) : Number(value)
  if (typeof value === 'number') {
    if (target === 'float64') return value
    return isFloating(schema, value) ? Math.fround(value) : floatOf(BigInt(value))
  }
  if (value instanceof Decimal) {
    return parseFloating(target, `${value.unscaled}E${-value.scale}`)
  }
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return inRange(value, parseFloating(target, value))
  throw unexpected(schema, value)
}

function castToBoolean(schema: Schema | null, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return value.toLowerCase() === 'true'
  if (typeof value === 'bigint') return value !== 0n
  if (typeof value === 'number') return Number(fromDouble('int64', value)) !== 0
  if (value instanceof Decimal) return toInt64(value) !== 0n
  throw unexpected(schema, value)
}

/**
 * Moments become ISO texts in UTC, without the time at midnight. Unlike the JVM's Cast, which keeps only the
 * time of day of moments before 1970-01-02, the date is always there (I5).
 */
function castToString(schema: Schema | null, value: unknown): string {
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (schema?.name === DATE_NAME) return DAY.format(Number(value) * MS_PER_DAY)
    if (schema?.name === TIME_NAME) return TIME.format(Number(value))
    if (schema?.name === TIMESTAMP_NAME) {
      const ms = Number(value)
      return ms >= MS_PER_DAY && ms % MS_PER_DAY === 0 ? DAY.format(ms) : MOMENT.format(ms)
    }
  }
  return toJavaText(schema, value)
}

const isFloating = (schema: Schema | null, value: number): boolean =>
  schema === null ? !Number.isSafeInteger(value) : schema.type.startsWith('float')

function inRange(text: string, value: unknown): unknown {
  if (value !== null) return value
  throw new DataError(`Value (${text}) was out of range for requested data type`)
}

function unexpected(schema: Schema | null, value: unknown): DataError {
  return new DataError(`Unexpected type in Cast transformation: class ${javaClass(value, schema)}`)
}
