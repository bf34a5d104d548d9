import { OracleError } from '../oracle-error.ts'
import { daysInMonth, fieldsOf, type Moment, secondsOf } from '../wire/moment.ts'
import { offsetAt, offsetText } from './zone.ts'

const MONTHS =
  'January February March April May June July August September October November December'.split(' ')
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const ELEMENTS =
  /^(?:SYYYY|YYYY|RRRR|YYY|YY|RR|MONTH|MON|MM|DDD|DD|DAY|DY|HH24|HH12|HH|MI|SSSSS|SS|FF[1-9]?|AM|PM|A\.M\.|P\.M\.|TZH|TZM|TZR|TZD|FM|FX|J|D|Q|IYYY|IW|X)/i

interface Element {
  readonly kind: 'element' | 'literal' | 'punctuation'
  readonly text: string
}

const masks = new Map<string, readonly Element[]>()

/** ORA-01821 for a mask with something that is none. */
function readMask(mask: string): readonly Element[] {
  const known = masks.get(mask)
  if (known !== undefined) return known
  const elements: Element[] = []
  for (let rest = mask; rest !== ''; ) {
    const literal = /^"([^"]*)"/.exec(rest)
    const element = ELEMENTS.exec(rest)?.[0]
    if (literal !== null) elements.push({ kind: 'literal', text: literal[1] ?? '' })
    else if (element !== undefined) elements.push({ kind: 'element', text: element })
    else if (/^[^\p{L}\p{N}]/u.test(rest))
      elements.push({ kind: 'punctuation', text: rest.charAt(0) })
    else throw new OracleError(1821)
    rest = rest.slice(literal?.[0].length ?? element?.length ?? 1)
  }
  masks.set(mask, elements)
  return elements
}

/** What a clock shows, and its offset from UTC. */
export interface Reading {
  readonly wall: Moment
  readonly offsetMinutes: number
}

/** TO_CHAR of a datetime. `hasFraction` false: FF is refused, as it is for a DATE. */
export function formatDatetime(
  { wall, offsetMinutes }: Reading,
  mask: string,
  hasFraction: boolean
): string {
  let filled = true
  let text = ''
  const weekday = (((Math.floor(wall.seconds / 86_400) + 4) % 7) + 7) % 7
  for (const element of readMask(mask)) {
    if (element.kind !== 'element') {
      text += element.text
      continue
    }
    const name = element.text.toUpperCase()
    if (name === 'FM') filled = !filled
    else if (name.startsWith('FF') && !hasFraction) throw new OracleError(1821)
    else text += formatElement(name, element.text, { wall, offsetMinutes }, filled, weekday)
  }
  return text
}

function formatElement(
  name: string,
  written: string,
  { wall, offsetMinutes }: Reading,
  filled: boolean,
  weekday: number
): string {
  const fields = fieldsOf(wall.seconds)
  const number = (value: number, width: number): string =>
    filled ? String(value).padStart(width, '0') : String(value)
  const word = (value: string, width: number): string =>
    cased(filled ? value.padEnd(width) : value, written)
  switch (name) {
    case 'SYYYY':
      // The year before AD 1 is -1.
      return fields.year > 0 ? ` ${number(fields.year, 4)}` : `-${number(1 - fields.year, 4)}`
    case 'YYYY':
    case 'RRRR':
    case 'IYYY':
      return number(fields.year, 4)
    case 'YYY':
      return number(fields.year % 1000, 3)
    case 'YY':
    case 'RR':
      return number(fields.year % 100, 2)
    case 'MONTH':
      return word(MONTHS[fields.month - 1] ?? '', 9)
    case 'MON':
      return cased((MONTHS[fields.month - 1] ?? '').slice(0, 3), written)
    case 'MM':
      return number(fields.month, 2)
    case 'DD':
      return number(fields.day, 2)
    case 'DDD': {
      const start = secondsOf({ ...fields, month: 1, day: 1 })
      return number(Math.floor((secondsOf(fields) - start) / 86_400) + 1, 3)
    }
    case 'DAY':
      return word(DAYS[weekday] ?? '', 9)
    case 'DY':
      return cased((DAYS[weekday] ?? '').slice(0, 3), written)
    case 'D':
      return String(weekday + 1)
    case 'Q':
      return String(Math.ceil(fields.month / 3))
    case 'HH24':
      return number(fields.hour, 2)
    case 'HH12':
    case 'HH':
      return number(fields.hour % 12 === 0 ? 12 : fields.hour % 12, 2)
    case 'MI':
      return number(fields.minute, 2)
    case 'SS':
      return number(fields.second, 2)
    case 'SSSSS':
      return number(fields.hour * 3600 + fields.minute * 60 + fields.second, 5)
    case 'AM':
    case 'PM':
      return cased(fields.hour < 12 ? 'Am' : 'Pm', written)
    case 'X':
      return '.'
    case 'TZH':
      return offsetText(offsetMinutes).slice(0, 3)
    case 'TZM':
      return offsetText(offsetMinutes).slice(4)
    case 'TZR':
      return offsetText(offsetMinutes)
    default:
      if (!name.startsWith('FF')) throw new OracleError(1821)
      return String(wall.nanos)
        .padStart(9, '0')
        .slice(0, name === 'FF' ? 6 : Number(name.slice(2)))
  }
}

function cased(text: string, written: string): string {
  if (written === written.toUpperCase()) return text.toUpperCase()
  return written.charAt(0) === written.charAt(0).toLowerCase() ? text.toLowerCase() : text
}

/** What a text says of a time; parts it does not name are those of the first of this month at midnight. */
interface ParsedDatetime {
  readonly wall: Moment
  /** Zone or offset that was named. */
  readonly zone: string | null
}

interface Parts {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  nanos: number
  afternoon: boolean | null
  zone: string
}

/** TO_DATE and TO_TIMESTAMP. Throws the ORA-018nn that fits. */
export function parseDatetime(text: string, mask: string, now: Moment): ParsedDatetime {
  const today = fieldsOf(now.seconds)
  const parts: Parts = {
    year: today.year,
    month: today.month,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0,
    afternoon: null,
    zone: ''
  }
  let rest = text.trim()
  const elements = readMask(mask)
  for (const [index, element] of elements.entries()) {
    if (element.kind === 'literal') {
      if (!rest.startsWith(element.text)) throw new OracleError(1861)
      rest = rest.slice(element.text.length)
    } else if (element.kind === 'punctuation') {
      if (rest === '' && elements.slice(index).every(isOptional)) break
      if (element.text === ' ') rest = rest.trimStart()
      else if (/^[^\p{L}\p{N}]/u.test(rest)) rest = rest.slice(1)
      else if (rest === '') throw new OracleError(1840)
      else throw new OracleError(1861)
    } else {
      if (rest === '' && isOptional(element)) continue
      rest = takeElement(element.text.toUpperCase(), rest, parts)
    }
  }
  if (rest.trim() !== '') throw new OracleError(1830)
  return checked(parts)
}

/** Times and fractions may be missing at the end of a text. */
function isOptional({ kind, text }: Element): boolean {
  if (kind === 'punctuation') return true
  return kind === 'element' && /^(HH|MI|SS|FF|X|AM|PM|TZ)/i.test(text)
}

function takeElement(name: string, rest: string, parts: Parts): string {
  const digits = (most: number): string => {
    const found = new RegExp(`^\\d{1,${most}}`).exec(rest)?.[0]
    if (found === undefined) throw new OracleError(rest === '' ? 1840 : 1858)
    return found
  }
  const take = (
    field: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second',
    most: number
  ): string => {
    const found = digits(most)
    parts[field] = Number(found)
    return rest.slice(found.length)
  }
  switch (name) {
    case 'SYYYY': {
      const [sign = '', digits = ''] = /^\s*([+-]?)(\d{1,4})/.exec(rest)?.slice(1) ?? []
      if (digits === '') throw new OracleError(1858)
      // The year before AD 1 is -1; everybody who calculates calls it 0.
      parts.year = sign === '-' ? 1 - Number(digits) : Number(digits)
      return rest.trimStart().slice(sign.length + digits.length)
    }
    case 'YYYY':
    case 'RRRR':
      return take('year', 4)
    case 'YY':
    case 'RR': {
      const found = digits(name === 'RR' ? 4 : 2)
      const century = name === 'RR' && Number(found) >= 50 ? 1900 : 2000
      parts.year = found.length > 2 ? Number(found) : century + Number(found)
      return rest.slice(found.length)
    }
    case 'MM':
      return take('month', 2)
    case 'MONTH':
    case 'MON': {
      const month = MONTHS.findIndex((full) =>
        rest.toUpperCase().startsWith(full.slice(0, 3).toUpperCase())
      )
      if (month < 0) throw new OracleError(1843)
      parts.month = month + 1
      const full = (MONTHS[month] ?? '').toUpperCase()
      return rest.slice(rest.toUpperCase().startsWith(full) ? full.length : 3)
    }
    case 'DD':
      return take('day', 2)
    case 'HH24':
    case 'HH12':
    case 'HH':
      return take('hour', 2)
    case 'MI':
      return take('minute', 2)
    case 'SS':
      return take('second', 2)
    case 'AM':
    case 'PM':
      if (!/^[AP]M/i.test(rest)) throw new OracleError(1855)
      parts.afternoon = /^P/i.test(rest)
      return rest.slice(2)
    case 'X':
      return /^[.,]/.test(rest) ? rest.slice(1) : rest
    case 'FM':
    case 'FX':
      return rest
    case 'TZH':
    case 'TZM':
    case 'TZR': {
      const found = (
        name === 'TZM' ? /^\d{1,2}/ : /^(?:[+-]?\d{1,2}(?::\d{2})?|[A-Za-z_]+(?:\/[A-Za-z_]+)*)/
      ).exec(rest)?.[0]
      if (found === undefined) throw new OracleError(1840)
      parts.zone += name === 'TZM' ? `:${found}` : found
      const colon = name === 'TZH' && found.includes(':')
      if (colon) parts.zone = found.slice(0, found.indexOf(':'))
      return rest.slice(colon ? found.indexOf(':') : found.length)
    }
    default:
      if (!name.startsWith('FF')) throw new OracleError(1820)
      return takeFraction(rest, name, parts)
  }
}

function takeFraction(rest: string, name: string, parts: Parts): string {
  const most = name === 'FF' ? 9 : Number(name.slice(2))
  const found = /^\d+/.exec(rest)?.[0]
  if (found === undefined) throw new OracleError(rest === '' ? 1840 : 1858)
  if (found.length > most) throw new OracleError(1880)
  parts.nanos = Number(found.padEnd(9, '0'))
  return rest.slice(found.length)
}

function checked(parts: Parts): ParsedDatetime {
  const { year, month, day, minute, second, nanos, afternoon } = parts
  let { hour } = parts
  if (year < -4711 || year > 9999) throw new OracleError(1841)
  if (month < 1 || month > 12) throw new OracleError(1843)
  if (day < 1 || day > 31) throw new OracleError(1847)
  if (day > daysInMonth(year, month)) throw new OracleError(1839)
  if (afternoon !== null) {
    if (hour < 1 || hour > 12) throw new OracleError(1849)
    hour = (hour % 12) + (afternoon ? 12 : 0)
  }
  if (hour > 23) throw new OracleError(1850)
  if (minute > 59) throw new OracleError(1851)
  if (second > 59) throw new OracleError(1852)
  const seconds = secondsOf({ year, month, day, hour, minute, second })
  const zone = /^[+-]?\d{1,2}$/.test(parts.zone) ? `${parts.zone}:00` : parts.zone
  if (zone !== '') offsetAt(zone, seconds)
  return { wall: { seconds, nanos }, zone: zone === '' ? null : zone }
}
