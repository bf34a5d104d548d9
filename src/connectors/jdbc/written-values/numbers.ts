import { floatToString } from '../../../data/java-numbers.ts'
import { Decimal } from '../../../data/logical-types.ts'
import { int64, isFloat32 } from '../../../data/values.ts'
import type { DataError } from '../../../errors.ts'
import type { ColumnRoom, TargetType } from '../database/writing.ts'
import type { Meaning } from './meanings.ts'
import { type Fit, type Fitting, misfit } from './misfit.ts'
import { type ExcessRules, rounded, wholeWay } from './rounding.ts'

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

const INT64 = 2n ** 63n

export function integerFit(
  meaning: Meaning,
  target: Target<'integer'>,
  rules: ExcessRules
): Fitting {
  const { min, max } = target
  const checked = (value: number | bigint): number | bigint => {
    if (value < min || value > max) {
      const room = value >= -INT64 && value < INT64 ? ({ kind: 'integer' } as const) : undefined
      throw misfit(`it lies outside ${min} … ${max}`, room)
    }
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
  const way = wholeWay(target, meaning.kind === 'float')
  return (value) => {
    const number = decimal(value)
    const whole = integerDigits(number) > 1000 ? null : number.withScale(0)
    if (whole !== null) return checked(int64(whole.unscaled))
    if (rules.roundsExcess !== true || number.scale <= 0) throw misfit('it is not a whole number')
    if (target.fractions === 'kept') return keptFraction(number)
    return checked(int64(rounded(number, 0, way).unscaled))
  }
}

/** SQLite keeps a fraction in a column of whole numbers as the double it is. */
function keptFraction(number: Decimal): number {
  const value = Number(number.toString())
  if (sameNumber(decimalOfFloat(value, 64), number)) return value
  throw misfit('a float of 64 bits does not hold it exactly')
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
export function floatFit(
  meaning: Meaning,
  { bits, takesNaN }: Target<'float'>,
  { roundsExcess = false, widens = false }: ExcessRules
): Fitting {
  const inexact = (): DataError =>
    misfit(
      `a float of ${bits} bits does not hold it exactly`,
      bits === 32 ? { kind: 'float' } : undefined
    )
  const checked = (value: number): number => {
    if (!Number.isFinite(value) && !takesNaN) throw misfit(`it cannot hold ${value}`)
    if (bits === 64 || isFloat32(value)) return value
    const near = Math.fround(value)
    if (!roundsExcess || widens || !Number.isFinite(near)) throw inexact()
    return near
  }
  if (meaning.kind === 'float') return (value) => checked(meaning.read(value))
  const decimal = asDecimal(meaning)
  if (decimal === null) return NO_NUMBER
  const special: Fit | null = meaning.kind === 'string' ? specialNumber(meaning) : null
  return (value) => {
    const named = special?.(value)
    if (typeof named === 'number') return checked(named)
    const exact = decimal(value)
    const number = Number(exact.toString())
    const same = Number.isFinite(number) && sameNumber(decimalOfFloat(number, bits), exact)
    if (!same && !isExactly(number, exact) && (!roundsExcess || !Number.isFinite(number))) {
      throw inexact()
    }
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

export function decimalFit(
  meaning: Meaning,
  target: Target<'decimal'>,
  rules: ExcessRules
): Fitting {
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
      : decimalText(number, target, rules)
  }
  if (target.takesNaN !== true) return fit
  if (meaning.kind === 'float') {
    return (value) => (Number.isNaN(meaning.read(value)) ? 'NaN' : fit(value))
  }
  return meaning.kind === 'string' ? (value) => (value === 'NaN' ? 'NaN' : fit(value)) : fit
}

function decimalText(given: Decimal, target: Target<'decimal'>, rules: ExcessRules): string {
  const { precision, scale } = target
  if (scale === null) return freeDecimalText(given, target, rules)
  const shorter = given.scale <= scale ? given : given.withScale(scale)
  const room = (): ColumnRoom => ({
    kind: 'decimal',
    whole: Math.max(0, integerDigits(given)),
    scale: fractionDigits(given)
  })
  if (shorter === null && (rules.roundsExcess !== true || rules.widens === true)) {
    throw misfit(`it has more than ${scale} digits behind the point`, room())
  }
  const value = shorter ?? rounded(given, scale, 'away')
  if (precision !== null && integerDigits(value) > precision - scale) {
    throw misfit(`it has more than ${precision - scale} digits before the point`, room())
  }
  return value.toString()
}

/** Of a column whose digits may stand anywhere. */
function freeDecimalText(
  value: Decimal,
  { precision, maxWhole = 0n }: Target<'decimal'>,
  { roundsExcess = false }: ExcessRules
): string {
  const whole = integerDigits(value)
  const kept = maxWhole === 0n || whole > 100 ? null : (value.withScale(0)?.unscaled ?? null)
  if (kept !== null && kept <= maxWhole && kept >= -maxWhole) return kept.toString()
  if (precision === null || significantDigits(value) <= precision) return value.toString()
  if (!roundsExcess) throw misfit(`it has more than ${precision} digits`)
  return rounded(value, precision - whole, 'away').toString()
}

/** Digits behind the point, without zeros at their end. */
function fractionDigits({ unscaled, scale }: Decimal): number {
  const zeros = unscaled === 0n ? scale : (/0*$/.exec(unscaled.toString())?.[0].length ?? 0)
  return Math.max(0, scale - zeros)
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
      return meaning.bits === 32 && Number.isFinite(number)
        ? String(Number(decimalOfFloat(number, 32).toString()))
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
