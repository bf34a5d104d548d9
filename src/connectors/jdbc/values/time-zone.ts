import { ConfigError } from '../../../errors.ts'
import { type Timestamp, type TimestampParts } from './timestamp.ts'
import { modulo, MS_PER_DAY } from '../../../data/calendar.ts'

/** Java's zones begin here: before, the clocks show today's standard time, whatever people went by. */
const FIRST_KNOWN_MS = Date.UTC(1900, 0, 1)

const LONGEST_NAME = 100

/** Java's old three-letter zones, which configurations still name. */
const SHORT_IDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ACT: 'Australia/Darwin',
    AET: 'Australia/Sydney',
    AGT: 'America/Argentina/Buenos_Aires',
    ART: 'Africa/Cairo',
    AST: 'America/Anchorage',
    BET: 'America/Sao_Paulo',
    BST: 'Asia/Dhaka',
    CAT: 'Africa/Harare',
    CNT: 'America/St_Johns',
    CST: 'America/Chicago',
    CTT: 'Asia/Shanghai',
    EAT: 'Africa/Addis_Ababa',
    ECT: 'Europe/Paris',
    EST: '-05:00',
    HST: '-10:00',
    IET: 'America/Indiana/Indianapolis',
    IST: 'Asia/Kolkata',
    JST: 'Asia/Tokyo',
    MIT: 'Pacific/Apia',
    MST: '-07:00',
    NET: 'Asia/Yerevan',
    NST: 'Pacific/Auckland',
    PLT: 'Asia/Karachi',
    PNT: 'America/Phoenix',
    PRT: 'America/Puerto_Rico',
    PST: 'America/Los_Angeles',
    SST: 'Pacific/Guadalcanal',
    VST: 'Asia/Ho_Chi_Minh',
    Z: 'UTC',
    GMT: 'UTC',
    UT: 'UTC'
  })
)

/** Offsets of one UTC day: `before` until `changesAt`, `after` from then on. All in milliseconds. */
interface DayOffsets {
  readonly before: number
  readonly after: number
  readonly changesAt: number
}

/** A time zone: turns readings of its wall clock into instants and back. Daylight saving time included. */
export class TimeZone {
  readonly id: string
  /** Set when the zone never changes its offset. */
  readonly #fixedOffset: number | null
  readonly #format: Intl.DateTimeFormat | null
  readonly #days = new Map<number, DayOffsets>()
  /** Today's offset outside summer time. */
  readonly #standard: number = 0

  /** An IANA zone, `UTC`, `GMT+8`, `+08:00` or one of Java's short ids; ConfigError for anything else. */
  constructor(id: string) {
    this.id = id
    const name = SHORT_IDS.get(id) ?? id
    this.#fixedOffset = name === 'UTC' ? 0 : offsetOf(name)
    if (this.#fixedOffset !== null) {
      this.#format = null
      return
    }
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        // I8: the engine takes long over a long name before it refuses it.
        timeZone: name.length <= LONGEST_NAME ? name : 'none',
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric'
      })
    } catch (error) {
      throw new ConfigError(
        `Invalid time zone ${id}: neither a zone of the IANA database (Asia/Shanghai, UTC) nor an offset (+08:00)`,
        { cause: error }
      )
    }
    const year = new Date().getUTCFullYear()
    this.#standard = Math.min(this.#ask(Date.UTC(year, 0, 1)), this.#ask(Date.UTC(year, 6, 1)))
  }

  get isUtc(): boolean {
    return this.#fixedOffset === 0
  }

  /** Offset from UTC at an instant, in milliseconds, east positive. */
  offsetAt(epochMs: number): number {
    if (this.#fixedOffset !== null) return this.#fixedOffset
    const day = this.#day(Math.floor(epochMs / MS_PER_DAY))
    return epochMs < day.changesAt ? day.before : day.after
  }

  /**
   * The instant at which the wall clock shows `wallMs`. A reading that occurs twice (summer time ends) is the
   * later one, one that never occurs (summer time starts) is read with the offset from before, as in Java's
   * calendar.
   */
  epochMsOf(wallMs: number): number {
    if (this.#fixedOffset !== null) return wallMs - this.#fixedOffset
    // No offset exceeds a day, so these two lie on either side of any change that could matter.
    const later = wallMs - this.offsetAt(wallMs + MS_PER_DAY)
    const earlier = wallMs - this.offsetAt(wallMs - MS_PER_DAY)
    if (later === earlier) return later
    if (later + this.offsetAt(later) === wallMs) return later
    // In a gap neither offset fits; the offset from before it moves the reading past the gap.
    return earlier
  }

  wallMsOf(epochMs: number): number {
    return epochMs + this.offsetAt(epochMs)
  }

  /**
   * The highest reading of the wall clock such that no row stamped later can show a lower one. Differs from
   * the plain reading while an hour runs for the first or second time: then it is the start of that hour,
   * because rows of the second pass would sort before rows already read (I6).
   */
  settledWall(time: Timestamp): Timestamp {
    const change = this.#changeNear(time.ms)
    const repeated = change === null ? 0 : change.before - change.after
    if (
      change !== null &&
      repeated > 0 &&
      time.ms >= change.changesAt - repeated &&
      time.ms < change.changesAt + repeated
    ) {
      const start = change.changesAt + change.after
      return { ms: start, nanos: modulo(start, 1000) * 1_000_000 }
    }
    return { ms: this.wallMsOf(time.ms), nanos: time.nanos }
  }

  /**
   * The lowest reading of the wall clock that means this instant. Differs from the plain reading in the hour
   * after summer time starts, into which readings that never occur are moved: rows that carry one anyway must
   * not be passed over (I6).
   */
  earliestWallMsOf(epochMs: number): number {
    const wall = this.wallMsOf(epochMs)
    const change = this.#changeNear(epochMs)
    const skipped = change === null ? 0 : change.after - change.before
    const within =
      change !== null &&
      skipped > 0 &&
      epochMs >= change.changesAt &&
      epochMs < change.changesAt + skipped
    return within ? wall - skipped : wall
  }

  /** The change of offset less than a day away, if there is one. */
  #changeNear(epochMs: number): DayOffsets | null {
    if (this.#fixedOffset !== null) return null
    const today = Math.floor(epochMs / MS_PER_DAY)
    for (const number of [today, today - 1, today + 1]) {
      const day = this.#day(number)
      if (day.before !== day.after) return day
    }
    return null
  }

  /** Turns a reading of the wall clock into the instant, in place. */
  toInstant(parts: TimestampParts): void {
    parts.ms = this.epochMsOf(parts.ms)
  }

  #day(number: number): DayOffsets {
    let day = this.#days.get(number)
    if (day === undefined) {
      day = this.#compute(number * MS_PER_DAY)
      // Bounded: a table seldom spans more days than this between two looks at the same one.
      if (this.#days.size >= 20_000) this.#days.clear()
      this.#days.set(number, day)
    }
    return day
  }

  #compute(start: number): DayOffsets {
    const before = this.#ask(start)
    const after = this.#ask(start + MS_PER_DAY)
    if (before === after) return { before, after, changesAt: start + MS_PER_DAY }
    let low = start
    let high = start + MS_PER_DAY
    while (high - low > 1000) {
      const middle = low + Math.floor((high - low) / 2000) * 1000
      if (this.#ask(middle) === before) low = middle
      else high = middle
    }
    return { before, after, changesAt: high }
  }

  #ask(epochMs: number): number {
    if (epochMs < FIRST_KNOWN_MS) return this.#standard
    const part = new Map<string, string>(
      this.#format?.formatToParts(epochMs).map(({ type, value }) => [type, value])
    )
    const number = (type: string): number => Number(part.get(type))
    const year = part.get('era') === 'BC' ? 1 - number('year') : number('year')
    const wall = new Date(0)
    wall.setUTCFullYear(year, number('month') - 1, number('day'))
    wall.setUTCHours(number('hour'), number('minute'), number('second'))
    return wall.getTime() - Math.floor(epochMs / 1000) * 1000
  }
}

/** `+08:00`, `GMT+8`, `UTC-0330` → milliseconds; null when it is no offset. */
function offsetOf(name: string): number | null {
  const match = /^(?:GMT|UTC|UT)?([+-])(\d{1,2})(?::?(\d\d))?$/.exec(name)
  if (match === null) return null
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0)
  if (minutes > 18 * 60) return null
  return (match[1] === '-' ? -minutes : minutes) * 60_000
}
