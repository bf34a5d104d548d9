import {
  civilDate,
  epochDay,
  FIRST_GREGORIAN_DAY,
  modulo,
  MS_PER_DAY
} from '../../../data/calendar.ts'
import { DataError } from '../../../errors.ts'
import type { TargetType } from '../database/writing.ts'
import { gregorianDays, julianDays } from '../values/julian-calendar.ts'
import { isInstantText } from '../values/time-text.ts'
import type { TimeZone } from '../values/time-zone.ts'
import {
  epochNanos,
  readTimestampText,
  type Timestamp,
  timestampOfMs,
  timestampText
} from '../values/timestamp.ts'
import type { Meaning } from './meanings.ts'
import { type Fit, type Fitting, misfit } from './misfit.ts'
import { type ExcessRules, roundedDayTime, roundedTime } from './rounding.ts'

type Target<K extends TargetType['kind']> = Extract<TargetType, { kind: K }>

/** Zones and calendar by which times are written. */
export interface TimeRules extends ExcessRules {
  /** `db.timezone`: the wall clock of columns without a zone. */
  readonly timeZone: TimeZone
  /** `date.timezone`: in it Connect's dates, which are midnights of UTC, become days of a DATE column. */
  readonly dateZone: TimeZone
  /**
   * `date.calendar.system=LEGACY`: Connect's days before 15 October 1582 are those of the Julian calendar.
   */
  readonly julianBefore1582: boolean
}

const NANOS_PER_MS = 1_000_000
const NANOS_PER_DAY = MS_PER_DAY * NANOS_PER_MS

/** A text of a time, and whether it says its offset from UTC. */
function readText(value: unknown): { time: Timestamp; isInstant: boolean } {
  const time = { ms: 0, nanos: 0 }
  const text = String(value).trim().toUpperCase()
  try {
    readTimestampText(text, time)
  } catch (error) {
    // I7: the text itself is not told.
    if (error instanceof DataError)
      throw misfit('it is no date and time (2026-11-01T08:00:00.5+08:00)')
    throw error
  }
  return { time, isInstant: isInstantText(text) }
}

const WORDS: ReadonlyMap<string, number> = new Map([
  ['infinity', Infinity],
  ['-infinity', -Infinity]
])

export function timestampFit(
  meaning: Meaning,
  target: Target<'timestamp'>,
  rules: TimeRules
): Fitting {
  const { hasZone } = target
  const ofColumn = (time: Timestamp, isInstant: boolean, isJulian: boolean): Timestamp => {
    if (!Number.isFinite(time.ms)) return checkedTimestamp(time, target, rules)
    const zoned = inZone(time, isInstant, hasZone, rules.timeZone)
    return checkedTimestamp(isJulian ? withSameDate(zoned) : zoned, target, rules)
  }
  if (meaning.kind === 'timestamp') {
    const isJulian = meaning.isConnect && rules.julianBefore1582
    return (value) => ofColumn(meaning.read(value), meaning.isInstant, isJulian)
  }
  if (meaning.kind === 'date') {
    const days = dayReader(meaning, rules)
    return (value) => ofColumn(timestampOfMs(days(value) * MS_PER_DAY), false, false)
  }
  if (meaning.kind === 'time') {
    const nanosOf = dayTimeReader(meaning, rules)
    return (value) => ofColumn(timestampOfDay(nanosOf(value)), false, false)
  }
  if (meaning.kind === 'string') {
    return (value) => {
      const infinite = WORDS.get(String(meaning.read(value)))
      if (infinite !== undefined) return checkedTimestamp({ ms: infinite, nanos: 0 }, target, rules)
      const { time, isInstant } = readText(value)
      return ofColumn(time, isInstant, false)
    }
  }
  return 'that is no date and time'
}

function withSameDate(time: Timestamp): Timestamp {
  const days = Math.floor(time.ms / MS_PER_DAY)
  if (days >= FIRST_GREGORIAN_DAY) return time
  const ms = sameDate(days) * MS_PER_DAY + modulo(time.ms, MS_PER_DAY)
  return { ms, nanos: time.nanos }
}

/** No calendar of ours reaches further, with a day to spare for any zone. */
const FURTHEST_MS = 8_640_000_000_000_000 - MS_PER_DAY

/** An instant becomes a reading of the wall clock for a column without a zone, and the other way round. */
function inZone(time: Timestamp, isInstant: boolean, hasZone: boolean, zone: TimeZone): Timestamp {
  if (isInstant === hasZone || zone.isUtc) return time
  if (Math.abs(time.ms) > FURTHEST_MS) throw misfit('no time zone is known for so long')
  const ms = isInstant ? zone.wallMsOf(time.ms) : zone.epochMsOf(time.ms)
  return { ms, nanos: time.nanos }
}

function timestampOfDay(nanos: number): Timestamp {
  return { ms: Math.floor(nanos / NANOS_PER_MS), nanos: nanos % 1_000_000_000 }
}

function checkedTimestamp(
  given: Timestamp,
  target: Target<'timestamp'>,
  { roundsExcess = false }: ExcessRules
): Timestamp {
  const { minMs, maxMs, resolutionNanos, takesInfinity, cuts = false } = target
  if (!Number.isFinite(given.ms)) {
    if (takesInfinity === true) return given
    throw misfit('it knows no time before or behind all others')
  }
  const rest =
    resolutionNanos <= 1_000_000_000
      ? given.nanos % resolutionNanos
      : Number(epochNanos(given) % BigInt(resolutionNanos))
  if (rest !== 0 && !roundsExcess) throw misfit(tooFine(resolutionNanos))
  const time = rest === 0 ? given : roundedTime(given, resolutionNanos, cuts)
  if (time.ms < minMs || time.ms > maxMs) throw misfit('it lies outside the times that it knows')
  return time
}

function tooFine(resolutionNanos: number): string {
  const digits = 9 - Math.log10(resolutionNanos)
  return Number.isInteger(digits) && digits >= 0
    ? `it has more than ${digits} digits behind the point of its seconds`
    : `it is no multiple of ${resolutionNanos} ns`
}

/** Days of a value that is a date, as the column is to have them. */
function dayReader(
  meaning: Extract<Meaning, { kind: 'date' | 'time' }>,
  { dateZone, julianBefore1582 }: TimeRules
): (value: unknown) => number {
  if (!meaning.isConnect) return (value) => meaning.read(value)
  // As in the JVM connector, which takes the date for the instant at which it begins in UTC.
  const inDateZone = (days: number): number =>
    dateZone.isUtc ? days : Math.floor(dateZone.wallMsOf(days * MS_PER_DAY) / MS_PER_DAY)
  return (value) => {
    const days = inDateZone(meaning.read(value))
    return julianBefore1582 ? sameDate(days) : days
  }
}

/** The day that has the date in the Gregorian calendar which this day has in the Julian one. */
function sameDate(days: number): number {
  const same = gregorianDays(days)
  // 29 February 1500 is a day of the Julian calendar only.
  if (julianDays(same) !== days) throw misfit('the Gregorian calendar has no such day')
  return same
}

export function dateFit(meaning: Meaning, target: Target<'date'>, rules: TimeRules): Fitting {
  const checked = (days: number): number => {
    if (days >= target.minDay && days <= target.maxDay) return days
    throw misfit('it lies outside the days that it knows')
  }
  const ofTimestamp = (time: Timestamp, isInstant: boolean): number => {
    const { ms, nanos } = inZone(time, isInstant, false, rules.timeZone)
    const isMidnight = modulo(ms, MS_PER_DAY) === 0 && nanos === 0
    if (!Number.isFinite(ms) || !(isMidnight || rules.roundsExcess === true)) {
      throw misfit('it has a time of the day, or is no day')
    }
    return checked(Math.floor(ms / MS_PER_DAY))
  }
  if (meaning.kind === 'date') {
    const days = dayReader(meaning, rules)
    return (value) => checked(days(value))
  }
  if (meaning.kind === 'timestamp') {
    return (value) => ofTimestamp(meaning.read(value), meaning.isInstant)
  }
  if (meaning.kind === 'string') {
    return (value) => {
      const { time, isInstant } = readText(meaning.read(value))
      return ofTimestamp(time, isInstant)
    }
  }
  if (meaning.kind === 'integer' && target.takesDigits === true) {
    return (value) => checked(dayOfDigits(Number(meaning.read(value))))
  }
  return 'that is no date'
}

/** The day of a number such as 20261129. */
function dayOfDigits(number: number): number {
  const [year, month, day] = [
    Math.floor(number / 10_000),
    Math.floor(number / 100) % 100,
    number % 100
  ]
  const days = epochDay(year, month, day)
  const [, sameMonth, sameDay] = civilDate(days)
  if (number >= 1_00_00 && sameMonth === month && sameDay === day) return days
  throw misfit('its digits are no date')
}

/** Nanoseconds of the wall clock's day. */
function dayTimeReader(
  meaning: Extract<Meaning, { kind: 'date' | 'time' }>,
  { timeZone }: TimeRules
): (value: unknown) => number {
  if (!meaning.isConnect || timeZone.isUtc) return (value) => meaning.read(value)
  return (value) => wallNanos(meaning.read(value), timeZone)
}

/** As in the JVM connector a time of the day is one of 1 January 1970 in UTC. */
function wallNanos(nanos: number, zone: TimeZone): number {
  return modulo(nanos + zone.offsetAt(nanos / NANOS_PER_MS) * NANOS_PER_MS, NANOS_PER_DAY)
}

const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})0*)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/i

function readTimeText(text: string): { nanos: number; offsetMs: number | null } {
  const [found, hours, minutes, seconds = '0', fraction = '', offset] = TIME.exec(text.trim()) ?? []
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  if (found === undefined || Number(minutes) > 59 || Number(seconds) > 59 || whole >= 86_400) {
    throw misfit('it is no time of the day (08:00:00.5)')
  }
  return {
    nanos: whole * 1e9 + Number(fraction.padEnd(9, '0')),
    offsetMs: offset === undefined ? null : offsetMs(offset)
  }
}

function offsetMs(text: string): number {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(text) ?? []
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000)
}

export function timeFit(meaning: Meaning, target: Target<'time'>, rules: TimeRules): Fitting {
  const checked = (nanos: number): number => {
    if (!(nanos >= 0 && nanos < NANOS_PER_DAY)) throw misfit('it is no time of one day')
    const { resolutionNanos, cuts = false } = target
    if (nanos % resolutionNanos === 0) return nanos
    if (rules.roundsExcess !== true) throw misfit(tooFine(resolutionNanos))
    return roundedDayTime(nanos, resolutionNanos, cuts)
  }
  if (meaning.kind === 'time') {
    const read = target.hasZone === true ? meaning.read : dayTimeReader(meaning, rules)
    return (value) => checked(read(value))
  }
  if (meaning.kind === 'timestamp' && rules.roundsExcess === true) {
    return (value) => {
      const time = meaning.read(value)
      if (!Number.isFinite(time.ms)) throw misfit('it is no time of one day')
      const { ms, nanos } = inZone(time, meaning.isInstant, target.hasZone === true, rules.timeZone)
      const seconds = modulo(Math.floor(ms / 1000), MS_PER_DAY / 1000)
      return checked(seconds * 1_000_000_000 + nanos)
    }
  }
  if (meaning.kind !== 'string') return 'that is no time of the day'
  return (value) => {
    const { nanos, offsetMs: offset } = readTimeText(meaning.read(value) as string)
    if (offset === null) return checked(nanos)
    const utc = modulo(nanos - offset * NANOS_PER_MS, NANOS_PER_DAY)
    return checked(target.hasZone === true ? utc : wallNanos(utc, rules.timeZone))
  }
}

/**
 * Milliseconds since 1970 as the JVM's driver counts them, or a text where they would lose digits; null:
 * values of this meaning are no times.
 */
export function timeAsMs(meaning: Meaning): Fit | null {
  if (meaning.kind === 'date') return (value) => String(meaning.read(value) * MS_PER_DAY)
  if (meaning.kind === 'time') {
    return (value) => {
      const nanos = meaning.read(value)
      if (nanos % NANOS_PER_MS !== 0) throw misfit(tooFine(NANOS_PER_MS))
      return String(nanos / NANOS_PER_MS)
    }
  }
  if (meaning.kind !== 'timestamp') return null
  return (value) => {
    const time = meaning.read(value)
    const isWhole = time.nanos % NANOS_PER_MS === 0 && Number.isFinite(time.ms)
    return isWhole ? String(time.ms) : isoText(time, meaning.isInstant ? 'Z' : '')
  }
}

/** ISO 8601, with as many digits as there are; null: values of this meaning are no times. */
export function timeText(meaning: Meaning): ((value: unknown) => string) | null {
  if (meaning.kind === 'timestamp') {
    return (value) => isoText(meaning.read(value), meaning.isInstant ? 'Z' : '')
  }
  if (meaning.kind === 'date') {
    return (value) => {
      const [year, month, day] = civilDate(meaning.read(value))
      const years = `${year < 0 ? '-' : ''}${String(Math.abs(year)).padStart(4, '0')}`
      return `${years}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
    }
  }
  if (meaning.kind === 'time') {
    return (value) => isoText(timestampOfDay(meaning.read(value)), '').slice(11)
  }
  if (meaning.kind === 'duration') {
    return (value) => durationText(meaning.read(value))
  }
  return null
}

function isoText(time: Timestamp, offset: string): string {
  if (!Number.isFinite(time.ms)) return time.ms > 0 ? 'infinity' : '-infinity'
  const text = timestampText(time, 9, 'T').replace(/(\.\d*?)0+$/, '$1')
  return `${text.replace(/\.$/, '')}${offset}`
}

/** `PT-1.5S` */
function durationText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos
  const fraction = String(size % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const seconds = `${nanos < 0n ? '-' : ''}${size / 1_000_000_000n}`
  return `PT${seconds}${fraction === '' ? '' : `.${fraction}`}S`
}
