import { CUTOVER_YEAR, firstOfMonth, type System, weekdayUpTo } from './java-calendar.ts'
import { FIRST_GREGORIAN_DAY, modulo, MS_PER_DAY } from '../../data/calendar.ts'

export type ParsedField =
  | 'era'
  | 'year'
  | 'month'
  | 'weekOfYear'
  | 'weekOfMonth'
  | 'day'
  | 'dayOfYear'
  | 'weekday'
  | 'weekdayInMonth'
  | 'amPm'
  | 'hour12'
  | 'hour24'
  | 'minute'
  | 'second'
  | 'millisecond'
  | 'zoneOffset'
  | 'weekYear'

const SUNDAY = 1

/** How the day is found: within a month, or within the year. */
type Way = 'day' | 'weekOfMonth' | 'weekdayInMonth' | 'dayOfYear' | 'weekOfYear'

/**
 * Fields in the order they were read, and the moment they mean in Java's lenient calendar: numbers out of
 * range carry over (`month` counts from 0), missing fields are those of 1970-01-01T00:00Z, and of
 * contradicting fields those read last win.
 */
export class LenientCalendar {
  readonly #values = new Map<ParsedField, number>()
  readonly #read = new Map<ParsedField, number>()
  #count = 0

  set(field: ParsedField, value: number): void {
    this.#values.set(field, value)
    this.#read.set(field, ++this.#count)
  }

  /** Milliseconds since 1970-01-01T00:00Z. `addYears` corrects years given with two digits. */
  time(addYears = 0): number {
    const time = this.#timeOfDay()
    const days = this.#days(addYears, Math.floor(time / MS_PER_DAY))
    return days * MS_PER_DAY + modulo(time, MS_PER_DAY) - this.#value('zoneOffset')
  }

  #value(field: ParsedField, otherwise = 0): number {
    return this.#values.get(field) ?? otherwise
  }

  /** When a field was read; 0: not at all. With several, when the last of them was, if all were. */
  #stamp(...fields: ParsedField[]): number {
    const stamps = fields.map((field) => this.#read.get(field) ?? 0)
    return stamps.includes(0) ? 0 : Math.max(...stamps)
  }

  #timeOfDay(): number {
    const twelve = this.#stamp('hour12', 'amPm')
    const whole = this.#stamp('hour24')
    const best = Math.max(twelve, whole) || Math.max(this.#stamp('hour12'), this.#stamp('amPm'))
    const hours =
      best > 0 && best === whole
        ? this.#value('hour24')
        : this.#value('hour12') + 12 * this.#value('amPm')
    const minutes = hours * 60 + this.#value('minute')
    return (minutes * 60 + this.#value('second')) * 1000 + this.#value('millisecond')
  }

  /** `more`: days the time of day carries over. */
  #days(addYears: number, more: number): number {
    const weekYear = this.#stamp('weekYear')
    if (weekYear > this.#stamp('year')) return this.#dayOfWeekYear(addYears) + more
    const given = this.#value('year', 1970) + (this.#values.has('year') ? addYears : 0)
    const year = this.#values.get('era') === 0 ? 1 - given : given
    const way = this.#way()
    const day = (system: System): number => more + this.#dayIn(system, year, way)
    if (year < CUTOVER_YEAR) return day('julian')
    const gregorian = day('gregorian')
    if (year > CUTOVER_YEAR && gregorian >= FIRST_GREGORIAN_DAY) return gregorian
    const inYear = way === 'dayOfYear' || way === 'weekOfYear'
    return inYear || gregorian < FIRST_GREGORIAN_DAY ? day('julian') : gregorian
  }

  #dayOfWeekYear(addYears: number): number {
    const year = this.#value('weekYear') + addYears
    const given = this.#value('weekday', SUNDAY)
    const shift = Math.floor((given - 1) / 7)
    const week = this.#value('weekOfYear', 1) + shift
    // Java counts a day out of range from Monday, one within from Sunday.
    const dayOfWeek = shift === 0 ? given : ((modulo(given - 1, 7) + 1) % 7) + 1
    const first = firstOfMonth(year > CUTOVER_YEAR ? 'gregorian' : 'julian', year, 0)
    return weekdayUpTo(first, SUNDAY) + 7 * (week - 1) + dayOfWeek - 1
  }

  /** The group of fields that was completed last. A month alone, or nothing, means a day of the month. */
  #way(): Way {
    const week = this.#stamp('weekOfYear')
    const stamps: Record<Way, number> = {
      day: this.#stamp('day'),
      weekOfMonth: this.#stamp('weekOfMonth', 'weekday'),
      weekdayInMonth: this.#stamp('weekdayInMonth', 'weekday'),
      dayOfYear: this.#stamp('dayOfYear'),
      weekOfYear: this.#stamp('weekOfYear', 'weekday')
    }
    let best = Math.max(...Object.values(stamps))
    if (best === 0) {
      stamps.weekOfMonth = this.#stamp('weekOfMonth')
      stamps.weekdayInMonth = Math.max(this.#stamp('weekdayInMonth'), this.#stamp('weekday'))
      stamps.weekOfYear = week
      best = Math.max(stamps.weekOfMonth, stamps.weekdayInMonth, stamps.weekOfYear)
    }
    if (best === stamps.day) return 'day'
    const [ofMonth, inMonth] = [this.#stamp('weekOfMonth'), this.#stamp('weekdayInMonth')]
    const monthly =
      (best === stamps.weekOfMonth && ofMonth >= week) ||
      (best === stamps.weekdayInMonth && inMonth >= week)
    if (!monthly) return best === stamps.dayOfYear ? 'dayOfYear' : 'weekOfYear'
    if (stamps.weekOfMonth === stamps.weekdayInMonth) {
      return ofMonth >= inMonth ? 'weekOfMonth' : 'weekdayInMonth'
    }
    return best === stamps.weekOfMonth ? 'weekOfMonth' : 'weekdayInMonth'
  }

  #dayIn(system: System, year: number, way: Way): number {
    const dayOfWeek = this.#value('weekday', SUNDAY)
    if (way === 'dayOfYear') {
      return firstOfMonth(system, year, 0) + this.#value('dayOfYear') - 1
    }
    if (way === 'weekOfYear') {
      const start = weekdayUpTo(firstOfMonth(system, year, 0), SUNDAY)
      return start + dayOfWeek - SUNDAY + 7 * (this.#value('weekOfYear') - 1)
    }
    const month = this.#value('month')
    const first = firstOfMonth(system, year, month)
    if (way === 'day') return first + this.#value('day', 1) - 1
    if (way === 'weekOfMonth') {
      const start = weekdayUpTo(first, SUNDAY)
      // Java looks for the day of the week from the start of the first week on.
      return weekdayUpTo(start + 6, dayOfWeek) + 7 * (this.#value('weekOfMonth') - 1)
    }
    const count = this.#value('weekdayInMonth', 1)
    if (count >= 0) return weekdayUpTo(first + 7 * count - 1, dayOfWeek)
    const length = firstOfMonth(system, year, month + 1) - first
    return weekdayUpTo(first + length + 7 * (count + 1) - 1, dayOfWeek)
  }
}
