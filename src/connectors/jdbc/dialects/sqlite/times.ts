import { DataError } from '../../../../errors.ts'
import { isInstantText } from '../../values/time-text.ts'
import type { TimeZone } from '../../values/time-zone.ts'
import { readTimestampText, timestampOfMs, type TimestampParts } from '../../values/timestamp.ts'

/**
 * SQL function of ours: a time in any form → the nanoseconds of the wall clock's reading, so that all forms
 * compare exactly.
 */
export const NANOS_FUNCTION = 'connect_epoch_nanos'

/**
 * A column of times may hold readings of the wall clock (text), or instants: epoch milliseconds, and texts
 * with their offset from UTC. Writes the wall clock's reading into `into`; answers the instant in
 * milliseconds when the value is one, which no zone moves. DataError for what is no time.
 */
export function readSqliteTime(raw: unknown, zone: TimeZone, into: TimestampParts): number | null {
  let instant: number | null = null
  if (typeof raw === 'string') {
    readTimestampText(raw, into)
    if (!isInstantText(raw)) return null
    instant = into.ms
  } else if (typeof raw === 'bigint' && raw > -(1n << 53n) && raw < 1n << 53n) {
    const { ms, nanos } = timestampOfMs(Number(raw))
    into.nanos = nanos
    instant = ms
  } else {
    const kind = raw instanceof Uint8Array ? `${raw.length} bytes` : `'${String(raw)}'`
    throw new DataError(
      `${kind} is not a timestamp (text such as 2024-01-31 10:20:30.123, or epoch milliseconds)`
    )
  }
  into.ms = zone.wallMsOf(instant)
  return instant
}
