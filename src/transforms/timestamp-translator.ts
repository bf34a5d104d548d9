import {
  DATE_NAME,
  dateSchema,
  TIME_NAME,
  timeSchema,
  TIMESTAMP_NAME,
  timestampSchema
} from '../data/logical-types.ts'
import { Schema } from '../data/schema.ts'
import { int64, INT64_MAX, INT64_MIN, isInt64 } from '../data/values.ts'
import { DataError } from '../errors.ts'
import type { DateFormat } from './java/date-format.ts'
import { javaClass } from './java/java-class.ts'
import { modulo, MS_PER_DAY } from '../data/calendar.ts'

/** How a timestamp may be represented. */
type TimestampKind = 'string' | 'unix' | 'Date' | 'Time' | 'Timestamp'
type UnixPrecision = 'nanoseconds' | 'microseconds' | 'milliseconds' | 'seconds'

const SCHEMAS: Readonly<Record<TimestampKind, readonly [required: Schema, optional: Schema]>> = {
  string: [Schema.STRING, Schema.OPTIONAL_STRING],
  unix: [Schema.INT64, Schema.OPTIONAL_INT64],
  Date: [dateSchema(), dateSchema({ optional: true })],
  Time: [timeSchema(), timeSchema({ optional: true })],
  Timestamp: [timestampSchema(), timestampSchema({ optional: true })]
}

/** Beyond, JavaScript has no date, and days no exact milliseconds. */
const LIMIT_MS = 8.64e15

/** What the values of a schema are; throws DataError when they are no timestamps. */
export function kindOfSchema(schema: Schema): TimestampKind {
  if (schema.name === TIMESTAMP_NAME) return 'Timestamp'
  if (schema.name === DATE_NAME) return 'Date'
  if (schema.name === TIME_NAME) return 'Time'
  if (schema.type === 'string') return 'string'
  if (schema.type === 'int64') return 'unix'
  const type = schema.type.toUpperCase()
  const text = schema.name === undefined ? type : `${schema.name}:${type}`
  throw new DataError(`Schema Schema{${text}} does not correspond to a known timestamp type format`)
}

/** What a value without schema is; throws DataError when it is no timestamp. */
export function kindOfValue(value: unknown): TimestampKind {
  if (value instanceof Date) return 'Timestamp'
  if (isInt64(value)) return 'unix'
  if (typeof value === 'string') return 'string'
  throw new DataError(
    `TimestampConverter does not support class ${javaClass(value)} objects as timestamps`
  )
}

/** From any representation of a timestamp to one of them. */
export class TimestampTranslator {
  readonly #target: TimestampKind
  readonly #precision: UnixPrecision
  readonly #format: DateFormat | null

  /** `format` is for texts; without it they cannot be read. */
  constructor(target: TimestampKind, precision: UnixPrecision, format: DateFormat | null) {
    this.#target = target
    this.#precision = precision
    this.#format = format
  }

  /** The schema of the results: always the same two objects. */
  schema(optional: boolean): Schema {
    return SCHEMAS[this.#target][optional ? 1 : 0]
  }

  /**
   * `typed`: the result has a schema, so that days and milliseconds are numbers; without one they are a
   * `Date`. `schema` is that of the value given, null when it has none.
   */
  convert(value: unknown, kind: TimestampKind, typed: boolean, schema: Schema | null): unknown {
    if (value === null || value === undefined) return null
    const ms = this.#milliseconds(value, kind, schema)
    switch (this.#target) {
      case 'string':
        return this.#requireFormat().format(limited(ms))
      case 'unix':
        return fromMilliseconds(ms, this.#precision)
      case 'Timestamp':
        return typed ? ms : new Date(limited(ms))
      case 'Date': {
        const days = Math.floor(limited(ms) / MS_PER_DAY)
        return typed ? days : new Date(days * MS_PER_DAY)
      }
      case 'Time': {
        const time = modulo(limited(ms), MS_PER_DAY)
        return typed ? time : new Date(time)
      }
    }
  }

  #milliseconds(value: unknown, kind: TimestampKind, schema: Schema | null): number | bigint {
    if (value instanceof Date && schema === null) return value.getTime()
    if (kind === 'string') {
      if (typeof value !== 'string') {
        throw new DataError(
          `Expected string timestamp to be a String, but found class ${javaClass(value, schema)}`
        )
      }
      return this.#read(value)
    }
    if (!isInt64(value)) {
      const expected =
        kind === 'unix' ? 'Unix timestamp to be a Long' : `${kind} to be a java.util.Date`
      throw new DataError(`Expected ${expected}, but found class ${javaClass(value, schema)}`)
    }
    if (kind === 'unix') return toMilliseconds(value, this.#precision)
    return kind === 'Date' ? Number(value) * MS_PER_DAY : value
  }

  #read(text: string): number {
    const format = this.#requireFormat()
    const ms = format.parse(text)
    if (ms !== null) return ms
    throw new DataError(
      `Could not parse timestamp: value (${text}) does not match pattern (${format.pattern})`
    )
  }

  #requireFormat(): DateFormat {
    if (this.#format !== null) return this.#format
    throw new DataError('TimestampConverter needs format to read a timestamp that is text')
  }
}

function limited(ms: number | bigint): number {
  const number = Number(ms)
  if (Math.abs(number) <= LIMIT_MS) return number
  throw new DataError('A moment beyond the year 275760')
}

/** Units of a precision in one millisecond, or milliseconds in one unit. */
const FINER: Readonly<Record<UnixPrecision, bigint>> = {
  nanoseconds: 1_000_000n,
  microseconds: 1000n,
  milliseconds: 1n,
  seconds: 1n
}

/** Ends at the limits of a long, as Java's TimeUnit. */
function saturated(value: bigint): number | bigint {
  return int64(value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : value)
}

/** Toward zero: -1 ns is 0 ms. */
function toMilliseconds(value: number | bigint, precision: UnixPrecision): number | bigint {
  if (precision === 'milliseconds') return value
  return precision === 'seconds'
    ? saturated(BigInt(value) * 1000n)
    : int64(BigInt(value) / FINER[precision])
}

function fromMilliseconds(ms: number | bigint, precision: UnixPrecision): number | bigint {
  if (precision === 'milliseconds') return ms
  return precision === 'seconds'
    ? int64(BigInt(ms) / 1000n)
    : saturated(BigInt(ms) * FINER[precision])
}
