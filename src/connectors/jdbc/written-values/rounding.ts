import { Decimal } from '../../../data/logical-types.ts'
import type { TargetType } from '../database/writing.ts'
import { epochNanos, type Timestamp, timestampOfNanos } from '../values/timestamp.ts'

/** What is done with digits that a column has no place for. */
export interface ExcessRules {
  /** `excess.digits=round`: they are rounded as the database does by itself. Absent: they are an error. */
  readonly roundsExcess?: boolean
  /** `evolve.widen`: the column gets more room first, where it can. */
  readonly widens?: boolean
}

type Way = 'away' | 'even' | 'cut'

/** The number with so many digits behind its point: halves go away from zero, to the even one, or are cut. */
export function rounded(value: Decimal, scale: number, way: Way): Decimal {
  const over = value.scale - scale
  if (over <= 0) return value
  const { unscaled } = value
  const size = unscaled < 0n ? -unscaled : unscaled
  // Far smaller than half of the last digit: no power of ten has to be as long as that.
  if (over > size.toString().length) return new Decimal(0n, scale)
  const divisor = 10n ** BigInt(over)
  const whole = size / divisor
  const twice = 2n * (size % divisor)
  const isUp =
    way !== 'cut' &&
    (twice > divisor || (twice === divisor && (way === 'away' || whole % 2n === 1n)))
  const kept = isUp ? whole + 1n : whole
  return new Decimal(unscaled < 0n ? -kept : kept, scale)
}

/** How a whole number is made of a fraction that comes as a double (`isFloat`), or as digits. */
export function wholeWay(
  { fractions }: Extract<TargetType, { kind: 'integer' }>,
  isFloat: boolean
): Way {
  if (fractions === 'cut') return 'cut'
  return fractions === 'even floats' && isFloat ? 'even' : 'away'
}

/** The time in steps of a column: the nearest one, or with `cuts` the one before. */
export function roundedTime(time: Timestamp, resolutionNanos: number, cuts: boolean): Timestamp {
  const step = BigInt(resolutionNanos)
  const total = epochNanos(time) + (cuts ? 0n : step / 2n)
  const steps = total / step - (total % step < 0n ? 1n : 0n)
  return timestampOfNanos(steps * step)
}

const NANOS_PER_DAY = 86_400_000_000_000

/** Nanoseconds of the day in steps of a column. No time is rounded up into the next day. */
export function roundedDayTime(nanos: number, resolutionNanos: number, cuts: boolean): number {
  const steps = cuts ? Math.floor(nanos / resolutionNanos) : Math.round(nanos / resolutionNanos)
  const time = steps * resolutionNanos
  return time < NANOS_PER_DAY ? time : Math.floor(nanos / resolutionNanos) * resolutionNanos
}
