import {
  civilDate,
  epochDay,
  FIRST_GREGORIAN_DAY,
  julianDate,
  julianDay,
  modulo,
  MS_PER_DAY
} from '../../../data/calendar.ts'

/**
 * The day number Java's calendar gives the date that this day has in the proleptic Gregorian calendar: the
 * same since 15 October 1582, read in the Julian calendar before (`date.calendar.system=LEGACY`).
 */
export function julianDays(days: number): number {
  return days >= FIRST_GREGORIAN_DAY ? days : julianDay(...civilDate(days))
}

/** The same for milliseconds since 1970-01-01. */
export function julianMs(ms: number): number {
  const days = Math.floor(ms / MS_PER_DAY)
  return days >= FIRST_GREGORIAN_DAY ? ms : julianDays(days) * MS_PER_DAY + modulo(ms, MS_PER_DAY)
}

/** Inverse of {@link julianDays}: the day of the proleptic Gregorian calendar that has the same date. */
export function gregorianDays(days: number): number {
  return days >= FIRST_GREGORIAN_DAY ? days : epochDay(...julianDate(days))
}
