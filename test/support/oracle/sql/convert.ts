import { OracleError } from '../oracle-error.ts'
import {
  decodeMoment,
  decodeOffset,
  encodeDate,
  encodeTimestamp,
  encodeTimestampTz
} from '../wire/datetime.ts'
import { decodeFloating, encodeFloating } from '../wire/floating.ts'
import { decodeDaySecond, decodeYearMonth } from '../wire/interval.ts'
import { type Moment, roundMoment } from '../wire/moment.ts'
import { decodeNumber, encodeNumber, numberText, parseNumber, toJsNumber } from '../wire/number.ts'
import { formatDatetime, parseDatetime, type Reading } from './date-format.ts'
import { jsonText, scientific, vectorText } from './document-text.ts'
import { dataTypeText, isDatetime, type SqlType, type SqlValue, type TypeName } from './sql-type.ts'
import { instantOf, offsetAt } from './zone.ts'

/** What the value of an expression depends on besides its operands. */
export interface ValueContext {
  /** The session's zone, an offset or a region. */
  zone: string
  /** The start of the statement, UTC. */
  now: Moment
  readonly nls: ReadonlyMap<string, string>
}

/**
 * Makes a value one of another type, as Oracle does unasked or by CAST. ORA-00932 when the types have nothing
 * in common.
 */
export function convert(
  value: SqlValue,
  from: TypeName,
  to: TypeName,
  context: ValueContext
): SqlValue {
  if (value === null || from === to) return value
  if (to === 'VARCHAR2' || to === 'CHAR' || to === 'CLOB' || to === 'LONG' || to === 'XMLTYPE') {
    return textOf(value, from, context)
  }
  if (to === 'NUMBER') return toNumber(value, from)
  if (to === 'BINARY_DOUBLE' || to === 'BINARY_FLOAT') return toFloating(value, from, to)
  if (isDatetime({ name: to })) return toDatetime(value, from, to, context)
  if (to === 'RAW' || to === 'BLOB' || to === 'LONG_RAW') return toBytes(value, from, to)
  if ((to === 'ROWID' || to === 'UROWID') && typeof value === 'string') return value
  if (to === 'JSON' && typeof value === 'string') return jsonText(value)
  if (to === 'VECTOR' && typeof value === 'string') return vectorText(value)
  if (to === 'BOOLEAN') return toBoolean(value, from)
  throw mismatch(from, to)
}

export function mismatch(from: TypeName, to: TypeName): OracleError {
  const text = (name: TypeName): string =>
    name === 'VARCHAR2' ? 'CHAR' : dataTypeText({ name }).replace(/\(6\)/, '')
  return new OracleError(932, [text(to), text(from)])
}

function bytesOf(value: SqlValue): Uint8Array {
  if (value === null || typeof value === 'string')
    throw new TypeError('A value in bytes was expected')
  return value
}

/** TO_CHAR without a format. */
export function textOf(value: SqlValue, from: TypeName, context: ValueContext): string {
  if (typeof value === 'string') return value
  const bytes = bytesOf(value)
  const name: string = from
  switch (name) {
    case 'NUMBER':
      return numberText(decodeNumber(bytes))
    case 'BINARY_FLOAT':
    case 'BINARY_DOUBLE':
      return floatingText(decodeFloating(bytes))
    case 'DATE':
      return formatDatetime(readingOf(bytes, from, context), nls(context, 'NLS_DATE_FORMAT'), false)
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return formatDatetime(
        readingOf(bytes, from, context),
        nls(context, 'NLS_TIMESTAMP_FORMAT'),
        true
      )
    case 'TIMESTAMP_TZ':
      return formatDatetime(
        readingOf(bytes, from, context),
        nls(context, 'NLS_TIMESTAMP_TZ_FORMAT'),
        true
      )
    case 'INTERVAL_YM': {
      const months = decodeYearMonth(bytes)
      const size = Math.abs(months)
      return `${months < 0 ? '-' : '+'}${two(Math.floor(size / 12))}-${two(size % 12)}`
    }
    case 'INTERVAL_DS':
      return durationText(decodeDaySecond(bytes))
    case 'BOOLEAN':
      return bytes[0] === 1 ? 'TRUE' : 'FALSE'
    case 'RAW':
    case 'BLOB':
    case 'LONG_RAW':
      return Buffer.from(bytes).toString('hex').toUpperCase()
    default:
      throw mismatch(from, 'VARCHAR2')
  }
}

function nls(context: ValueContext, name: string): string {
  return context.nls.get(name) ?? ''
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function durationText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos
  const seconds = Number(size / 1_000_000_000n)
  const time = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(
    two
  )
  const fraction = String(size % 1_000_000_000n)
    .padStart(9, '0')
    .slice(0, 6)
  return `${nanos < 0n ? '-' : '+'}${two(Math.floor(seconds / 86_400))} ${time.join(':')}.${fraction}`
}

function floatingText(value: number): string {
  if (Number.isNaN(value)) return 'Nan'
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf'
  return scientific(value)
}

/**
 * What a clock shows for a stored datetime: its own for zone-less types, the named zone's or the session's
 * for the others.
 */
export function readingOf(bytes: Uint8Array, type: TypeName, context: ValueContext): Reading {
  const moment = decodeMoment(bytes)
  let offsetMinutes = 0
  if (type === 'TIMESTAMP_TZ') offsetMinutes = decodeOffset(bytes)
  else if (type === 'TIMESTAMP_LTZ') offsetMinutes = offsetAt(context.zone, moment.seconds)
  else return { wall: moment, offsetMinutes }
  return {
    wall: { seconds: moment.seconds + offsetMinutes * 60, nanos: moment.nanos },
    offsetMinutes
  }
}

function toNumber(value: SqlValue, from: TypeName): Uint8Array {
  if (typeof value === 'string') return encodeNumber(parseNumber(value))
  if (from === 'BINARY_DOUBLE' || from === 'BINARY_FLOAT') {
    const number = decodeFloating(bytesOf(value))
    if (!Number.isFinite(number)) throw new OracleError(1426)
    return encodeNumber(parseNumber(String(number)))
  }
  throw mismatch(from, 'NUMBER')
}

/** A BOOLEAN is stored as it is sent: 0101 or 00. */
function toBoolean(value: SqlValue, from: TypeName): Uint8Array {
  if (from === 'NUMBER') return booleanBytes(decodeNumber(bytesOf(value)).unscaled !== 0n)
  const word = typeof value === 'string' ? value.trim().toLowerCase() : ''
  if (/^(true|t|yes|y|on|1)$/.test(word)) return booleanBytes(true)
  if (/^(false|f|no|n|off|0)$/.test(word)) return booleanBytes(false)
  throw new OracleError(61_800)
}

export function booleanBytes(value: boolean): Uint8Array {
  return value ? Uint8Array.of(1, 1) : Uint8Array.of(0)
}

function toFloating(
  value: SqlValue,
  from: TypeName,
  to: 'BINARY_DOUBLE' | 'BINARY_FLOAT'
): Uint8Array {
  const size = to === 'BINARY_DOUBLE' ? 8 : 4
  if (typeof value === 'string') {
    const special = { NAN: Number.NaN, INF: Infinity, '-INF': -Infinity }[
      value.trim().toUpperCase()
    ]
    return encodeFloating(special ?? Number(numberText(parseNumber(value))), size)
  }
  if (from === 'NUMBER') return encodeFloating(toJsNumber(bytesOf(value)), size)
  if (from === 'BINARY_DOUBLE' || from === 'BINARY_FLOAT') {
    return encodeFloating(decodeFloating(bytesOf(value)), size)
  }
  throw mismatch(from, to)
}

function toDatetime(
  value: SqlValue,
  from: TypeName,
  to: TypeName,
  context: ValueContext
): Uint8Array {
  if (typeof value === 'string') {
    const format = `NLS_${to === 'DATE' ? 'DATE' : to === 'TIMESTAMP_TZ' ? 'TIMESTAMP_TZ' : 'TIMESTAMP'}_FORMAT`
    return datetimeOfText(value, nls(context, format), to, context)
  }
  if (!isDatetime({ name: from })) throw mismatch(from, to)
  const { wall, offsetMinutes } = readingOf(bytesOf(value), from, context)
  const zoned = from === 'TIMESTAMP_TZ' || from === 'TIMESTAMP_LTZ'
  const instant = zoned ? wall.seconds - offsetMinutes * 60 : instantOf(context.zone, wall.seconds)
  return datetime(to, { wall, instant: { seconds: instant, nanos: wall.nanos } })
}

/** TO_DATE, TO_TIMESTAMP and TO_TIMESTAMP_TZ. */
export function datetimeOfText(
  text: string,
  mask: string,
  to: TypeName,
  context: ValueContext
): Uint8Array {
  const offset = offsetAt(context.zone, context.now.seconds)
  const local = { seconds: context.now.seconds + offset * 60, nanos: 0 }
  const { wall, zone } = parseDatetime(text, mask, local)
  const seconds = instantOf(zone ?? context.zone, wall.seconds)
  return datetime(to, { wall, instant: { seconds, nanos: wall.nanos } })
}

function datetime(to: TypeName, { wall, instant }: { wall: Moment; instant: Moment }): Uint8Array {
  if (to === 'DATE') return encodeDate(wall.seconds)
  if (to === 'TIMESTAMP') return encodeTimestamp(wall)
  if (to === 'TIMESTAMP_LTZ') return encodeTimestamp(instant)
  return encodeTimestampTz(instant, Math.round((wall.seconds - instant.seconds) / 60))
}

function toBytes(value: SqlValue, from: TypeName, to: TypeName): Uint8Array {
  if (typeof value !== 'string') {
    if (from === 'RAW' || from === 'BLOB' || from === 'LONG_RAW') return bytesOf(value)
    throw mismatch(from, to)
  }
  if (!/^[0-9a-fA-F]*$/.test(value)) throw new OracleError(1465)
  return Uint8Array.from(Buffer.from(value.length % 2 === 1 ? `0${value}` : value, 'hex'))
}

/** Rounds a datetime to the digits its column keeps. */
export function withFraction(value: Uint8Array, type: SqlType): Uint8Array {
  const digits = type.scale ?? 6
  if (digits >= 9) return value
  const rounded = roundMoment(decodeMoment(value), digits)
  return type.name === 'TIMESTAMP_TZ'
    ? encodeTimestampTz(rounded, decodeOffset(value))
    : encodeTimestamp(rounded)
}
