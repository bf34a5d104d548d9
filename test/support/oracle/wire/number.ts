import { OracleError } from '../oracle-error.ts'

/** A decimal number: unscaled × 10^-scale. */
export interface Decimal {
  readonly unscaled: bigint
  readonly scale: number
}

/** Pairs of digits that Oracle keeps of a number. */
const LONGEST_MANTISSA = 20

/**
 * A NUMBER as Oracle stores and sends it: one byte for sign and exponent, then pairs of digits, most
 * significant first. Sorting the bytes sorts the numbers. What has more digits than fit is rounded; ORA-01426
 * when the number is too large.
 */
export function encodeNumber(decimal: Decimal): Uint8Array {
  const negative = decimal.unscaled < 0n
  let digits = (negative ? -decimal.unscaled : decimal.unscaled).toString()
  if (digits === '0') return Uint8Array.of(0x80)
  let point = digits.length - decimal.scale
  const mantissa = (): string => {
    const odd = Math.abs(point % 2) === 1
    const text = (odd ? `0${digits}` : digits).replace(/0+$/, '')
    return text.length % 2 === 1 ? `${text}0` : text
  }
  let pairs = mantissa()
  if (pairs.length > LONGEST_MANTISSA * 2) {
    const keep = LONGEST_MANTISSA * 2 - (Math.abs(point % 2) === 1 ? 1 : 0)
    const rounded = roundDecimal({ unscaled: BigInt(digits), scale: digits.length }, keep)
    digits = rounded.unscaled.toString()
    // Rounding .99…9 up gives 1, one digit more in front of the point.
    point += digits.length - keep
    pairs = mantissa()
  }
  const exponent = Math.ceil(point / 2)
  if (exponent > 63) throw new OracleError(1426)
  if (exponent < -64) return Uint8Array.of(0x80)
  const length = pairs.length / 2
  const bytes = new Uint8Array(length + 1 + (negative && length < LONGEST_MANTISSA ? 1 : 0))
  bytes[0] = negative ? 63 - exponent : 192 + exponent
  for (let index = 0; index < length; index++) {
    const pair = Number(pairs.slice(index * 2, index * 2 + 2))
    bytes[index + 1] = negative ? 101 - pair : pair + 1
  }
  if (negative && length < LONGEST_MANTISSA) bytes[length + 1] = 102
  return bytes
}

export function decodeNumber(bytes: Uint8Array): Decimal {
  const head = bytes[0] ?? 0x80
  if (head === 0x80) return { unscaled: 0n, scale: 0 }
  const negative = head < 0x80
  const exponent = negative ? 63 - head : head - 192
  const end = negative && bytes.at(-1) === 102 ? bytes.length - 1 : bytes.length
  let text = ''
  for (const byte of bytes.subarray(1, end)) {
    text += String(negative ? 101 - byte : byte - 1).padStart(2, '0')
  }
  const unscaled = BigInt(text === '' ? '0' : text)
  return trimmed({ unscaled: negative ? -unscaled : unscaled, scale: text.length - exponent * 2 })
}

function trimmed({ unscaled, scale }: Decimal): Decimal {
  let [rest, places] = [unscaled, scale]
  while (rest % 10n === 0n && rest !== 0n && places > 0) [rest, places] = [rest / 10n, places - 1]
  return places < 0
    ? { unscaled: rest * 10n ** BigInt(-places), scale: 0 }
    : { unscaled: rest, scale: places }
}

/** Rounds half away from zero to so many places behind the point (negative: before it). */
export function roundDecimal(decimal: Decimal, places: number): Decimal {
  const surplus = decimal.scale - places
  if (surplus <= 0) return decimal
  const unit = 10n ** BigInt(surplus)
  const half = decimal.unscaled < 0n ? -unit / 2n : unit / 2n
  return { unscaled: (decimal.unscaled + half) / unit, scale: places }
}

/** Cuts towards zero. */
export function truncateDecimal(decimal: Decimal, places: number): Decimal {
  const surplus = decimal.scale - places
  if (surplus <= 0) return decimal
  return { unscaled: decimal.unscaled / 10n ** BigInt(surplus), scale: places }
}

/** ORA-01722 when the text is no number. */
export function parseNumber(text: string): Decimal {
  const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?\s*$/.exec(text)
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match ?? []
  if (match === null || whole + fraction === '') throw new OracleError(1722)
  const unscaled = BigInt(`${whole}${fraction}`)
  return {
    unscaled: sign === '-' ? -unscaled : unscaled,
    scale: fraction.length - Number(exponent)
  }
}

/**
 * As TO_CHAR without a format prints it: `.5`, `-12.25`, `1.0E+50` where plain digits do not fit in 40
 * places.
 */
export function numberText(decimal: Decimal): string {
  const { unscaled, scale } = trimmed(decimal)
  const negative = unscaled < 0n
  const digits = (negative ? -unscaled : unscaled).toString()
  const sign = negative ? '-' : ''
  if (scale === 0) {
    if (digits.length <= 40) return sign + digits
    const significant = digits.replace(/0+$/, '')
    return `${sign}${digits.slice(0, 1)}.${significant.slice(1).padEnd(1, '0')}E+${digits.length - 1}`
  }
  if (scale > 130 || (scale > 40 && scale - digits.length >= 1 && digits.length + scale > 80)) {
    const power = scale - digits.length + 1
    return `${sign}${digits.slice(0, 1)}.${digits.slice(1).padEnd(1, '0')}E-${String(power).padStart(2, '0')}`
  }
  const padded = digits.padStart(scale, '0')
  return `${sign}${padded.slice(0, padded.length - scale)}.${padded.slice(padded.length - scale)}`
}

export function numberOf(value: number | bigint): Uint8Array {
  return encodeNumber(parseNumber(String(value)))
}

export function toJsNumber(bytes: Uint8Array): number {
  return Number(numberText(decodeNumber(bytes)))
}
