/**
 * Days and dates, in the Gregorian calendar reckoned backward for ever and in the Julian one. Days are
 * numbered from 1970-01-01, months from 1, and years as astronomers count them, with a year 0.
 */

export const MS_PER_DAY = 86_400_000
/**
 * 15 October 1582, the first day of the Gregorian calendar where it was introduced first; the day before was
 * 4 October.
 */
export const FIRST_GREGORIAN_DAY = -141_427

/** Remainder that is never negative. */
export function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}

/** The day of a date in the Gregorian calendar. */
export function epochDay(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear(month, day) -
    719_468
  )
}

/** Inverse of {@link epochDay}: [year, month, day]. */
export function civilDate(epochDays: number): [number, number, number] {
  const shifted = epochDays + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365
  )
  const rest =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  return dateInYear(yearOfEra + era * 400, rest)
}

/** The day of a date in the Julian calendar. */
export function julianDay(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  return y * 365 + Math.floor(y / 4) + dayOfYear(month, day) - 719_470
}

/** Inverse of {@link julianDay}: [year, month, day]. */
export function julianDate(epochDays: number): [number, number, number] {
  const shifted = epochDays + 719_470
  const cycle = Math.floor(shifted / 1461)
  const dayOfCycle = shifted - cycle * 1461
  const yearOfCycle = Math.min(3, Math.floor(dayOfCycle / 365))
  return dateInYear(cycle * 4 + yearOfCycle, dayOfCycle - yearOfCycle * 365)
}

/** Counted in years that begin in March, so that the leap day is the last of the year; the first is 0. */
function dayOfYear(month: number, day: number): number {
  return Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
}

/** Inverse of {@link dayOfYear}; `year` is the one that began in March. */
function dateInYear(year: number, day: number): [number, number, number] {
  const shiftedMonth = Math.floor((5 * day + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const dayOfMonth = day - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  return [month <= 2 ? year + 1 : year, month, dayOfMonth]
}
