import { DataError } from '../errors.ts'
import { decimalToString, doubleToString, floatToString } from './java-numbers.ts'
import { DATE_NAME, Decimal, TIME_NAME, TIMESTAMP_NAME } from './logical-types.ts'
import type { Schema } from './schema.ts'
import { Struct } from './struct.ts'
import { kindOf } from './values.ts'
import { MS_PER_DAY } from './calendar.ts'

/**
 * Text forms of values that Java programs see: `toJavaText` is what `toString()` gives there
 * (StringConverter), `toLiteral` what `Values.convertToString` gives (SimpleHeaderConverter), which
 * `parseLiteral` reads back.
 */

type MaybeSchema = Schema | null | undefined

/**
 * Java's toString: `Struct{a=1,b=x}`, `{k=v}`, `[1, 2]`. Bytes, for which Java prints the address of an
 * object, are their digits: `0x00ff`.
 */
export function toJavaText(schema: MaybeSchema, value: unknown): string {
  if (value === null || value === undefined) return 'null'
  const scalar = scalarText(schema, value)
  if (scalar !== null) return scalar
  const milliseconds = instantOf(schema, value)
  if (milliseconds !== null) return javaDate(milliseconds)
  if (Array.isArray(value)) {
    return `[${value.map((item: unknown) => toJavaText(schema?.valueSchema, item)).join(', ')}]`
  }
  if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)].map(
      ([key, item]) =>
        `${toJavaText(schema?.keySchema, key)}=${toJavaText(schema?.valueSchema, item)}`
    )
    return `{${entries.join(', ')}}`
  }
  if (value instanceof Uint8Array) {
    return `0x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
  }
  if (value instanceof Struct) {
    const fields = value.schema.fields
      .filter((field) => (value.values[field.index] ?? null) !== null)
      .map((field) => `${field.name}=${toJavaText(field.schema, value.values[field.index])}`)
    return `Struct{${fields.join(',')}}`
  }
  throw new DataError(`${kindOf(value)} has no text form`)
}

/**
 * Kafka's literal form: `[1,"a"]`, `{"k":1.5}`, `2024-02-29`; strings are quoted inside of others only; bytes
 * are base64.
 */
export function toLiteral(schema: MaybeSchema, value: unknown, embedded = false): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return embedded ? quoted(value) : value
  const scalar = scalarText(schema, value)
  if (scalar !== null) return scalar
  const milliseconds = instantOf(schema, value)
  if (milliseconds !== null) return isoText(schema, milliseconds)
  if (value instanceof Uint8Array) {
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
    return embedded ? quoted(text) : text
  }
  if (Array.isArray(value)) {
    return `[${value.map((item: unknown) => toLiteral(schema?.valueSchema, item, true)).join(',')}]`
  }
  if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)].map(
      ([key, item]) =>
        `${toLiteral(schema?.keySchema, key, true)}:${toLiteral(schema?.valueSchema, item, true)}`
    )
    return `{${entries.join(',')}}`
  }
  if (value instanceof Struct) {
    const fields = value.schema.fields.map(
      (field) => `${quoted(field.name)}:${toLiteral(field.schema, value.get(field.name), true)}`
    )
    return `{${fields.join(',')}}`
  }
  throw new DataError(`${kindOf(value)} has no text form`)
}

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

/** Strings, booleans and numbers; null for anything else, moments included. */
function scalarText(schema: MaybeSchema, value: unknown): string | null {
  if (value instanceof Decimal) return decimalToString(value)
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'number' && typeof value !== 'bigint') return null
  return isMoment(schema) ? null : numberText(schema, value)
}

function numberText(schema: MaybeSchema, value: number | bigint): string {
  if (typeof value === 'bigint') return value.toString()
  if (schema?.type === 'float32') return floatToString(Math.fround(value))
  const floating =
    schema?.type === 'float64' || !Number.isSafeInteger(value) || Object.is(value, -0)
  return floating ? doubleToString(value) : String(value)
}

const isMoment = (schema: MaybeSchema): boolean =>
  schema?.name === DATE_NAME || schema?.name === TIME_NAME || schema?.name === TIMESTAMP_NAME

/** Epoch milliseconds of a Date, Time or Timestamp, as java.util.Date holds it; null for other values. */
function instantOf(schema: MaybeSchema, value: unknown): bigint | number | null {
  if (!isMoment(schema) || (typeof value !== 'number' && typeof value !== 'bigint')) return null
  return schema?.name === DATE_NAME ? Number(value) * MS_PER_DAY : value
}

/** After so many years the calendar repeats itself, days of the week included. */
const CYCLE_YEARS = 400
const CYCLE_MS = 146_097 * MS_PER_DAY
/** The limit of a date in JavaScript; Java's reaches further, to the year 292278994. */
const FURTHEST_MS = 8.64e15

/**
 * The parts of a moment in UTC, in the proleptic Gregorian calendar, of any year that 64 bits of milliseconds
 * reach.
 */
function calendarOf(milliseconds: number | bigint): { readonly date: Date; readonly year: number } {
  if (milliseconds <= FURTHEST_MS && milliseconds >= -FURTHEST_MS) {
    const date = new Date(Number(milliseconds))
    return { date, year: date.getUTCFullYear() }
  }
  const cycles = BigInt(milliseconds) / BigInt(CYCLE_MS)
  const date = new Date(Number(BigInt(milliseconds) % BigInt(CYCLE_MS)))
  return { date, year: date.getUTCFullYear() + Number(cycles) * CYCLE_YEARS }
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const padded = (value: number, width = 2): string => String(value).padStart(width, '0')

/** `Thu Feb 29 12:00:00 UTC 2024`: java.util.Date in UTC, whatever the zone of the process. */
function javaDate(milliseconds: number | bigint): string {
  const { date, year } = calendarOf(milliseconds)
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${padded(date.getUTCDate())} ${clock.map((part) => padded(part)).join(':')} UTC ${padded(year, 4)}`
}

/**
 * As the JVM's, a Timestamp at midnight is written as a date. Unlike it, moments before 1970-01-02 keep their
 * date: the JVM writes only the time of day for them (I5).
 */
function isoText(schema: MaybeSchema, milliseconds: number | bigint): string {
  const { date, year } = calendarOf(milliseconds)
  const day = `${padded(year, 4)}-${padded(date.getUTCMonth() + 1)}-${padded(date.getUTCDate())}`
  const time = `${padded(date.getUTCHours())}:${padded(date.getUTCMinutes())}:${padded(date.getUTCSeconds())}.${padded(date.getUTCMilliseconds(), 3)}Z`
  if (schema?.name === TIME_NAME) return time
  if (schema?.name === DATE_NAME) return day
  const isMidnight = date.getTime() % MS_PER_DAY === 0
  return milliseconds >= MS_PER_DAY && isMidnight ? day : `${day}T${time}`
}
