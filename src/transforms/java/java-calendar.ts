/**
 * Java's calendar in UTC: Gregorian since 15 October 1582, Julian before; weeks begin on Sunday and the week of 1 January is the
 * first, as in the locales `en` and `en_US`.
 */

const DAY_MS = 86_400_000
/** Days since 1970-01-01 of 15 October 1582, the first day of the Gregorian calendar. */
export const CUTOVER_DAY = -141_427
const CUTOVER_YEAR = 1582

export type System = 'julian' | 'gregorian'

/** A remainder that is never negative. */
export const modulo = (value: number, divisor: number): number =>
  value - Math.floor(value / divisor) * divisor

/** Days since 1970-01-01 of the first of a month; months count from 0 and may lie outside of 0 to 11, years as astronomers count. */
export function firstOfMonth(system: System, year: number, month: number): number {
  // Years that begin in March, so that the leap day is the last of the year.
  const months = year * 12 + month - 2
  const y = Math.floor(months / 12)
  const dayOfYear = Math.floor((153 * modulo(months, 12) + 2) / 5)
  const julian = 365 * y + Math.floor(y / 4) + dayOfYear - 719_470
  return system === 'julian' ? julian : julian - Math.floor(y / 100) + Math.floor(y / 400) + 2
}

/** Sunday is 1, as everywhere below. */
const weekday = (day: number): number => modulo(day + 4, 7) + 1
const sundayUpTo = (day: number): number => day - modulo(day + 4, 7)
/** The last day up to this one that falls on a day of the week. */
export const weekdayUpTo = (day: number, dayOfWeek: number): number =>
  day - modulo(day + 5 - dayOfWeek, 7)

/** The parts of a moment that a format may show. `month` counts from 0, `weekday` from Sunday = 1, `year` as astronomers do. */
export interface CalendarFields {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly dayOfYear: number
  readonly weekday: number
  readonly weekYear: number
  readonly weekOfYear: number
  readonly weekOfMonth: number
  readonly weekdayInMonth: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
}

function dateOf(day: number): { year: number; month: number; day: number } {
  const julian = day < CUTOVER_DAY
  // Days since 1 March of year 0.
  let rest = day + (julian ? 719_470 : 719_468)
  let year = 0
  if (!julian) {
    year = Math.floor(rest / 146_097) * 400
    rest = modulo(rest, 146_097)
    const century = Math.min(3, Math.floor(rest / 36_524))
    year += century * 100
    rest -= century * 36_524
  }
  year += Math.floor(rest / 1461) * 4
  rest = modulo(rest, 1461)
  const single = Math.min(3, Math.floor(rest / 365))
  year += single
  rest -= single * 365
  const month = Math.floor((5 * rest + 2) / 153)
  return {
    year: month > 9 ? year + 1 : year,
    month: (month + 2) % 12,
    day: rest - Math.floor((153 * month + 2) / 5) + 1
  }
}

/** The fields of a moment, given in milliseconds since 1970-01-01T00:00Z. */
export function calendarFields(ms: number): CalendarFields {
  const days = Math.floor(ms / DAY_MS)
  const { year, month, day } = dateOf(days)
  const system = year > CUTOVER_YEAR ? 'gregorian' : 'julian'
  const newYear = firstOfMonth(system, year, 0)
  const nextNewYear = firstOfMonth(year + 1 > CUTOVER_YEAR ? 'gregorian' : 'julian', year + 1, 0)
  // October 1582 has 21 days; the 15th follows the 4th.
  const first = Math.min(
    days - day + 1 + (year === CUTOVER_YEAR && month === 9 && days >= CUTOVER_DAY ? 10 : 0),
    days
  )
  const sunday = sundayUpTo(days)
  const inNextYear = sunday + 7 > nextNewYear
  const time = modulo(ms, DAY_MS)
  return {
    year,
    month,
    day,
    dayOfYear: days - newYear + 1,
    weekday: weekday(days),
    weekYear: inNextYear ? year + 1 : year,
    weekOfYear: inNextYear ? 1 : (sunday - sundayUpTo(newYear)) / 7 + 1,
    weekOfMonth: (sunday - sundayUpTo(first)) / 7 + 1,
    weekdayInMonth: Math.floor((days - first) / 7) + 1,
    hour: Math.floor(time / 3_600_000),
    minute: Math.floor(time / 60_000) % 60,
    second: Math.floor(time / 1000) % 60,
    millisecond: time % 1000
  }
}
