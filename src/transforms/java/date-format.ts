import { ConfigError, DataError } from '../../errors.ts'
import { parseDate } from './date-format-parser.ts'
import { ERAS, HALVES, MONTHS, UTC_NAME, WEEKDAYS } from './date-names.ts'
import { datePattern, type PatternPart } from './date-pattern.ts'
import { type CalendarFields, calendarFields } from './java-calendar.ts'

type Writer = (fields: CalendarFields) => string

/** Beyond, a year has more digits than Java's int, and a moment more than a number holds exactly. */
const LIMIT_MS = 8.64e15

/**
 * `java.text.SimpleDateFormat` in UTC and English, with every letter of Java 17: G y Y M L w W D d F E u a H
 * k K h m s S z Z X. Throws ConfigError for a pattern Java refuses.
 */
export class DateFormat {
  readonly pattern: string
  readonly #parts: readonly PatternPart[]
  readonly #writers: readonly Writer[]
  /** Years of two digits mean the hundred years that begin here, 80 years before now. */
  readonly #centuryStart: number

  constructor(pattern: string, now = Date.now()) {
    this.pattern = pattern
    this.#parts = datePattern(pattern)
    this.#writers = this.#parts.map(writerOf)
    const start = new Date(now)
    start.setUTCFullYear(start.getUTCFullYear() - 80)
    this.#centuryStart = start.getTime()
  }

  /** The text of a moment given in epoch milliseconds. Throws DataError beyond the year 275760. */
  format(ms: number): string {
    if (!(Math.abs(ms) <= LIMIT_MS)) throw new DataError('A moment beyond the year 275760')
    const fields = calendarFields(ms)
    let text = ''
    for (const write of this.#writers) text += write(fields)
    return text
  }

  /**
   * Epoch milliseconds of a text; null when it does not match. What follows a match is not looked at, as in
   * Java.
   */
  parse(text: string): number | null {
    const parsed = parseDate(this.#parts, text, this.#centuryStart)
    return parsed !== null && Math.abs(parsed) <= LIMIT_MS ? parsed : null
  }
}

/** A number with at least so many digits. */
function padded(value: number, digits: number): string {
  const text = String(Math.abs(value)).padStart(digits, '0')
  return value < 0 ? `-${text}` : text
}

const shortened = (name: string, count: number): string => (count >= 4 ? name : name.slice(0, 3))

function yearText(value: number, count: number): string {
  return count === 2 ? padded(value % 100, 2) : padded(value, count)
}

function writerOf(part: PatternPart): Writer {
  if ('text' in part) return () => part.text
  const { letter, count } = part
  const number =
    (value: (fields: CalendarFields) => number): Writer =>
    (fields) =>
      padded(value(fields), count)
  switch (letter) {
    case 'G':
      return ({ year }) => ERAS[year > 0 ? 1 : 0]
    case 'y':
      return ({ year }) => yearText(year > 0 ? year : 1 - year, count)
    case 'Y':
      return ({ weekYear }) => yearText(weekYear, count)
    case 'M':
    case 'L':
      return count < 3
        ? number(({ month }) => month + 1)
        : ({ month }) => shortened(MONTHS[month] as string, count)
    case 'w':
      return number(({ weekOfYear }) => weekOfYear)
    case 'W':
      return number(({ weekOfMonth }) => weekOfMonth)
    case 'D':
      return number(({ dayOfYear }) => dayOfYear)
    case 'd':
      return number(({ day }) => day)
    case 'F':
      return number(({ weekdayInMonth }) => weekdayInMonth)
    case 'E':
      return ({ weekday }) => shortened(WEEKDAYS[weekday - 1] as string, count)
    case 'u':
      return number(({ weekday }) => (weekday === 1 ? 7 : weekday - 1))
    default:
      return timeWriter(letter, count, number)
  }
}

function timeWriter(
  letter: string,
  count: number,
  number: (value: (fields: CalendarFields) => number) => Writer
): Writer {
  switch (letter) {
    case 'a':
      return ({ hour }) => HALVES[hour < 12 ? 0 : 1]
    case 'H':
      return number(({ hour }) => hour)
    case 'k':
      return number(({ hour }) => (hour === 0 ? 24 : hour))
    case 'K':
      return number(({ hour }) => hour % 12)
    case 'h':
      return number(({ hour }) => (hour % 12 === 0 ? 12 : hour % 12))
    case 'm':
      return number(({ minute }) => minute)
    case 's':
      return number(({ second }) => second)
    case 'S':
      return number(({ millisecond }) => millisecond)
    case 'z':
      return () => (count < 4 ? 'UTC' : UTC_NAME)
    case 'Z':
      return () => '+0000'
    case 'X':
      return () => 'Z'
    default:
      throw new ConfigError(`Illegal pattern character '${letter}'`)
  }
}
