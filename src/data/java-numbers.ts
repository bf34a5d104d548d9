import { beyondDouble, floatOfText } from './floats.ts'
import type { Decimal } from './logical-types.ts'

/**
 * Text of numbers as Java writes them (`Double.toString`, `Float.toString`, `BigDecimal.toString`):
 * JsonConverter, StringConverter and the key bytes of offset records show it. Doubles and floats have the
 * fewest digits that read back as the same number, and of these the nearest, as Java 19 and later print them;
 * earlier ones print more for some numbers.
 */

/** `Double.toString`; `NaN`, `Infinity` and `-Infinity` by these names. */
export function doubleToString(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    // The hot path: the digits of JavaScript are the ones wanted.
    const text = String(value)
    return Number.isInteger(value) ? `${text}.0` : text
  }
  return extremeText(value) ?? scientific(value.toExponential(), value)
}

/** `Float.toString` of a number that is a float32 value (see Math.fround). */
export function floatToString(value: number): string {
  const magnitude = Math.abs(value)
  if (Number.isInteger(value) && magnitude > 0 && magnitude < 1e7) return `${value}.0`
  const extreme = extremeText(value)
  if (extreme !== null) return extreme
  const digits = shortestOfFloat(magnitude)
  const text =
    magnitude >= 1e-3 && magnitude < 1e7 ? String(Number(digits)) : scientific(digits, magnitude)
  return value < 0 ? `-${text}` : text
}

/** Zeros and what is not finite; null for other numbers. */
function extremeText(value: number): string | null {
  if (!Number.isFinite(value)) return String(value)
  if (value !== 0) return null
  return Object.is(value, -0) ? '-0.0' : '0.0'
}

/** `1.5e+300` as `1.5E300`. Where one digit would do, Java prints the nearest two. */
function scientific(exponential: string, value: number): string {
  const text = /^-?\de/.test(exponential) ? value.toExponential(1) : exponential
  return text.replace('e+', 'E').replace('e', 'E')
}

/**
 * So many digits tell any two floats of full precision apart, and no two texts of so many digits are the same
 * float.
 */
const SURE_DIGITS = 6
const MOST_DIGITS = 9
const SMALLEST_FULL_FLOAT = 2 ** -126

/** The digits of a positive float as `d.ddde±n`, without zeros at the end. */
function shortestOfFloat(value: number): string {
  let count = value < SMALLEST_FULL_FLOAT ? 2 : SURE_DIGITS
  for (; count < MOST_DIGITS; count++) {
    const near = nearest(value, count)
    if (floatOfText(near) === value) return withoutZeros(near)
    if (!Number.isInteger(Math.log2(value))) continue
    // Below a power of two the floats are closer: the next text above may be read as it where the nearest is
    // not.
    const above = nextText(near, 1n)
    if (floatOfText(above) === value) return withoutZeros(above)
  }
  return withoutZeros(value.toExponential(MOST_DIGITS - 1))
}

/** The nearest text of so many digits; of two that are equally near, the one whose last digit is even. */
function nearest(value: number, count: number): string {
  const near = value.toExponential(count - 1)
  if (Number(near[count]) % 2 === 0) return near
  const finer = value.toExponential(count)
  return finer.includes('5e') && beyondDouble(finer, value) === 0n ? nextText(near, -1n) : near
}

const withoutZeros = (exponential: string): string => exponential.replace(/\.?0+e/, 'e')

/** The next text of as many digits, above or below. */
function nextText(exponential: string, step: 1n | -1n): string {
  const mark = exponential.indexOf('e')
  const fractionDigits = mark - 2
  const whole = BigInt(exponential.slice(0, mark).replace('.', '')) + step
  const exponent = Number(exponential.slice(mark + 1)) - fractionDigits
  return Number(`${whole}e${exponent}`).toExponential(fractionDigits)
}

/** `BigDecimal.toString`: plain notation, or scientific for negative scales and values below 10^-6. */
export function decimalToString(decimal: Decimal): string {
  const { unscaled, scale } = decimal
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString()
  const exponent = digits.length - 1 - scale
  if (scale >= 0 && exponent >= -6) return decimal.toString()
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  const sign = unscaled < 0n ? '-' : ''
  const power = exponent === 0 ? '' : `E${exponent > 0 ? '+' : ''}${exponent}`
  return `${sign}${digits.slice(0, 1)}${fraction}${power}`
}
