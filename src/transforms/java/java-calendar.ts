import {
  civilDate,
  epochDay,
  FIRST_GREGORIAN_DAY,
  julianDate,
  julianDay,
  modulo,
  MS_PER_DAY
} from '../../data/calendar.ts'
/**
 * Java's calendar in UTC: Gregorian since 15 October 1582, Julian before; weeks begin on Sunday and the week
 * of 1 January is the first, as in the locales `en` and `en_US`.
 */

export const CUTOVER_YEAR = 1582

export type System = 'julian' | 'gregorian'

/** The day of the first of a month; months count from 0 here, and may lie outside of 0 to 11. */
export function firstOfMonth(system: System, year: number, month: number): number {
  const dayOf = system === 'julian' ? julianDay : epochDay
  return dayOf(year + Math.floor(month / 12), modulo(month, 12) + 1, 1)
}

/** Sunday is 1, as everywhere below. */
const weekday = (day: number): number => modulo(day + 4, 7) + 1
const sundayUpTo = (day: number): number => day - modulo(day + 4, 7)
/** The last day up to this one that falls on a day of the week. */
export const weekdayUpTo = (day: number, dayOfWeek: number): number =>
  day - modulo(day + 5 - dayOfWeek, 7)

/**
 * The parts of a moment that a format may show. `month` counts from 0, `weekday` from Sunday = 1, `year` as
 * astronomers do.
 */
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

/** The fields of a moment, given in milliseconds since 1970-01-01T00:00Z. */
export function calendarFields(ms: number): CalendarFields {
  const days = Math.floor(ms / MS_PER_DAY)
  const [year, calendarMonth, day] = days < FIRST_GREGORIAN_DAY ? julianDate(days) : civilDate(days)
  const month = calendarMonth - 1
  const system = year > CUTOVER_YEAR ? 'gregorian' : 'julian'
  const newYear = firstOfMonth(system, year, 0)
  const nextNewYear = firstOfMonth(year + 1 > CUTOVER_YEAR ? 'gregorian' : 'julian', year + 1, 0)
  // October 1582 has 21 days; the 15th follows the 4th.
  const first = Math.min(
    days - day + 1 + (year === CUTOVER_YEAR && month === 9 && days >= FIRST_GREGORIAN_DAY ? 10 : 0),
    days
  )
  const sunday = sundayUpTo(days)
  const inNextYear = sunday + 7 > nextNewYear
  const time = modulo(ms, MS_PER_DAY)
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
