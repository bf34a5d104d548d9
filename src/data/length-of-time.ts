const DURATION =
  /^-P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?$/i
const SECONDS = { week: 604_800n, day: 86_400n, hour: 3600n, minute: 60n }

/**
 * Nanoseconds of an ISO-8601 duration with a minus, `-PT2H`, `-P1DT12H30M`: so long before the present. null
 * for anything else. Months and years are not fixed lengths of time.
 */
export function nanosBefore(text: string): bigint | null {
  const match = DURATION.exec(text)
  const digits = match?.slice(1) ?? []
  if (match === null || digits.every((part) => part === undefined) || /T$/i.test(text)) return null
  const part = (index: number): bigint => BigInt(digits[index] ?? 0)
  const seconds =
    part(0) * SECONDS.week +
    part(1) * SECONDS.day +
    part(2) * SECONDS.hour +
    part(3) * SECONDS.minute +
    part(4)
  return seconds * 1_000_000_000n + BigInt((digits[5] ?? '').padEnd(9, '0'))
}

/** What to write instead of a text that is no such duration, for messages. */
export const LENGTHS_OF_TIME =
  'write weeks, days, hours, minutes and seconds as in -PT2H, -P1D, -P1DT12H30M'
