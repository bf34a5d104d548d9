export const configTypes = [
  'boolean',
  'string',
  'int',
  'short',
  'long',
  'double',
  'list',
  'class',
  'password'
] as const
export type ConfigType = (typeof configTypes)[number]

/** A secret value; nothing that prints it shows it (I7). */
export class Password {
  readonly value: string

  constructor(value: string) {
    this.value = value
  }

  toString(): string {
    return '[hidden]'
  }

  toJSON(): string {
    return '[hidden]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[hidden]'
  }
}

const RANGES = {
  short: [-32_768n, 32_767n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n]
} as const

/** Thrown by {@link convert}: the part of the message behind `Invalid value V for configuration K: `. */
export class ValueProblem extends Error {}

/** As Java's `String.trim`: control characters go too, other Unicode blanks stay. */
export function javaTrim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) <= 0x20) start++
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--
  return text.slice(start, end)
}

/** The text with the digits of every script as 0 to 9, where Java takes them: those of one UTF-16 unit. */
export function plainDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, decimalDigit)
}

/** Digits stand in blocks of ten; each block starts where the character before is no digit. */
function decimalDigit(char: string): string {
  if (char.length > 1) return char
  const code = char.charCodeAt(0)
  let zero = code
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCharCode(zero - 1))) zero--
  return String(code - zero)
}

function wholeNumber(text: string): bigint | null {
  const digits = plainDigits(text)
  return /^[+-]?\d+$/.test(digits) ? BigInt(digits.replace(/^\+/, '')) : null
}

/**
 * Text → typed value by Kafka's rules (trim, lists by comma, case-insensitive booleans). Throws ValueProblem.
 */
export function convert(type: ConfigType, text: string): unknown {
  const trimmed = javaTrim(text)
  switch (type) {
    case 'boolean':
      if (/^true$/i.test(trimmed)) return true
      if (/^false$/i.test(trimmed)) return false
      throw new ValueProblem('Expected value to be either true or false')
    case 'int':
    case 'short':
    case 'long': {
      const [low, high] = RANGES[type]
      const value = wholeNumber(trimmed)
      if (value === null || value < low || value > high) {
        throw new ValueProblem(`Not a number of type ${type.toUpperCase()}`)
      }
      return Number(value)
    }
    case 'double': {
      const value = Number(trimmed)
      if (trimmed === '' || Number.isNaN(value))
        throw new ValueProblem('Not a number of type DOUBLE')
      return value
    }
    case 'list':
      return commaList(text)
    case 'password':
      return new Password(text)
    case 'string':
    case 'class':
      return trimmed
  }
}

/** The parts of a text between commas, without the blanks around them; none of a blank text. */
export function commaList(text: string): string[] {
  return text.trim() === '' ? [] : text.split(',').map((part) => part.trim())
}

/** The digits of a whole number that no JavaScript number can hold; undefined for every other value. */
export function exactText(type: ConfigType, value: unknown, text: string): string | undefined {
  const whole = type === 'int' || type === 'short' || type === 'long'
  if (!whole || value === null || Number.isSafeInteger(value)) return undefined
  return String(wholeNumber(javaTrim(text)))
}

/** As Java's `Double.toString`: always a fraction, exponents below 10^-3 and from 10^7. */
export function doubleText(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value) || (size >= 1e-3 && size < 1e7) || size === 0) {
    return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : value}.0` : String(value)
  }
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
}
