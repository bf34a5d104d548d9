import { civilDate, epochDay, modulo } from './timestamp.ts'

const DAY_MS = 86_400_000
/** 15 October 1582, the first day of the Gregorian calendar. */
const FIRST_GREGORIAN_DAY = epochDay(1582, 10, 15)

/**
 * The day number Java's calendar gives the date that this day has in the proleptic Gregorian calendar: the same since
 * 15 October 1582, read in the Julian calendar before (`date.calendar.system=LEGACY`).
 */
export function julianDays(days: number): number {
  if (days >= FIRST_GREGORIAN_DAY) return days
  const [year, month, day] = civilDate(days)
  const y = month <= 2 ? year - 1 : year
  const cycle = Math.floor(y / 4)
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return cycle * 1461 + modulo(y, 4) * 365 + dayOfYear - 719_470
}

/** The same for milliseconds since 1970-01-01. */
export function julianMs(ms: number): number {
  const days = Math.floor(ms / DAY_MS)
  return days >= FIRST_GREGORIAN_DAY ? ms : julianDays(days) * DAY_MS + modulo(ms, DAY_MS)
}
