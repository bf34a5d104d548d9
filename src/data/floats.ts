import { Decimal } from './logical-types.ts'

/**
 * Rounding to float32 once. A double that stands for a longer number may lie amid two floats, where rounding
 * it a second time does not know to which of them the number is nearer.
 */

const LARGEST_FLOAT = 2 ** 128 - 2 ** 104
/** From here on a number rounds to infinity. */
const AMID_LARGEST_AND_INFINITY = 2 ** 128 - 2 ** 103

/** The float next to a number, given the double next to it and the sign of the number less that double. */
export function nearestFloat(double: number, rest: number | bigint): number {
  const float = Math.fround(double)
  const other = asNear(double, float)
  if (other === null || rest === 0 || rest === 0n) return float
  return rest > 0 === other > float ? other : float
}

/** The float a decimal text stands for. */
export function floatOfText(text: string): number {
  const double = Number(text)
  const isAmid = asNear(double, Math.fround(double)) !== null
  return nearestFloat(double, isAmid ? beyondDouble(text, double) : 0)
}

/** The other float that is as near to a double; null when there is none. */
function asNear(double: number, float: number): number | null {
  if (Math.abs(double) === AMID_LARGEST_AND_INFINITY) return Math.sign(double) * LARGEST_FLOAT
  if (!Number.isFinite(float)) return null
  const other = 2 * double - float
  return other !== float && Math.fround(other) === other ? other : null
}

/**
 * What a decimal text has beyond a finite double: positive, negative, or 0 where they are the same number.
 * Only the sign counts.
 */
export function beyondDouble(text: string, double: number): bigint {
  const exact = Decimal.parse(text)
  const near = exactDecimal(double)
  const scale = Math.max(exact.scale, near.scale)
  return (exact.withScale(scale)?.unscaled ?? 0n) - (near.withScale(scale)?.unscaled ?? 0n)
}

/** All digits of a double: `numerator / 2^n` is `numerator × 5^n / 10^n`. */
function exactDecimal(value: number): Decimal {
  let shift = 0
  let numerator = value
  while (!Number.isInteger(numerator)) {
    numerator *= 2
    shift++
  }
  return new Decimal(BigInt(numerator) * 5n ** BigInt(shift), shift)
}
