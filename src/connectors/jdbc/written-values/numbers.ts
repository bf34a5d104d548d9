import { floatToString } from '../../../data/java-numbers.ts'
import { Decimal } from '../../../data/logical-types.ts'
import { int64, isFloat32 } from '../../../data/values.ts'
import type { TargetType } from '../database/writing.ts'
import type { Meaning } from './meanings.ts'
import { type Fit, type Fitting, misfit } from './misfit.ts'

type Target<K extends TargetType['kind']> = Extract<TargetType, { kind: K }>

/** Digits of the longest number that is looked at: no database holds more (I8). */
const MOST_DIGITS = 140_000

/** The digits of a number, with its exponent away. */
function parseDecimal(text: string): Decimal {
  const trimmed = text.trim()
  if (
    trimmed.length > MOST_DIGITS ||
    !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?$/.test(trimmed)
  ) {
    throw misfit('it is not a number')
  }
  return bounded(Decimal.parse(trimmed))
}

function bounded(value: Decimal): Decimal {
  if (Math.abs(value.scale) > MOST_DIGITS) throw misfit('it has too many digits')
  return value
}

/**
 * The number a double or float stands for: the shortest digits that are read back as it, as it is printed.
 */
function decimalOfFloat(value: number, bits: 32 | 64): Decimal {
  return Decimal.parse(bits === 32 ? floatToString(Math.fround(value)) : String(value))
}

/** Any number as an exact decimal; null: values of this meaning are no numbers. */
function asDecimal(meaning: Meaning): ((value: unknown) => Decimal) | null {
  if (meaning.kind === 'integer') {
    return (value) => new Decimal(BigInt(meaning.read(value) as number | bigint), 0)
  }
  if (meaning.kind === 'boolean') {
    return (value) => new Decimal(meaning.read(value) === true ? 1n : 0n, 0)
  }
  if (meaning.kind === 'decimal') {
    return (value) => bounded(meaning.read(value) as Decimal)
  }
  if (meaning.kind === 'float') {
    return (value) => {
      const number = meaning.read(value)
      if (!Number.isFinite(number)) throw misfit(`${number} is no number that it can hold`)
      return decimalOfFloat(number, meaning.bits)
    }
  }
  if (meaning.kind === 'string') {
    return (value) => parseDecimal(meaning.read(value) as string)
  }
  return null
}

const NO_NUMBER = 'that is no number'

export function integerFit(meaning: Meaning, { min, max }: Target<'integer'>): Fitting {
  const checked = (value: number | bigint): number | bigint => {
    if (value < min || value > max) throw misfit(`it lies outside ${min} … ${max}`)
    // A safe integer is a number, so that equal keys are the same.
    return typeof value === 'bigint' ? int64(value) : value
  }
  if (meaning.kind === 'integer') return (value) => checked(meaning.read(value) as number | bigint)
  if ('plain' in meaning && meaning.plain !== undefined) {
    const { plain } = meaning
    return (value) => checked(plain(value))
  }
  const decimal = asDecimal(meaning)
  if (decimal === null) return NO_NUMBER
  return (value) => {
    const whole = withoutFraction(decimal(value))
    return checked(int64(whole))
  }
}

function withoutFraction(value: Decimal): bigint {
  const whole = integerDigits(value) > 1000 ? null : value.withScale(0)
  if (whole === null) throw misfit('it is not a whole number')
  return whole.unscaled
}

export function booleanFit(meaning: Meaning): Fitting {
  if (meaning.kind === 'boolean') return (value) => meaning.read(value)
  if (meaning.kind === 'string') {
    return (value) => {
      const text = (meaning.read(value) as string).trim().toLowerCase()
      if (text === 'true' || text === '1') return true
      if (text === 'false' || text === '0') return false
      throw misfit('it is neither true nor false')
    }
  }
  if (meaning.kind === 'bits') return (value) => bit(meaning.read(value) as string)
  const decimal = asDecimal(meaning)
  if (decimal === null) return 'that is no boolean'
  return (value) => {
    const number = decimal(value).withScale(0)?.unscaled
    if (number === 0n || number === 1n) return number === 1n
    throw misfit('it is neither 0 nor 1')
  }
}

function bit(text: string): boolean {
  if (text === '0' || text === '1') return text === '1'
  throw misfit('it has more than one bit')
}

/** A float takes what it holds exactly, or prints with the digits it was given. */
export function floatFit(meaning: Meaning, { bits, takesNaN }: Target<'float'>): Fitting {
  const checked = (value: number): number => {
    if (!Number.isFinite(value) && !takesNaN) throw misfit(`it cannot hold ${value}`)
    if (bits === 32 && !isFloat32(value))
      throw misfit('a float of 32 bits does not hold it exactly')
    return value
  }
  if (meaning.kind === 'float') return (value) => checked(meaning.read(value))
  const decimal = meaning.kind === 'boolean' ? null : asDecimal(meaning)
  if (decimal === null) return NO_NUMBER
  const special: Fit | null = meaning.kind === 'string' ? specialNumber(meaning) : null
  return (value) => {
    const named = special?.(value)
    if (typeof named === 'number') return checked(named)
    const exact = decimal(value)
    const number = Number(exact.toString())
    const same = Number.isFinite(number) && sameNumber(decimalOfFloat(number, bits), exact)
    if (!same && !isExactly(number, exact))
      throw misfit(`a float of ${bits} bits does not hold it exactly`)
    return checked(number)
  }
}

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity]
])

function specialNumber(meaning: Meaning): Fit {
  return (value) => SPECIAL.get(String(meaning.read(value)))
}

const isExactly = (number: number, exact: Decimal): boolean =>
  Number.isInteger(number) && sameNumber(new Decimal(BigInt(number), 0), exact)

function sameNumber(one: Decimal, other: Decimal): boolean {
  const scale = Math.max(one.scale, other.scale)
  if (integerDigits(one) !== integerDigits(other)) return false
  return one.withScale(scale)?.unscaled === other.withScale(scale)?.unscaled
}

/** Digits before the point: 0 or fewer below 1, as for 0.05. */
function integerDigits({ unscaled, scale }: Decimal): number {
  if (unscaled === 0n) return Number.NEGATIVE_INFINITY
  return (unscaled < 0n ? -unscaled : unscaled).toString().length - scale
}

export function decimalFit(meaning: Meaning, target: Target<'decimal'>): Fitting {
  const decimal = asDecimal(meaning)
  if (decimal === null) return NO_NUMBER
  const { precision, scale } = target
  // Nearly all numbers have the scale of their column, and then this is all there is to check.
  const beyond = 10n ** BigInt(precision ?? 0)
  const fit: Fit = (value) => {
    const number = decimal(value)
    const { unscaled } = number
    return number.scale === scale && unscaled < beyond && unscaled > -beyond
      ? number.toString()
      : decimalText(number, target)
  }
  if (target.takesNaN !== true) return fit
  if (meaning.kind === 'float') {
    return (value) => (Number.isNaN(meaning.read(value)) ? 'NaN' : fit(value))
  }
  return meaning.kind === 'string' ? (value) => (value === 'NaN' ? 'NaN' : fit(value)) : fit
}

function decimalText(value: Decimal, target: Target<'decimal'>): string {
  const { precision, scale, maxWhole = 0n } = target
  const whole = integerDigits(value)
  if (scale === null) {
    const kept = maxWhole === 0n || whole > 100 ? null : (value.withScale(0)?.unscaled ?? null)
    if (kept !== null && kept <= maxWhole && kept >= -maxWhole) return kept.toString()
    if (precision !== null && significantDigits(value) > precision) {
      throw misfit(`it has more than ${precision} digits`)
    }
    return value.toString()
  }
  if (precision !== null && whole > precision - scale) {
    throw misfit(`it has more than ${precision - scale} digits before the point`)
  }
  if (value.scale <= scale) return value.toString()
  const shorter = value.withScale(scale)
  if (shorter === null) throw misfit(`it has more than ${scale} digits behind the point`)
  return shorter.toString()
}

function significantDigits({ unscaled }: Decimal): number {
  return unscaled === 0n ? 0 : unscaled.toString().replace(/^-|0+$/g, '').length
}

/** A number as text, all its digits; null: values of this meaning are no numbers. */
export function numberText(meaning: Meaning): ((value: unknown) => string) | null {
  if (meaning.kind === 'integer') {
    return (value) => String(meaning.read(value))
  }
  if (meaning.kind === 'boolean') {
    return (value) => String(meaning.read(value))
  }
  if (meaning.kind === 'decimal') {
    return (value) => bounded(meaning.read(value) as Decimal).toString()
  }
  if (meaning.kind === 'float') {
    return (value) => {
      const number = meaning.read(value)
      return Number.isFinite(number)
        ? decimalOfFloat(number, meaning.bits).toString()
        : String(number)
    }
  }
  return null
}

export function bitsFit(meaning: Meaning, target: Target<'bits'>): Fitting {
  const { length, varying } = target
  const checked = (text: string): string => {
    if (text.length > length) throw misfit(`it has more than ${length} bits`)
    if (!varying && text.length < length) throw misfit(`it has fewer than ${length} bits`)
    return text
  }
  const padded = (text: string): string => (varying ? text : text.padStart(length, '0'))
  if (meaning.kind === 'boolean') {
    return (value) => checked(padded(meaning.read(value) === true ? '1' : '0'))
  }
  if (meaning.kind === 'integer') {
    return (value) => checked(padded(bitsOfInteger(BigInt(meaning.read(value) as number), length)))
  }
  if (meaning.kind === 'bits') {
    return (value) => checked(padded(withoutLeadingZeros(meaning.read(value) as string, length)))
  }
  if (meaning.kind === 'bytes') {
    return (value) => checked(bitsOfBytes(meaning.read(value) as Uint8Array, target))
  }
  if (meaning.kind === 'string') {
    return (value) => {
      const text = meaning.read(value) as string
      if (!/^[01]*$/.test(text)) throw misfit('it is no text of 0 and 1')
      return checked(text)
    }
  }
  return 'that is no row of bits'
}

/** Up to eight bits are read as a signed byte: they may come back as one. */
function bitsOfInteger(value: bigint, length: number): string {
  if (value >= 0n) return value.toString(2)
  if (value >= -128n && length === 8) return BigInt.asUintN(8, value).toString(2)
  throw misfit('it is less than 0')
}

function withoutLeadingZeros(text: string, length: number): string {
  const spare = Math.max(0, text.length - length)
  return text.slice(0, spare).includes('1') ? text : text.slice(spare)
}

function bitsOfBytes(bytes: Uint8Array, { length, varying, spare }: Target<'bits'>): string {
  const text = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const over = text.length - length
  if (varying || over <= 0 || over >= 8) return text
  const [left, kept] =
    spare === 'first'
      ? [text.slice(0, over), text.slice(over)]
      : [text.slice(length), text.slice(0, length)]
  return left.includes('1') ? text : kept
}
