import { instantOfMs, readWrittenTime, type WrittenTime } from '../values/time-text.ts'
import { timestampText } from '../values/timestamp.ts'

/** `timestamp.initial` (or `timestamp.initial.ms`) and `incrementing.initial` as configured. */
export interface ConfiguredStart {
  /** Rows changed later are read; `now`: the database's present; null: from the first row. */
  readonly initialTimestamp: WrittenTime | 'now' | null
  /** Exclusive; null: from the first row. */
  readonly initialId: bigint | null
}

/**
 * Epoch milliseconds, -1 for now, or a time as text; null when there is none. ConfigError for anything else.
 */
export function parseInitialTimestamp(text: string | null): WrittenTime | 'now' | null {
  const written = text?.trim() ?? ''
  if (written === '') return null
  if (!/^[+-]?\d+$/.test(written)) return readWrittenTime(written)
  return Number(written) === -1 ? 'now' : instantOfMs(Number(written))
}

/** Stands in offsets that once named a start, while none is configured. */
export const NO_START = 'unset'

/**
 * Names a start in stored offsets: the same for the same start, in whatever spelling, and whatever
 * `db.timezone` is. null: none is configured, and offsets have nothing beside the JVM connector's fields.
 */
export function startMarkOf({ initialTimestamp, initialId }: ConfiguredStart): string | null {
  const parts: string[] = []
  if (initialTimestamp !== null) parts.push(`timestamp.initial=${timeMark(initialTimestamp)}`)
  if (initialId !== null) parts.push(`incrementing.initial=${initialId}`)
  return parts.length === 0 ? null : parts.join(',')
}

function timeMark(initial: WrittenTime | 'now'): string {
  if (initial === 'now') return 'now'
  const { time, isInstant } = initial
  return `${timestampText(time, time.nanos === 0 ? 0 : 9, 'T')}${isInstant ? 'Z' : ''}`
}

/** The values of a mark by their keys. */
export function markedValues(mark: string): ReadonlyMap<string, string> {
  return new Map(
    mark.split(',').map((part) => {
      const at = Math.max(part.indexOf('='), 0)
      return [part.slice(0, at), part.slice(at + 1)] as const
    })
  )
}
