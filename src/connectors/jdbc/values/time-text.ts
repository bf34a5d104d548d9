import { ConfigError } from '../../../errors.ts'
import type { TimeZone } from './time-zone.ts'
import {
  readTimestampText,
  type Timestamp,
  timestampOfMs,
  type TimestampParts
} from './timestamp.ts'
import { MS_PER_DAY } from '../../../data/calendar.ts'

const WITH_OFFSET = /:\d\d(?:\.\d+)?\s*(?:Z|[+-]\d\d(?::?\d\d){0,2})$/

/** Whether the text of a time says its offset from UTC. */
export function isInstantText(text: string): boolean {
  return WITH_OFFSET.test(text.trim().toUpperCase())
}

/** A time as a person writes it: an instant, or the reading of a wall clock when it says no offset. */
export interface WrittenTime {
  readonly time: Timestamp
  readonly isInstant: boolean
  /** As it was written. */
  readonly text: string
}

/**
 * Furthest moment, before and after 1970, that a time zone can be asked about; a day less, so that any zone
 * fits.
 */
const FURTHEST_MS = 8_640_000_000_000_000 - MS_PER_DAY

/** `2026-11-01T08:00:00.123456789+08:00`, `2026-11-01 08:00`, `2026-11-01`. ConfigError for anything else. */
export function readWrittenTime(text: string): WrittenTime {
  const upper = text.trim().toUpperCase()
  const parts: TimestampParts = { ms: 0, nanos: 0 }
  try {
    readTimestampText(upper, parts)
  } catch {
    throw new ConfigError(
      `'${text}' is not a time: write an instant (2026-11-01T08:00:00+08:00) or a local time (2026-11-01T08:00:00)`
    )
  }
  requireCalendar(parts.ms)
  return { time: parts, isInstant: isInstantText(upper), text: text.trim() }
}

/** Epoch milliseconds as a written time. ConfigError when no calendar knows them. */
export function instantOfMs(ms: number): WrittenTime {
  requireCalendar(ms)
  return { time: timestampOfMs(ms), isInstant: true, text: String(ms) }
}

/** ConfigError for milliseconds from 1970 beyond the years that time zones are known for. */
export function requireCalendar(ms: number): void {
  if (Math.abs(ms) <= FURTHEST_MS) return
  throw new ConfigError(`${ms} ms from 1970 is no time that a calendar knows`)
}

/**
 * The instant of a written time; a local one is read in `zone` (`db.timezone`). Of a reading that occurs
 * twice it is the earlier one, so that a start set to it passes over nothing (I6). ConfigError for a reading
 * that the clocks skip.
 */
export function instantOf({ time, isInstant, text }: WrittenTime, zone: TimeZone): Timestamp {
  if (isInstant) return time
  const usual = zone.epochMsOf(time.ms)
  if (zone.wallMsOf(usual) !== time.ms) {
    throw new ConfigError(
      `The local time ${text} does not exist in ${zone.id} (db.timezone): the clocks go forward over it. Take another one, or write it with its offset from UTC`
    )
  }
  const earlier = time.ms - zone.offsetAt(usual - MS_PER_DAY)
  const ms = earlier < usual && zone.wallMsOf(earlier) === time.ms ? earlier : usual
  return { ms, nanos: time.nanos }
}
