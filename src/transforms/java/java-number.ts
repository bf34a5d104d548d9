import { javaTrim, plainDigits } from '../../config/config-value.ts'
import { floatOfText, nearestFloat } from '../../data/floats.ts'
import type { Decimal } from '../../data/logical-types.ts'
import { int64, INT64_MAX, INT64_MIN } from '../../data/values.ts'

/**
 * Numbers changing their type as Java does it: digits beyond the width are cut off, fractions too, doubles
 * end at the limits.
 */

export type IntegerType = 'int8' | 'int16' | 'int32' | 'int64'

const WIDTH = { int8: 8, int16: 16, int32: 32, int64: 64 } as const

/** The low bits of an integer. */
export function wrapped(type: IntegerType, value: bigint): number | bigint {
  return int64(BigInt.asIntN(WIDTH[type], value))
}

/** The whole part of a decimal, its low 64 bits (`BigDecimal.longValue`). */
export function toInt64(value: Decimal): bigint {
  const { unscaled, scale } = value
  if (scale < -100) return 0n
  const whole =
    scale <= 0
      ? unscaled * 10n ** BigInt(-scale)
      : scale > unscaled.toString().length
        ? 0n
        : unscaled / 10n ** BigInt(scale)
  return BigInt.asIntN(64, whole)
}

/**
 * A double as an integer: NaN is 0, beyond the limits the limit (`(int) d`, `(long) d`); smaller types take
 * the low bits of the int.
 */
export function fromDouble(type: IntegerType, value: number): number | bigint {
  if (Number.isNaN(value)) return 0
  const [low, high] = type === 'int64' ? [INT64_MIN, INT64_MAX] : [-(2n ** 31n), 2n ** 31n - 1n]
  if (value <= Number(low)) return wrapped(type, low)
  if (value >= Number(high)) return wrapped(type, high)
  return wrapped(type, BigInt(Math.trunc(value)))
}

/** The float next to an integer of any size. */
export function floatOf(value: bigint): number {
  const double = Number(value)
  return nearestFloat(double, Number.isFinite(double) ? value - BigInt(double) : 0n)
}

/** No integer is longer; making one of many digits would take more time than their length. */
const LONGEST = '-9223372036854775808'.length

/**
 * `Byte.parseByte` to `Long.parseLong`: a sign and digits, of any script; null for anything else and out of
 * range.
 */
export function parseInteger(type: IntegerType, text: string): number | bigint | null {
  const digits = plainDigits(text)
  if (!/^[+-]?\d+$/.test(digits)) return null
  const significant = digits.replace(/^\+/, '').replace(/^(-?)0+(?=\d)/, '$1')
  if (significant.length > LONGEST) return null
  const value = BigInt(significant)
  return BigInt.asIntN(WIDTH[type], value) === value ? int64(value) : null
}

const FLOATING =
  /^([+-]?)(?:(NaN|Infinity)|((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?|0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)[fFdD]?)$/

/** `Float.parseFloat` and `Double.parseDouble`; null where they refuse the text. */
export function parseFloating(type: 'float32' | 'float64', text: string): number | null {
  const [, sign, word, plain, whole, fraction, power] = FLOATING.exec(javaTrim(text)) ?? []
  const negative = sign === '-'
  if (word !== undefined) return word === 'NaN' ? Number.NaN : negative ? -Infinity : Infinity
  if (plain !== undefined) {
    const value = type === 'float64' ? Number(plain) : floatOfText(plain)
    return negative ? -value : value
  }
  if (power === undefined || `${whole}${fraction ?? ''}` === '') return null
  const digits = `${whole}${fraction ?? ''}`
  const value = Number(`0x${digits}`) * 2 ** (Number(power) - 4 * (fraction?.length ?? 0))
  if (digits.length > 13) return null
  return negative ? -value : type === 'float64' ? value : Math.fround(value)
}
