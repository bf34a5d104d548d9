import {
  DATE_NAME,
  DECIMAL_NAME,
  Decimal,
  TIME_NAME,
  TIMESTAMP_NAME
} from '../../data/logical-types.ts'
import type { Schema } from '../../data/schema.ts'
import { isInt64, isSmallInteger, scaleOf, wrongValue } from '../../data/values.ts'
import { DataError } from '../../errors.ts'
import { type ProtobufWrite } from './protobuf-scalars.ts'
import { type ProtobufInput, type ProtobufOutput, WIRE } from './protobuf-wire.ts'
import { MS_PER_DAY } from '../../data/calendar.ts'

/**
 * Logical types as messages: confluent.type.Decimal, google.type.Date and TimeOfDay,
 * google.protobuf.Timestamp; both ways.
 */

/** A field of a logical type's message; zero is not written. */
function part(out: ProtobufOutput, number: number, value: number): void {
  if (value === 0) return
  out.varint(number * 8 + WIRE.varint)
  out.signed(value)
}

export function logicalWriter(schema: Schema): ProtobufWrite {
  switch (schema.name) {
    case DECIMAL_NAME: {
      const scale = scaleOf(schema)
      return (out, value) => {
        const decimal = value instanceof Decimal ? value.withScale(scale) : null
        if (decimal === null) throw wrongValue(schema, value)
        out.varint(8 + WIRE.bytes)
        out.unscaled(decimal.unscaled)
        part(out, 2, digitsOf(decimal.unscaled))
        part(out, 3, scale)
      }
    }
    case DATE_NAME:
      return (out, value) => {
        if (!isSmallInteger('int32', value)) throw wrongValue(schema, value)
        const date = new Date(value * MS_PER_DAY)
        const year = date.getUTCFullYear()
        if (!(year >= 1 && year <= 9999)) throw new DataError('A date whose year is not 1 to 9999')
        part(out, 1, year)
        part(out, 2, date.getUTCMonth() + 1)
        part(out, 3, date.getUTCDate())
      }
    case TIME_NAME:
      return (out, value) => {
        if (!isSmallInteger('int32', value) || value < 0 || value >= MS_PER_DAY) {
          throw wrongValue(schema, value)
        }
        part(out, 1, Math.floor(value / 3_600_000))
        part(out, 2, Math.floor(value / 60_000) % 60)
        part(out, 3, Math.floor(value / 1000) % 60)
        part(out, 4, (value % 1000) * 1_000_000)
      }
    case TIMESTAMP_NAME:
      return (out, value) => {
        if (!isInt64(value)) throw wrongValue(schema, value)
        const milliseconds = Number(value)
        if (!Number.isSafeInteger(milliseconds)) throw new DataError('A timestamp beyond 2^53')
        const seconds = Math.floor(milliseconds / 1000)
        part(out, 1, seconds)
        part(out, 2, (milliseconds - seconds * 1000) * 1_000_000)
      }
    case undefined:
    default:
      throw new DataError(`No message for ${schema.name}`)
  }
}

/** As BigDecimal.precision. */
function digitsOf(unscaled: bigint): number {
  const number = Number(unscaled)
  const digits = Number.isSafeInteger(number)
    ? `${Math.abs(number)}`
    : `${unscaled}`.replace('-', '')
  return digits.length
}

/** The numbers in a message whose fields are numbers, by field number. */
function numbersOf(input: ProtobufInput): number[] {
  const numbers = [0, 0, 0, 0, 0]
  while (input.left > 0) {
    const tag = input.count()
    if (tag % 8 !== WIRE.varint || tag >= 40) input.skipField(tag % 8)
    else numbers[(tag - WIRE.varint) / 8] = Number(input.signed())
  }
  return numbers
}

const NANOS = 1_000_000

export function readDecimal(input: ProtobufInput, wanted: number): Decimal {
  let unscaled = 0n
  let scale = 0
  while (input.left > 0) {
    const tag = input.count()
    if (tag === 8 + WIRE.bytes) unscaled = input.unscaled(input.count())
    else if (tag === 24 + WIRE.varint) scale = Number(input.signed())
    else input.skipField(tag % 8)
  }
  if (Math.abs(scale) > 10_000) throw new DataError('A decimal of an absurd scale')
  const decimal = new Decimal(unscaled, scale).withScale(wanted)
  if (decimal === null) {
    throw new DataError(`A decimal of scale ${scale} where the schema says ${wanted}`)
  }
  return decimal
}

export function readDate(input: ProtobufInput): number {
  const [, year = 0, month = 0, day = 0] = numbersOf(input)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (year < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    throw new DataError('A date that does not exist')
  }
  return date.getTime() / MS_PER_DAY
}

export function readTime(input: ProtobufInput): number {
  const [, hours = 0, minutes = 0, seconds = 0, nanos = 0] = numbersOf(input)
  const milliseconds = ((hours * 60 + minutes) * 60 + seconds) * 1000 + wholeMs(nanos, 'time')
  if (milliseconds < 0 || milliseconds >= MS_PER_DAY) throw new DataError('A time beyond the day')
  return milliseconds
}

export function readTimestamp(input: ProtobufInput): number {
  const [, seconds = 0, nanos = 0] = numbersOf(input)
  const milliseconds = seconds * 1000 + wholeMs(nanos, 'timestamp')
  if (!Number.isSafeInteger(milliseconds)) throw new DataError('A timestamp beyond 2^53')
  return milliseconds
}

/** I5: Connect's times have milliseconds; what is finer is not cut off. */
function wholeMs(nanos: number, what: string): number {
  if (nanos % NANOS === 0) return nanos / NANOS
  throw new DataError(`A ${what} finer than milliseconds, which Connect cannot hold`)
}
