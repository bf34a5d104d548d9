import type { Decimal } from './logical-types.ts'

/**
 * Text of numbers as Java 17 writes them (`Double.toString`, `Float.toString`, `BigDecimal.toString`): JsonConverter,
 * StringConverter and the key bytes of offset records show it. Java before 19 does not always print the shortest digits,
 * so the digit search below follows its rule wherever the shortest digits might differ.
 */

/** `Double.toString`; `NaN`, `Infinity` and `-Infinity` by these names. */
export function doubleToString(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const negative = value < 0
  const magnitude = negative ? -value : value
  if (magnitude < 1e7 && magnitude >= 1e-3) {
    // The hot path. Up to 15 digits (and the point) no other choice identifies the number: JavaScript's are Java's.
    const text = String(value)
    if (Number.isInteger(value)) return `${text}.0`
    if (text.length <= (negative ? 17 : 16)) return text
  }
  const text =
    Number.isInteger(magnitude) && magnitude < 1e7
      ? `${magnitude}.0`
      : layOut(shortDigits(magnitude) ?? javaDigits(magnitude, 53))
  return negative ? `-${text}` : text
}

/** `Float.toString` of a number that is a float32 value (see Math.fround). */
export function floatToString(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const negative = value < 0
  const magnitude = negative ? -value : value
  const text =
    Number.isInteger(magnitude) && magnitude < 1e7
      ? `${magnitude}.0`
      : layOut(shortFloatDigits(magnitude) ?? javaDigits(magnitude, 24))
  return negative ? `-${text}` : text
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

/** `0.digits × 10^exponent`; digits have no trailing zeros. */
interface Digits {
  digits: string
  exponent: number
}

/** Digits with point or exponent: plain between 10^-3 and 10^7, otherwise `d.dddE±n`. */
function layOut({ digits, exponent }: Digits): string {
  if (exponent > 7 || exponent < -2) {
    return `${digits.slice(0, 1)}.${digits.slice(1) || '0'}E${exponent - 1}`
  }
  if (exponent <= 0) return `0.${'0'.repeat(-exponent)}${digits}`
  if (digits.length <= exponent) return `${digits.padEnd(exponent, '0')}.0`
  return `${digits.slice(0, exponent)}.${digits.slice(exponent)}`
}

/** Digits and exponent out of `d.ddde±n`. */
function fromExponential(text: string): Digits {
  const mark = text.indexOf('e')
  const digits = text.slice(0, mark).replace('.', '').replace(/0+$/, '')
  return { digits, exponent: Number(text.slice(mark + 1)) + 1 }
}

/**
 * The shortest digits where they are sure to be Java's as well: in plain notation, and few enough that no other choice
 * of that length identifies the number. Null elsewhere.
 */
function shortDigits(value: number): Digits | null {
  if (Number.isInteger(value) && value <= Number.MAX_SAFE_INTEGER) {
    const digits = value.toString()
    return { digits: digits.replace(/0+$/, ''), exponent: digits.length }
  }
  if (value < 1e-3 || value >= 1e7) return null
  const found = fromExponential(value.toExponential())
  return found.digits.length <= 15 ? found : null
}

function shortFloatDigits(value: number): Digits | null {
  if (value < 1e-3 || value >= 1e7) return null
  const text = value.toExponential(5)
  return Math.fround(Number(text)) === value ? fromExponential(text) : null
}

const bits = new DataView(new ArrayBuffer(8))

/** A positive finite number as `fraction × 2^(exponent-52)` with 2^52 ≤ fraction < 2^53, for doubles and floats alike. */
function split(value: number): { fraction: bigint; exponent: number } {
  bits.setFloat64(0, value)
  const raw = bits.getBigUint64(0)
  const biased = Number(raw >> 52n)
  const low = raw & 0xfffffffffffffn
  if (biased > 0) return { fraction: low | (1n << 52n), exponent: biased - 1023 }
  const shift = 53 - low.toString(2).length
  return { fraction: low << BigInt(shift), exponent: -1022 - shift }
}

function trailingZeroBits(value: bigint): number {
  let count = 0
  for (let rest = value; (rest & 1n) === 0n; rest >>= 1n) count++
  return count
}

const powerOf5Bits = (exponent: number): number =>
  exponent === 0 ? 0 : (5n ** BigInt(exponent)).toString(2).length

/** The digits Java 17 prints for a positive number with a significand of `width` bits (53 double, 24 float). */
function javaDigits(value: number, width: 53 | 24): Digits {
  const { fraction, exponent } = split(value)
  const smallest = width === 53 ? -1022 : -126
  const significant = exponent < smallest ? width - (smallest - exponent) : width
  const zeros = trailingZeroBits(fraction)
  const fractionBits = 53 - zeros
  if (exponent <= 62 && fractionBits - exponent - 1 <= 0)
    return wholeDigits(value, exponent, significant)
  return searchDigits(fraction >> BigInt(zeros), fractionBits, exponent, significant)
}

/** Whole numbers below 2^63: every digit, rounded where a double cannot tell them apart. */
function wholeDigits(value: number, exponent: number, significant: number): Digits {
  const spare = exponent > significant ? exponent - significant - 1 : 0
  const insignificant = spare > 1 ? Math.floor(spare * Math.LOG10E * Math.LN2) : 0
  const unit = 10n ** BigInt(insignificant)
  const whole = (BigInt(value) + unit / 2n) / unit
  const digits = whole.toString()
  return { digits: digits.replace(/0+$/, ''), exponent: digits.length + insignificant }
}

/** Digit by digit until the rest lies within half a unit in the last place, as Java's free-format search. */
function searchDigits(
  fraction: bigint,
  fractionBits: number,
  binaryExponent: number,
  significant: number
): Digits {
  const tiny = Math.max(0, fractionBits - binaryExponent - 1)
  let decimalExponent = estimate(fraction, fractionBits, binaryExponent)
  const fives = Math.max(0, -decimalExponent)
  let restTwos = fives + tiny + binaryExponent
  let scaleTwos = Math.max(0, decimalExponent) + tiny
  let halfTwos = restTwos - significant - (fractionBits === 1 ? 1 : 0)
  restTwos -= fractionBits - 1
  const spare = Math.min(restTwos, scaleTwos, halfTwos)
  restTwos -= spare
  scaleTwos -= spare
  halfTwos -= spare
  let rest = (fraction * 5n ** BigInt(fives)) << BigInt(restTwos)
  const scale = (5n ** BigInt(Math.max(0, decimalExponent))) << BigInt(scaleTwos)
  let half = (5n ** BigInt(fives)) << BigInt(halfTwos)
  const tens = scale * 10n
  // Java computes in int or long words where the operands fit; their sums may overflow there, and its output shows it.
  const restBits = fractionBits + restTwos + powerOf5Bits(fives)
  const tensBits = scaleTwos + 1 + powerOf5Bits(Math.max(0, decimalExponent) + 1)
  const widest = Math.max(restBits, tensBits)
  const word = widest < 32 ? 32 : widest < 64 ? 64 : 0
  let digits = ''
  let low = false
  let high = false
  const step = (): bigint => {
    const digit = rest / scale
    rest = (rest % scale) * 10n
    half = word === 0 ? half * 10n : BigInt.asIntN(word, half * 10n)
    low = half <= 0n || rest < half
    const sum = rest + half
    high = half <= 0n || (word === 0 ? sum >= tens : BigInt.asIntN(word, sum) > tens)
    return digit
  }
  const first = step()
  if (first === 0n && !high) decimalExponent--
  else digits += first.toString()
  if (decimalExponent < -3 || decimalExponent >= 8) {
    low = false
    high = false
  }
  while (!low && !high) digits += step().toString()
  const doubled = rest * 2n
  const up =
    high && (!low || doubled > tens || (doubled === tens && Number(digits.slice(-1)) % 2 === 1))
  return trimmed(up ? roundedUp(digits) : digits, decimalExponent + 1, up ? digits.length : 0)
}

function roundedUp(digits: string): string {
  return (BigInt(digits) + 1n).toString().padStart(digits.length, '0')
}

/** Carries into a new leading digit move the exponent; `before` is the length before rounding, 0 when nothing was rounded. */
function trimmed(digits: string, exponent: number, before: number): Digits {
  const moved = before > 0 && digits.length > before ? exponent + 1 : exponent
  return { digits: digits.replace(/0+$/, ''), exponent: moved }
}

/** Java's linear estimate of the decimal exponent; at most one too large. */
function estimate(fraction: bigint, fractionBits: number, binaryExponent: number): number {
  const mantissa = Number(fraction) / 2 ** (fractionBits - 1)
  return Math.floor(
    (mantissa - 1.5) * 0.289529654 + 0.176091259 + binaryExponent * 0.301029995663981
  )
}
