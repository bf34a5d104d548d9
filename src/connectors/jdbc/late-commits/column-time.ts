import type { Position } from '../positions/source-offset.ts'
import { endReading } from '../queries/table-query.ts'
import type { TableShape } from '../queries/table-shape.ts'
import type { TimeZone } from '../values/time-zone.ts'
import { type Timestamp, timestampOfMs } from '../values/timestamp.ts'

/** The database's present, as the timestamp columns of a table would show it. */
export interface ColumnTime {
  readonly instantMs: number
  /** So long ago, cut to a step of the columns that is over. */
  before(ms: number): Timestamp
  /** Before all rows that were stamped since. */
  positionBefore(ms: number): Position
}

export function columnTime(
  now: Timestamp & { readonly hasZone: boolean },
  { timestamps }: Pick<TableShape, 'timestamps'>,
  zone: TimeZone
): ColumnTime {
  const columns = timestamps.map(({ column }) => column)
  // Durations are measured in fractions of a millisecond.
  const before = (ms: number): Timestamp => endReading(now, Math.ceil(ms), columns, zone)
  return {
    instantMs: now.hasZone ? now.ms : zone.epochMsOf(now.ms),
    before,
    positionBefore(ms) {
      // What is stamped with the beginning of that step stands behind it.
      const reading = timestampOfMs(before(ms).ms - 1)
      const instantMs = columns[0]?.hasZone === true ? reading.ms : zone.epochMsOf(reading.ms)
      return { timestamp: { ms: instantMs, nanos: reading.nanos }, reading, id: null }
    }
  }
}
