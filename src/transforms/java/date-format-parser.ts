import { ERAS, HALVES, MONTHS, UTC_NAME, WEEKDAYS } from './date-names.ts'
import type { PatternPart } from './date-pattern.ts'
import { plainDigits } from '../../config/config-value.ts'
import { type ParsedField, LenientCalendar } from './lenient-calendar.ts'

/**
 * Letters whose number of letters limits the digits of the field before them, when nothing stands between.
 */
const DIGITS_ONLY = 'ydkHmsSDFwWhKYu'

const NUMBERS: Readonly<Record<string, ParsedField>> = {
  d: 'day',
  H: 'hour24',
  k: 'hour24',
  K: 'hour12',
  h: 'hour12',
  m: 'minute',
  s: 'second',
  S: 'millisecond',
  D: 'dayOfYear',
  F: 'weekdayInMonth',
  w: 'weekOfYear',
  W: 'weekOfMonth',
  y: 'year',
  Y: 'weekYear',
  M: 'month',
  L: 'month',
  u: 'weekday'
}

const short = (names: readonly string[]): string[] => names.map((name) => name.slice(0, 3))
/** Names a letter may be written with, by the value each means. */
const NAMES: Readonly<
  Record<string, readonly [ParsedField, readonly (readonly string[])[], number]>
> = {
  G: ['era', [ERAS, ['Before Christ', 'Anno Domini']], 0],
  M: ['month', [MONTHS, short(MONTHS)], 0],
  L: ['month', [MONTHS, short(MONTHS)], 0],
  E: ['weekday', [WEEKDAYS, short(WEEKDAYS)], 1],
  a: ['amPm', [HALVES], 0]
}

class Parser {
  readonly calendar = new LenientCalendar()
  readonly #text: string
  readonly #centuryYear: number
  /**
   * A year of two digits equal to those of the first year of the century: which of the two depends on the
   * day.
   */
  ambiguous = false
  at = 0

  constructor(text: string, centuryStart: number) {
    this.#text = text
    this.#centuryYear = new Date(centuryStart).getUTCFullYear()
  }

  /** Each answers whether the text goes on as it should. */
  literal(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.at)) return false
    this.at += expected.length
    return true
  }

  field(letter: string, count: number, limited: boolean): boolean {
    const blanks = /^[ \t]*/.exec(this.#text.slice(this.at))?.[0].length ?? 0
    if (this.at + blanks >= this.#text.length) return false
    const names = NAMES[letter]
    if (names !== undefined && !('ML'.includes(letter) && count <= 2)) return this.#name(...names)
    if (letter === 'z' || letter === 'Z') return this.#zone(blanks)
    if (letter === 'X') return this.#isoZone(blanks, count)
    return this.#number(letter, blanks, count, limited)
  }

  #number(letter: string, blanks: number, count: number, limited: boolean): boolean {
    const limit = this.at + count
    if (limited && limit > this.#text.length) return false
    const rest = this.#text.slice(this.at + blanks, limited ? limit : undefined)
    const [read] = /^-?\p{Nd}+/u.exec(rest) ?? []
    // Java would take an exponent; a date has none.
    if (read === undefined || /^E-?\p{Nd}/u.test(rest.slice(read.length))) return false
    this.at += blanks + read.length
    const digits = plainDigits(read)
    const value = asInt(digits)
    const field = NUMBERS[letter] as ParsedField
    if (letter === 'y' || letter === 'Y') {
      this.calendar.set(field, this.#year(value, digits, count))
    } else if (letter === 'u') {
      this.calendar.set(field, value >= 1 && value <= 7 ? (value % 7) + 1 : value)
    } else if ('ML'.includes(letter)) this.calendar.set(field, value - 1)
    else if (letter === 'k' && value === 24) this.calendar.set(field, 0)
    else if (letter === 'h' && value === 12) this.calendar.set(field, 0)
    else this.calendar.set(field, value)
    return true
  }

  #year(value: number, digits: string, count: number): number {
    if (count > 2 || !/^\d\d$/.test(digits)) return value
    const first = this.#centuryYear % 100
    this.ambiguous = value === first
    return value + Math.floor(this.#centuryYear / 100) * 100 + (value < first ? 100 : 0)
  }

  #name(field: ParsedField, lists: readonly (readonly string[])[], from: number): boolean {
    const rest = this.#text.slice(this.at).toLowerCase()
    let best = ''
    let value = 0
    for (const names of lists) {
      for (const [index, name] of names.entries()) {
        if (name.length > best.length && rest.startsWith(name.toLowerCase())) {
          best = name
          value = index + from
        }
      }
    }
    if (best === '') return false
    this.at += best.length
    this.calendar.set(field, value)
    return true
  }

  /**
   * `+hhmm`, `GMT`, `GMT+hh:mm` or UTC by name. Other names mean different zones in different places: they
   * are refused.
   */
  #zone(blanks: number): boolean {
    const rest = this.#text.slice(this.at + blanks)
    const rfc = /^([+-])(\d\d)(\d\d)/.exec(rest)
    if (rfc !== null) return this.#offset(rfc, blanks)
    const greenwich = blanks > 0 ? null : /^GMT(?:([+-])(\d\d?):(\d\d))?/i.exec(rest)
    if (greenwich !== null) {
      if (greenwich[1] === undefined && /^[+-]/.test(rest.slice(3))) return false
      return this.#offset(greenwich, blanks)
    }
    const name = [UTC_NAME, 'UTC'].find((utc) => rest.toLowerCase().startsWith(utc.toLowerCase()))
    if (name === undefined) return false
    this.at += blanks + name.length
    return true
  }

  #isoZone(blanks: number, count: number): boolean {
    const rest = this.#text.slice(this.at + blanks)
    if (rest.startsWith('Z')) {
      this.at += blanks + 1
      this.calendar.set('zoneOffset', 0)
      return true
    }
    const patterns = [/^([+-])(\d\d)/, /^([+-])(\d\d)(\d\d)/, /^([+-])(\d\d):(\d\d)/]
    const match = patterns[count - 1]?.exec(rest) ?? null
    return match !== null && this.#offset(match, blanks)
  }

  #offset(match: RegExpExecArray, blanks: number): boolean {
    const [all, sign, hours = '0', minutes = '0'] = match
    if (Number(hours) > 23 || Number(minutes) > 59) return false
    this.at += blanks + all.length
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
    this.calendar.set('zoneOffset', sign === '-' && offset > 0 ? -offset : offset)
    return true
  }
}

/** Digits as a Java int: the low bits of a long, the nearest limit beyond it. */
function asInt(digits: string): number {
  const value = BigInt(digits)
  if (BigInt.asIntN(64, value) === value) return Number(BigInt.asIntN(32, value))
  return value < 0n ? -(2 ** 31) : 2 ** 31 - 1
}

/** The moment a text means, in epoch milliseconds; null when it does not match the pattern. */
export function parseDate(
  parts: readonly PatternPart[],
  text: string,
  centuryStart: number
): number | null {
  const parser = new Parser(text, centuryStart)
  for (const [index, part] of parts.entries()) {
    if ('text' in part) {
      if (!parser.literal(part.text)) return null
      continue
    }
    const next = parts[index + 1]
    const limited =
      next !== undefined &&
      'letter' in next &&
      (DIGITS_ONLY.includes(next.letter) || ('ML'.includes(next.letter) && next.count <= 2))
    if (!parser.field(part.letter, part.count, limited)) return null
  }
  if (parser.at === 0) return null
  const time = parser.calendar.time()
  return parser.ambiguous && time < centuryStart ? parser.calendar.time(100) : time
}
