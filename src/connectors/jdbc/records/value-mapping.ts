import {
  Decimal,
  dateSchema,
  decimalSchema,
  timeSchema,
  timestampSchema
} from '../../../data/logical-types.ts'
import { Schema, type SchemaOptions } from '../../../data/schema.ts'
import { DataError } from '../../../errors.ts'
import type { Column, TimestampColumn } from '../database/database.ts'
import { julianDays, julianMs } from '../values/julian-calendar.ts'
import type { ValueSettings } from '../settings/reading-settings.ts'
import { epochNanos, timestampText, type TimestampParts } from '../values/timestamp.ts'
import { int64 } from '../../../data/values.ts'
import { modulo, MS_PER_DAY } from '../../../data/calendar.ts'

/** The schema of a column's field, and what turns a driver's value (never null) into the Connect value. */
export interface FieldMapping {
  readonly schema: Schema
  read(raw: unknown): unknown
}

type DecimalColumn = Extract<Column, { type: 'decimal' }>

/**
 * How a column is carried; null when it is left out. Throws DataError when its type is unsupported and that
 * is to fail.
 */
export function fieldMapping(column: Column, settings: ValueSettings): FieldMapping | null {
  const options: SchemaOptions = { optional: column.nullable !== false }
  switch (column.type) {
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
    case 'string':
    case 'bytes':
      return { schema: new Schema(column.type, options), read: column.read }
    case 'decimal':
      return numberMapping(column, settings, options)
    case 'date': {
      const { read } = column
      const days = (raw: unknown): number | null => {
        const day = read(raw)
        if (!Number.isFinite(day)) return infiniteDate(day, settings)
        return settings.julianBefore1582 ? julianDays(day) : day
      }
      return { schema: dateSchema(options), read: days }
    }
    case 'time': {
      const { read } = column
      // As the JVM connector: the wall clock's time of day, moved from db.timezone to UTC.
      const shift = column.hasZone === true ? 0 : settings.timeZone.offsetAt(0)
      return {
        schema: timeSchema(options),
        read: shift === 0 ? read : (raw) => modulo(read(raw) - shift, MS_PER_DAY)
      }
    }
    case 'timestamp':
      return timestampMapping(column, settings, options)
    case 'other':
      if (settings.unsupportedTypes === 'skip') return null
      if (settings.unsupportedTypes === 'text') {
        return { schema: new Schema('string', options), read: column.read }
      }
      throw new DataError(
        `Column ${column.name} has the type ${column.databaseType}, which Kafka Connect does not know; unsupported.types=text or skip would go on without failing`
      )
  }
}

function numberMapping(
  column: DecimalColumn,
  settings: ValueSettings,
  options: SchemaOptions
): FieldMapping {
  const { read, precision, scale } = column
  if (scale === null) {
    const wanted = settings.unconstrainedNumeric
    if (wanted === 'string') {
      return { schema: new Schema('string', options), read: (raw) => plainText(read(raw)) }
    }
    if (wanted === 'double') {
      return { schema: new Schema('float64', options), read: (raw) => Number(read(raw)) }
    }
    return {
      schema: decimalSchema(wanted, options),
      read: (raw) => decimalOf(read(raw), wanted)
    }
  }
  if (column.numeric && precision !== null) {
    const primitive = primitiveFor(precision, scale, settings)
    if (primitive === 'float64') {
      return { schema: new Schema('float64', options), read: (raw) => Number(read(raw)) }
    }
    if (primitive !== null) {
      const limit = 1n << BigInt(INTEGER_BITS[primitive] - 1)
      return {
        schema: new Schema(primitive, options),
        read: (raw) => integerOf(read(raw), limit)
      }
    }
  }
  const parameters =
    precision === null ? undefined : new Map([['connect.decimal.precision', String(precision)]])
  return {
    schema: decimalSchema(scale, parameters === undefined ? options : { ...options, parameters }),
    read: (raw) => decimalOf(read(raw), scale)
  }
}

const INTEGER_BITS = { int8: 8, int16: 16, int32: 32, int64: 64 } as const

/** `numeric.mapping`; null: stays Decimal. */
function primitiveFor(
  precision: number,
  scale: number,
  settings: ValueSettings
): keyof typeof INTEGER_BITS | 'float64' | null {
  const mapping = settings.numericMapping
  if (mapping === 'none') return null
  const fits = precision <= 18
  const integer =
    precision > 9 ? 'int64' : precision > 4 ? 'int32' : precision > 2 ? 'int16' : 'int8'
  if (mapping === 'precision_only') return fits && scale === 0 ? integer : null
  if (fits && scale < 1 && scale >= -84) return integer
  if (scale > 0 && (fits || mapping === 'best_fit_eager_double')) return 'float64'
  return null
}

/** The digits at exactly this scale. DataError when some would be lost (I5). */
function decimalOf(text: string, scale: number): Decimal {
  requireDigits(text)
  const dot = text.indexOf('.')
  const digitsBehind = dot === -1 ? 0 : text.length - dot - 1
  if (digitsBehind === scale && !text.includes('e') && !text.includes('E')) {
    const digits = dot === -1 ? text : text.slice(0, dot) + text.slice(dot + 1)
    // A BigInt is made from a small number several times faster than from text.
    return new Decimal(digits.length < 16 ? BigInt(Number(digits)) : BigInt(digits), scale)
  }
  const decimal = Decimal.parse(text).withScale(scale)
  if (decimal === null) throw new DataError(`${text} has more than ${scale} digits behind the dot`)
  return decimal
}

/** DataError for `NaN` and `Infinity`, which have no digits: only text and doubles hold them. */
function requireDigits(text: string): void {
  const last = text.charCodeAt(text.length - 1)
  if (!(last >= 48 && last <= 57) && last !== 46) {
    throw new DataError(`${text} is no number that Kafka Connect could carry`)
  }
}

function integerOf(text: string, limit: bigint): number | bigint {
  requireDigits(text)
  const whole = Decimal.parse(text).withScale(0)
  if (whole === null || whole.unscaled >= limit || whole.unscaled < -limit) {
    throw new DataError(`${text} does not fit the integer type chosen by numeric.mapping`)
  }
  return int64(whole.unscaled)
}

function plainText(text: string): string {
  return /\de/i.test(text) ? Decimal.parse(text).toString() : text
}

function timestampMapping(
  column: TimestampColumn,
  settings: ValueSettings,
  options: SchemaOptions
): FieldMapping {
  const { timeZone, julianBefore1582 } = settings
  const parts: TimestampParts = { ms: 0, nanos: 0 }
  const moves = !column.hasZone && !timeZone.isUtc
  const read = (raw: unknown): void => {
    let instant: number | null = null
    if (column.readInstant === undefined) column.read(raw, parts)
    else instant = column.readInstant(raw, parts)
    if (!Number.isFinite(parts.ms)) return
    if (julianBefore1582) parts.ms = julianMs(parts.ms)
    if (!moves) return
    if (instant === null) timeZone.toInstant(parts)
    else parts.ms = instant
  }
  const micros = (): bigint =>
    epochNanos(parts) / 1000n - (epochNanos(parts) % 1000n < 0n ? 1n : 0n)
  const iso = (digits: number): string =>
    timestampText({ ms: timeZone.wallMsOf(parts.ms), nanos: parts.nanos }, digits, 'T')
  const mapping = (schema: Schema, answer: () => unknown): FieldMapping => ({
    schema,
    read(raw) {
      read(raw)
      return Number.isFinite(parts.ms) ? answer() : infiniteTimestamp(parts.ms, settings)
    }
  })
  switch (settings.granularity) {
    case 'connect_logical':
      return mapping(timestampSchema(options), () => parts.ms)
    case 'micros_long':
      return mapping(new Schema('int64', options), () => int64(micros()))
    case 'micros_string':
      return mapping(new Schema('string', options), () => micros().toString())
    case 'micros_iso_datetime_string':
      return mapping(new Schema('string', options), () => iso(6))
    case 'nanos_long':
      return mapping(new Schema('int64', options), () => int64(longNanos()))
    case 'nanos_string':
      return mapping(new Schema('string', options), () => epochNanos(parts).toString())
    case 'nanos_iso_datetime_string':
      return mapping(new Schema('string', options), () => iso(9))
  }

  function longNanos(): bigint {
    const nanos = epochNanos(parts)
    if (BigInt.asIntN(64, nanos) === nanos) return nanos
    throw new DataError(`${timestampText(parts, 9)} is beyond what nanoseconds in an int64 can say`)
  }
}

/** The milliseconds that PostgreSQL's JVM driver has for them; source: org.postgresql.PGStatement. */
const POSITIVE_INFINITY_MS = 9_223_372_036_825_200_000n
const NEGATIVE_INFINITY_MS = -9_223_372_036_832_400_000n

function infiniteDate(day: number, { infiniteTimestamps }: ValueSettings): null {
  if (infiniteTimestamps === 'null') return null
  throw new DataError(
    `${day > 0 ? '' : '-'}infinity is no date; infinite.timestamps=null carries null in its place`
  )
}

function infiniteTimestamp(
  ms: number,
  { infiniteTimestamps, granularity }: ValueSettings
): bigint | null {
  if (infiniteTimestamps === 'null') return null
  if (infiniteTimestamps === 'number' && granularity === 'connect_logical') {
    return ms > 0 ? POSITIVE_INFINITY_MS : NEGATIVE_INFINITY_MS
  }
  const sign = ms > 0 ? '' : '-'
  throw new DataError(
    `${sign}infinity is no time; infinite.timestamps=null carries null in its place`
  )
}
