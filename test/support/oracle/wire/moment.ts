/**
 * A point on a clock face, counted from 1970-01-01 00:00:00 of that clock: seconds (may be negative) and
 * nanoseconds of the second. For types with a zone the clock is UTC's.
 */
export interface Moment {
  readonly seconds: number
  readonly nanos: number
}

interface DateFields {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

const DAY = 86_400

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** Seconds since 1970 of a date of the proleptic Gregorian calendar. */
export function secondsOf(fields: DateFields): number {
  const shifted = fields.month <= 2 ? fields.year - 1 : fields.year
  const era = Math.floor(shifted / 400)
  const ofEra = shifted - era * 400
  const ofYear = Math.floor((153 * ((fields.month + 9) % 12) + 2) / 5) + fields.day - 1
  const days =
    era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468
  return days * DAY + fields.hour * 3600 + fields.minute * 60 + fields.second
}

export function fieldsOf(seconds: number): DateFields {
  const days = Math.floor(seconds / DAY)
  const time = seconds - days * DAY
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * ofYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    hour: Math.floor(time / 3600),
    minute: Math.floor(time / 60) % 60,
    second: time % 60
  }
}

/** Rounds to so many digits of a second (0 to 9). */
export function roundMoment({ seconds, nanos }: Moment, digits: number): Moment {
  const unit = 10 ** (9 - digits)
  const rounded = Math.round(nanos / unit) * unit
  return rounded < 1e9 ? { seconds, nanos: rounded } : { seconds: seconds + 1, nanos: 0 }
}

/** Adds nanoseconds of any size. */
export function addNanos(moment: Moment, nanos: bigint): Moment {
  const total = BigInt(moment.seconds) * 1_000_000_000n + BigInt(moment.nanos) + nanos
  const rest = ((total % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return { seconds: Number((total - rest) / 1_000_000_000n), nanos: Number(rest) }
}

export function nanosBetween(later: Moment, earlier: Moment): bigint {
  return (
    BigInt(later.seconds - earlier.seconds) * 1_000_000_000n + BigInt(later.nanos - earlier.nanos)
  )
}
