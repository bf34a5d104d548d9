import type { DatabaseSync } from 'node:sqlite'
import { OracleError } from '../oracle-error.ts'
import { decodeMoment, decodeOffset, encodeTimestamp, encodeTimestampTz } from '../wire/datetime.ts'
import { decodeFloating, encodeFloating } from '../wire/floating.ts'
import { decodeDaySecond, decodeYearMonth, encodeDaySecond } from '../wire/interval.ts'
import {
  addNanos,
  daysInMonth,
  fieldsOf,
  type Moment,
  nanosBetween,
  secondsOf
} from '../wire/moment.ts'
import {
  type Decimal,
  decodeNumber,
  encodeNumber,
  numberOf,
  parseNumber,
  roundDecimal,
  toJsNumber,
  truncateDecimal
} from '../wire/number.ts'
import { rowAddress, rowidText } from '../wire/rowid.ts'
import {
  convert,
  datetimeOfText,
  readingOf,
  textOf,
  type ValueContext,
  withFraction
} from './convert.ts'
import { formatDatetime } from './date-format.ts'
import { formatNumber } from './number-format.ts'
import { isDatetime, type SqlValue, type TypeName } from './sql-type.ts'
import { offsetAt } from './zone.ts'
import { encodeDate } from '../wire/datetime.ts'

type Argument = string | number | Uint8Array | null
const DAY_NANOS = 86_400n * 1_000_000_000n

/**
 * The functions SQLite calls for what it cannot do itself. `context` answers that of the statement being run.
 */
export function registerValueFunctions(sqlite: DatabaseSync, context: () => ValueContext): void {
  const define = (name: string, act: (...args: Argument[]) => Argument): void => {
    sqlite.function(name, { deterministic: true, varargs: true }, (...args) =>
      act(...(args as Argument[]))
    )
  }
  /** Answers null when any operand is null, as most of Oracle's functions do. */
  const strict = (name: string, act: (...args: Exclude<Argument, null>[]) => Argument): void => {
    define(name, (...args) =>
      args.includes(null) ? null : act(...(args as Exclude<Argument, null>[]))
    )
  }
  const bytes = (value: Argument | undefined): Uint8Array => value as Uint8Array
  const text = (value: Argument | undefined): string => String(value)

  strict('o_convert', (value, from, to) =>
    convert(value as SqlValue, from as TypeName, to as TypeName, context())
  )
  strict('o_fraction', (value, name, scale) =>
    withFraction(bytes(value), { name: name as TypeName, scale: Number(scale) })
  )
  strict('o_int', (value) => numberOf(Number(value)))
  strict('o_js', (value) => Math.trunc(toJsNumber(bytes(value))))
  for (const [name, operator] of Object.entries(ARITHMETIC)) {
    strict(`o_${name}`, (left, right) =>
      operator(decodeNumber(bytes(left)), decodeNumber(bytes(right)))
    )
    strict(`o_float_${name}`, (left, right) => {
      const [one, other] = [decodeFloating(bytes(left)), decodeFloating(bytes(right))]
      return encodeFloating(FLOATING[name]?.(one, other) ?? Number.NaN, 8)
    })
  }
  strict('o_negate', (value) => {
    const { unscaled, scale } = decodeNumber(bytes(value))
    return encodeNumber({ unscaled: -unscaled, scale })
  })
  strict('o_add_nanos', (value, type, nanos) =>
    addTo(bytes(value), type as TypeName, BigInt(text(nanos)))
  )
  strict('o_add_days', (value, type, days) => {
    const { unscaled, scale } = decodeNumber(bytes(days))
    const nanos = roundDecimal({ unscaled: unscaled * DAY_NANOS, scale }, 0)
    const whole =
      nanos.scale > 0
        ? nanos.unscaled / 10n ** BigInt(nanos.scale)
        : nanos.unscaled * 10n ** BigInt(-nanos.scale)
    // A DATE has whole seconds.
    const seconds =
      type === 'DATE'
        ? ((whole + (whole < 0n ? -500_000_000n : 500_000_000n)) / 1_000_000_000n) * 1_000_000_000n
        : whole
    return addTo(bytes(value), type as TypeName, seconds)
  })
  strict('o_add_interval', (value, type, interval, sign) =>
    addTo(bytes(value), type as TypeName, decodeDaySecond(bytes(interval)) * BigInt(Number(sign)))
  )
  strict('o_add_months', (value, type, months) =>
    addMonths(bytes(value), type as TypeName, Number(months))
  )
  strict('o_add_year_month', (value, type, interval, sign) =>
    addMonths(bytes(value), type as TypeName, decodeYearMonth(bytes(interval)) * Number(sign))
  )
  strict('o_days_between', (later, earlier) => {
    const seconds = decodeMoment(bytes(later)).seconds - decodeMoment(bytes(earlier)).seconds
    return divide({ unscaled: BigInt(seconds), scale: 0 }, { unscaled: 86_400n, scale: 0 })
  })
  strict('o_interval_between', (later, earlier) =>
    encodeDaySecond(nanosBetween(decodeMoment(bytes(later)), decodeMoment(bytes(earlier))))
  )
  strict('o_to_datetime', (value, mask, to) =>
    datetimeOfText(text(value), text(mask), to as TypeName, context())
  )
  strict('o_to_char', (value, from, mask) => {
    const type = from as TypeName
    if (!isDatetime({ name: type })) {
      return formatNumber(
        convert(value as SqlValue, type, 'NUMBER', context()) as Uint8Array,
        text(mask)
      )
    }
    const reading = readingOf(bytes(value), type, context())
    const result = formatDatetime(reading, text(mask), type !== 'DATE')
    return result === '' ? null : result
  })
  strict('o_text', (value, from) => textOf(value as SqlValue, from as TypeName, context()))
  strict('o_number_of', (value) => encodeNumber(parseNumber(text(value))))
  strict('o_to_number', (value) => encodeNumber(parseNumber(text(value).replace(/[,$]/g, ''))))
  strict('o_at_zone', (value, zone) => {
    const moment = decodeMoment(bytes(value))
    return encodeTimestampTz(moment, offsetAt(text(zone), moment.seconds))
  })
  strict('o_wall', (value) => {
    const { wall } = readingOf(bytes(value), 'TIMESTAMP_TZ', context())
    return encodeTimestamp(wall)
  })
  strict('o_extract', (field, value, type) =>
    extract(text(field), bytes(value), type as TypeName, context())
  )
  strict('o_round', (value, places) =>
    encodeNumber(roundDecimal(decodeNumber(bytes(value)), Number(places)))
  )
  strict('o_trunc', (value, places) =>
    encodeNumber(truncateDecimal(decodeNumber(bytes(value)), Number(places)))
  )
  strict('o_floor', (value) => encodeNumber(floor(decodeNumber(bytes(value)), -1n)))
  strict('o_ceil', (value) => encodeNumber(floor(decodeNumber(bytes(value)), 1n)))
  strict('o_mod', (left, right) => modulo(decodeNumber(bytes(left)), decodeNumber(bytes(right))))
  strict('o_trunc_date', (value, type, unit) =>
    truncateDate(bytes(value), type as TypeName, text(unit), context())
  )
  strict('o_rowid', (object, row) => rowidText(rowAddress(Number(object), Number(row))))
  strict('o_like', (value, pattern, escape) =>
    like(text(value), text(pattern), text(escape)) ? 1 : 0
  )
  strict('o_lower', (value) => text(value).toLowerCase())
  strict('o_upper', (value) => text(value).toUpperCase())
  strict('o_lpad', (value, length, fill) => padTo(text(value), Number(length), text(fill), true))
  strict('o_rpad', (value, length, fill) => padTo(text(value), Number(length), text(fill), false))
  strict('o_pad', (value, length) => text(value).padEnd(Number(length)))
  strict('o_instr', (value, part) => text(value).indexOf(text(part)) + 1)
  strict('o_bytes', (value) => Buffer.byteLength(text(value)))
  define('o_error', (code, fact) => {
    throw new OracleError(Number(code), fact === null || fact === undefined ? [] : [text(fact)])
  })
  define('o_sleep', () => null)
  sqlite.aggregate('o_sum', {
    start: '',
    step: (sum: string, value: unknown) => {
      if (value === null) return sum
      const added = add(
        decodeNumber(Buffer.from(sum === '' ? '80' : sum, 'hex')),
        decodeNumber(value as Uint8Array)
      )
      return Buffer.from(added).toString('hex')
    },
    result: (sum: string) => (sum === '' ? null : Uint8Array.from(Buffer.from(sum, 'hex')))
  })
}

function aligned(one: Decimal, other: Decimal): [bigint, bigint, number] {
  const scale = Math.max(one.scale, other.scale)
  return [
    one.unscaled * 10n ** BigInt(scale - one.scale),
    other.unscaled * 10n ** BigInt(scale - other.scale),
    scale
  ]
}

function add(one: Decimal, other: Decimal): Uint8Array {
  const [left, right, scale] = aligned(one, other)
  return encodeNumber({ unscaled: left + right, scale })
}

function divide(one: Decimal, other: Decimal): Uint8Array {
  if (other.unscaled === 0n) throw new OracleError(1476)
  const [left, right] = aligned(one, other)
  // Forty digits behind the first one are more than a NUMBER keeps.
  const places = 42 + Math.max(0, String(right).length - String(left).length)
  return encodeNumber({ unscaled: (left * 10n ** BigInt(places)) / right, scale: places })
}

function modulo(one: Decimal, other: Decimal): Uint8Array {
  const [left, right, scale] = aligned(one, other)
  return encodeNumber({ unscaled: right === 0n ? left : left % right, scale })
}

function floor(value: Decimal, direction: bigint): Decimal {
  const cut = truncateDecimal(value, 0)
  const exact = value.scale <= 0 || cut.unscaled * 10n ** BigInt(value.scale) === value.unscaled
  const away = direction < 0n ? value.unscaled < 0n : value.unscaled > 0n
  return exact || !away ? cut : { unscaled: cut.unscaled + direction, scale: 0 }
}

const ARITHMETIC: Readonly<Record<string, (one: Decimal, other: Decimal) => Uint8Array>> = {
  add,
  subtract: (one, other) => add(one, { unscaled: -other.unscaled, scale: other.scale }),
  multiply: (one, other) =>
    encodeNumber({ unscaled: one.unscaled * other.unscaled, scale: one.scale + other.scale }),
  divide
}

const FLOATING: Readonly<Record<string, (one: number, other: number) => number>> = {
  add: (one, other) => one + other,
  subtract: (one, other) => one - other,
  multiply: (one, other) => one * other,
  divide: (one, other) => one / other
}

/** The same type at another moment. */
function at(moment: Moment, like: Uint8Array, type: TypeName): Uint8Array {
  if (type === 'DATE') return encodeDate(moment.seconds)
  return type === 'TIMESTAMP_TZ'
    ? encodeTimestampTz(moment, decodeOffset(like))
    : encodeTimestamp(moment)
}

function addTo(value: Uint8Array, type: TypeName, nanos: bigint): Uint8Array {
  return at(addNanos(decodeMoment(value), nanos), value, type)
}

function addMonths(value: Uint8Array, type: TypeName, months: number): Uint8Array {
  const moment = decodeMoment(value)
  const fields = fieldsOf(moment.seconds)
  const total = fields.year * 12 + fields.month - 1 + months
  const [year, month] = [Math.floor(total / 12), (total % 12) + 1]
  const last = fields.day === daysInMonth(fields.year, fields.month)
  const day = last ? daysInMonth(year, month) : Math.min(fields.day, daysInMonth(year, month))
  return at(
    { seconds: secondsOf({ ...fields, year, month, day }), nanos: moment.nanos },
    value,
    type
  )
}

function truncateDate(
  value: Uint8Array,
  type: TypeName,
  unit: string,
  context: ValueContext
): Uint8Array {
  const fields = { ...fieldsOf(readingOf(value, type, context).wall.seconds), second: 0 }
  const upper = unit.toUpperCase()
  const kept = ['YYYY', 'MM', 'DD', 'HH24', 'MI'].indexOf(
    upper === 'YEAR' ? 'YYYY' : upper === 'MONTH' ? 'MM' : upper === 'HH' ? 'HH24' : upper
  )
  if (kept < 0) throw new OracleError(1898)
  return encodeDate(
    secondsOf({
      ...fields,
      month: kept < 1 ? 1 : fields.month,
      day: kept < 2 ? 1 : fields.day,
      hour: kept < 3 ? 0 : fields.hour,
      minute: kept < 4 ? 0 : fields.minute
    })
  )
}

function extract(
  field: string,
  value: Uint8Array,
  type: TypeName,
  context: ValueContext
): Uint8Array {
  if (type === 'INTERVAL_DS') {
    const nanos = decodeDaySecond(value)
    const seconds = nanos / 1_000_000_000n
    if (field === 'SECOND') return encodeNumber({ unscaled: nanos % 60_000_000_000n, scale: 9 })
    const parts: Record<string, bigint> = {
      DAY: seconds / 86_400n,
      HOUR: (seconds / 3600n) % 24n,
      MINUTE: (seconds / 60n) % 60n
    }
    return numberOf(parts[field] ?? 0n)
  }
  // EXTRACT reads a zoned time in UTC.
  const moment =
    type === 'TIMESTAMP_TZ' ? decodeMoment(value) : readingOf(value, type, context).wall
  const fields = fieldsOf(moment.seconds)
  if (field === 'SECOND') {
    return encodeNumber({
      unscaled: BigInt(fields.second) * 1_000_000_000n + BigInt(moment.nanos),
      scale: 9
    })
  }
  const parts: Record<string, number> = {
    YEAR: fields.year,
    MONTH: fields.month,
    DAY: fields.day,
    HOUR: fields.hour,
    MINUTE: fields.minute
  }
  const part = parts[field]
  if (part === undefined) throw new OracleError(30_076)
  return numberOf(part)
}

const patterns = new Map<string, RegExp>()

function like(value: string, pattern: string, escape: string): boolean {
  const key = `${escape}\0${pattern}`
  let compiled = patterns.get(key)
  if (compiled === undefined) {
    let source = ''
    for (let index = 0; index < pattern.length; index++) {
      let letter = pattern.charAt(index)
      if (letter === escape) {
        index += 1
        letter = pattern.charAt(index)
        if (letter !== '%' && letter !== '_' && letter !== escape) throw new OracleError(1424)
        source += `\\u{${letter.codePointAt(0)?.toString(16)}}`
      } else if (letter === '%') source += '.*'
      else if (letter === '_') source += '.'
      else
        source += /[\p{L}\p{N}\s]/u.test(letter)
          ? letter
          : letter.replace(/[$()*+./?[\\\]^{|}-]/g, '\\$&')
    }
    compiled = new RegExp(`^${source}$`, 'su')
    patterns.set(key, compiled)
  }
  return compiled.test(value)
}

function padTo(value: string, length: number, fill: string, left: boolean): string | null {
  if (length < 1) return null
  if (value.length >= length) return value.slice(0, length)
  return left ? value.padStart(length, fill) : value.padEnd(length, fill)
}
