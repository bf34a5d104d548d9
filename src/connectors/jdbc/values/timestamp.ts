import { DataError } from '../../../errors.ts'
import { civilDate, epochDay, modulo, MS_PER_DAY } from '../../../data/calendar.ts'

/**
 * A point of time, exact to the nanosecond and shaped as the stored offsets are: `ms` counts milliseconds
 * from 1970-01-01 (negative before), `nanos` is the nanosecond of the second (0 … 999 999 999, the
 * milliseconds included). Whether it is an instant or the reading of a wall clock is said where it is used.
 * D6: a JS Date never holds one.
 */
export interface Timestamp {
  readonly ms: number
  readonly nanos: number
}

/** The same, written over and over while rows are read, so that no object is made per value. */
export interface TimestampParts {
  ms: number
  nanos: number
}

export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return a.ms === b.ms ? a.nanos - b.nanos : a.ms - b.ms
}

export function timestampOfMs(ms: number): Timestamp {
  return { ms, nanos: modulo(ms, 1000) * 1_000_000 }
}

/** Nanoseconds since 1970-01-01. */
export function epochNanos({ ms, nanos }: Timestamp): bigint {
  return BigInt(Math.floor(ms / 1000)) * 1_000_000_000n + BigInt(nanos)
}

export function timestampOfNanos(total: bigint): Timestamp {
  const nanos = Number(((total % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)
  const seconds = Number((total - BigInt(nanos)) / 1_000_000_000n)
  return { ms: seconds * 1000 + Math.floor(nanos / 1_000_000), nanos }
}

/**
 * Cuts off what a column of this resolution (in nanoseconds, e.g. 1000 for microseconds) cannot hold; never
 * rounds up.
 */
export function cutTimestamp(time: Timestamp, resolutionNanos: number): Timestamp {
  if (resolutionNanos <= 1) return time
  const total = epochNanos(time)
  const step = BigInt(resolutionNanos)
  return timestampOfNanos(total - (((total % step) + step) % step))
}

const DASH = 45
const COLON = 58
const DOT = 46
const ZERO = 48

function twoDigits(text: string, at: number): number {
  const high = text.charCodeAt(at) - ZERO
  const low = text.charCodeAt(at + 1) - ZERO
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : Number.NaN
}

/**
 * `YYYY-MM-DD`, optionally followed by ` ` or `T` and `HH:MM[:SS[.fraction]]`, optionally followed by `Z` or
 * `±HH[:MM[:SS]]` and ` BC`. Without an offset the answer is the reading of the wall clock; with one it is
 * the instant. Throws DataError for anything else: `infinity`, `0000-00-00`, digits beyond the nanosecond
 * that are not zero.
 */
export function readTimestampText(text: string, into: TimestampParts): void {
  if (!readCommonForm(text, into)) readRareForm(text, into)
}

// The hot path: `YYYY-MM-DD HH:MM:SS[.fraction]`, optionally with `+00`, by character codes.
function readCommonForm(text: string, into: TimestampParts): boolean {
  const length = text.length
  if (length < 19 || text.charCodeAt(4) !== DASH || text.charCodeAt(13) !== COLON) return false
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const seconds = twoDigits(text, 11) * 3600 + twoDigits(text, 14) * 60 + twoDigits(text, 17)
  let nanos = 0
  let at = 19
  if (at < length && text.charCodeAt(at) === DOT) {
    let scale = 100_000_000
    for (at = 20; at < length; at++) {
      const digit = text.charCodeAt(at) - ZERO
      if (digit < 0 || digit > 9) break
      if (scale < 1) return false
      nanos += digit * scale
      scale /= 10
    }
  }
  if (at !== length && !(at === length - 3 && text.endsWith('+00'))) return false
  if (!(year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return false
  if (!(seconds < 86_400)) return false
  if (day > 28 && day > daysInMonth(year, month)) return false
  into.ms = (epochDay(year, month, day) * 86_400 + seconds) * 1000 + Math.floor(nanos / 1_000_000)
  into.nanos = nanos
  return true
}

const RARE_FORM =
  /^([+-]?\d{4,6})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?\s*(?:(Z)|([+-])(\d\d)(?::?(\d\d)(?::(\d\d))?)?)?( BC)?$/

function readRareForm(text: string, into: TimestampParts): void {
  const match = RARE_FORM.exec(text.trim())
  if (match === null) throw new DataError(`'${text}' is not a timestamp`)
  const part = (index: number): number => Number(match[index] ?? 0)
  // The year before AD 1 is 1 BC; astronomers and Connect call it 0.
  const year = match[13] === undefined ? part(1) : 1 - part(1)
  const fraction = match[7] ?? ''
  const [month, day] = [part(2), part(3)]
  const fits =
    month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month) && part(5) < 60
  const exact = /^0*$/.test(fraction.slice(9))
  // 24:00:00 is how PostgreSQL and MySQL may write the end of a day.
  const seconds = part(4) * 3600 + part(5) * 60 + part(6)
  if (!fits || !exact || seconds > 86_400 || part(6) > 60) {
    throw new DataError(`'${text}' is not a timestamp that can be carried`)
  }
  const offset = (part(10) * 3600 + part(11) * 60 + part(12)) * (match[9] === '-' ? -1 : 1)
  const nanos = Number(fraction.slice(0, 9).padEnd(9, '0'))
  into.ms =
    (epochDay(year, month, day) * 86_400 + seconds - offset) * 1000 + Math.floor(nanos / 1_000_000)
  into.nanos = nanos
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Texts of two digits: times are written over and over, and made of these. */
const TWO = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'))
const two = (value: number): string => TWO[value] as string
/** `HH:MM:` of each minute of a day. */
const MINUTES = Array.from({ length: 1440 }, (_, m) => `${two(Math.floor(m / 60))}:${two(m % 60)}:`)

/** Most times lie in few days: the texts of so many are kept. */
const MOST_DAYS = 1000
const days = new Map<number, string>()

function dayText(day: number): string {
  const known = days.get(day)
  if (known !== undefined) return known
  const [year, month, ofMonth] = civilDate(day)
  const years = year >= 0 ? String(year).padStart(4, '0') : `-${String(-year).padStart(4, '0')}`
  const text = `${years}-${two(month)}-${two(ofMonth)}`
  if (days.size >= MOST_DAYS) days.clear()
  days.set(day, text)
  return text
}

/** `YYYY-MM-DD HH:MM:SS` and `digits` digits of the second behind a dot (none when 0), cut, never rounded. */
export function timestampText(time: Timestamp, digits: number, separator = ' '): string {
  const seconds = Math.floor(time.ms / 1000)
  const day = Math.floor(seconds / 86_400)
  const ofDay = seconds - day * 86_400
  const minute = MINUTES[Math.floor(ofDay / 60)] as string
  return `${dayText(day)}${separator}${minute}${two(ofDay % 60)}${fractionText(time.nanos, digits)}`
}

/** Whole milliseconds as six digits behind a dot: most times have no more. */
const MILLISECONDS = Array.from({ length: 1000 }, (_, ms) => `.${String(ms).padStart(3, '0')}000`)

function fractionText(nanos: number, digits: number): string {
  if (digits === 0) return ''
  if (digits === 6 && nanos % 1_000_000 === 0) return MILLISECONDS[nanos / 1_000_000] as string
  return `.${String(nanos).padStart(9, '0').slice(0, digits)}`
}

/** `YYYY-MM-DD` → days since 1970-01-01; DataError for anything else. */
export function readDateText(text: string): number {
  const parts: TimestampParts = { ms: 0, nanos: 0 }
  readTimestampText(text, parts)
  return Math.floor(parts.ms / MS_PER_DAY)
}

/**
 * `HH:MM:SS[.fraction]` → milliseconds of the day, digits behind the millisecond cut; DataError for anything
 * else.
 */
export function readTimeText(text: string): number {
  const match = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/.exec(text)
  const ms =
    match === null
      ? Number.NaN
      : (Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3] ?? 0)) * 1000 +
        Number((match[4] ?? '').slice(0, 3).padEnd(3, '0'))
  if (!(ms < MS_PER_DAY)) throw new DataError(`'${text}' is not a time of day`)
  return ms
}
