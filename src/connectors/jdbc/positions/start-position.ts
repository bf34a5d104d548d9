import type { OffsetMap, SourceOffset } from '../../../data/record.ts'
import type { Connection } from '../database/database.ts'
import { markedValues, NO_START } from '../settings/configured-start.ts'
import { type Position, offsetOf, positionOf, UNSET } from './source-offset.ts'
import type { TableSettings } from '../settings/table-settings.ts'
import { type Mode, modeUsesId, modeUsesTimestamp } from '../database/mode.ts'
import { instantOf } from '../values/time-text.ts'
import type { TimeZone } from '../values/time-zone.ts'
import type { Timestamp } from '../values/timestamp.ts'
import { int64 } from '../../../data/values.ts'

/** Where a table is read from when its task starts. */
export interface Start {
  readonly position: Position
  /**
   * To be stored before the first row is read, so that a crash finds the same place again; null: nothing new.
   */
  readonly store: SourceOffset | null
  readonly why: 'first' | 'resumed' | 'adopted' | 'moved'
  /** The start that offsets of this table name from now on; null: none. */
  readonly mark: string | null
}

/**
 * The stored offset, unless another start was configured since: an offset names the start that was configured
 * when it was stored. An offset that names none (nothing was configured, a JVM worker or an operator wrote
 * it) is adopted as it is. `now` asks the database for its present, as an instant.
 */
export async function startOf(
  stored: OffsetMap | null,
  mode: Mode,
  settings: TableSettings,
  now: () => Promise<Timestamp>
): Promise<Start> {
  const { startMark } = settings
  if (mode === 'bulk') return { position: UNSET, store: null, why: 'first', mark: null }
  const position = positionOf(stored)
  // Told to begin with the first row, whatever start is configured.
  if (stored?.['start'] === startMark && startMark !== null && position === UNSET) {
    return { position, store: null, why: 'resumed', mark: startMark }
  }
  if (stored === null || position === UNSET) {
    const first = await configuredPosition(mode, settings, now)
    // What now means must not be asked twice: rows that come while nothing runs would be passed over (I6).
    const store =
      settings.initialTimestamp === 'now' ? offsetOf(first.timestamp, first.id, startMark) : null
    return { position: first, store, why: 'first', mark: startMark }
  }
  const before = stored['start']
  if (typeof before !== 'string') {
    if (startMark === null) return { position, store: null, why: 'resumed', mark: null }
    return adopted(stored, position, startMark)
  }
  // A table that was started from somewhere goes on saying so: a start given later is noticed.
  const mark = startMark ?? NO_START
  if (before === mark) return { position, store: null, why: 'resumed', mark }
  if (!movedFrom(before, mark, mode, settings)) return adopted(stored, position, mark)
  const wanted = await configuredPosition(mode, settings, now)
  return {
    position: wanted,
    store: offsetOf(wanted.timestamp, wanted.id, mark),
    why: 'moved',
    mark
  }
}

/** The database's present, as an instant. */
export async function presentOf(connection: Connection, zone: TimeZone): Promise<Timestamp> {
  const now = await connection.now()
  return { ms: now.hasZone ? now.ms : zone.epochMsOf(now.ms), nanos: now.nanos }
}

function adopted(stored: OffsetMap, position: Position, mark: string): Start {
  return { position, store: Object.freeze({ ...stored, start: mark }), why: 'adopted', mark }
}

async function configuredPosition(
  mode: Mode,
  { initialTimestamp, initialId, values }: TableSettings,
  now: () => Promise<Timestamp>
): Promise<Position> {
  const id = modeUsesId(mode) && initialId !== null ? int64(initialId) : null
  if (!modeUsesTimestamp(mode) || initialTimestamp === null) {
    return id === null ? UNSET : { timestamp: null, reading: null, id }
  }
  if (initialTimestamp === 'now') return { timestamp: await now(), reading: null, id: null }
  const timestamp = instantOf(initialTimestamp, values.timeZone)
  return { timestamp, reading: null, id }
}

/**
 * Whether a value that decides in this mode differs from the one named. A value that was taken away decides
 * nothing.
 */
function movedFrom(
  before: string,
  mark: string,
  mode: Mode,
  { initialTimestamp }: TableSettings
): boolean {
  const then = markedValues(before)
  const today = markedValues(mark)
  return decidingKeys(mode, initialTimestamp !== null).some((key) => {
    const value = today.get(key)
    return value !== undefined && value !== then.get(key)
  })
}

function decidingKeys(mode: Mode, hasTimestamp: boolean): readonly string[] {
  switch (mode) {
    case 'bulk':
      return []
    case 'timestamp':
      return ['timestamp.initial']
    case 'incrementing':
      return ['incrementing.initial']
    case 'timestamp+incrementing':
      // Rows are in the order of time: an id alone is no place among them.
      return hasTimestamp ? ['timestamp.initial', 'incrementing.initial'] : []
  }
}
