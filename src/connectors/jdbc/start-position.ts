import type { OffsetMap, SourceOffset } from '../../data/record.ts'
import { markedValues } from './configured-start.ts'
import { type Position, offsetOf, positionOf, shortest, UNSET } from './source-offset.ts'
import { type Mode, modeUsesId, modeUsesTimestamp, type SourceSettings } from './source-settings.ts'
import { instantOf } from './time-text.ts'
import type { Timestamp } from './timestamp.ts'

/** Where a table is read from when its task starts. */
export interface Start {
  readonly position: Position
  /** To be stored before the first row is read, so that a crash finds the same place again; null: nothing new. */
  readonly store: SourceOffset | null
  readonly why: 'first' | 'resumed' | 'adopted' | 'moved'
}

/**
 * The stored offset, unless another start was configured since: every offset names the start that was configured when it was stored.
 * An offset that names none comes from elsewhere (a JVM worker, an operator) and is adopted as it is. `now` asks the database for its
 * present, as an instant.
 */
export async function startOf(
  stored: OffsetMap | null,
  mode: Mode,
  settings: SourceSettings,
  now: () => Promise<Timestamp>
): Promise<Start> {
  if (mode === 'bulk') return { position: UNSET, store: null, why: 'first' }
  const position = positionOf(stored)
  const { startMark } = settings
  if (stored === null || position === UNSET) {
    const first = await configuredPosition(mode, settings, now)
    // What now means must not be asked twice: rows that come while nothing runs would be passed over (I6).
    const store = settings.initialTimestamp === 'now' ? marked(first, startMark) : null
    return { position: first, store, why: 'first' }
  }
  const mark = stored['start']
  if (mark === startMark) return { position, store: null, why: 'resumed' }
  if (typeof mark === 'string' && movedFrom(mark, mode, settings)) {
    const wanted = await configuredPosition(mode, settings, now)
    return { position: wanted, store: marked(wanted, startMark), why: 'moved' }
  }
  return { position, store: Object.freeze({ ...stored, start: startMark }), why: 'adopted' }
}

function marked({ timestamp, id }: Position, startMark: string): SourceOffset | null {
  return offsetOf(timestamp, id, startMark)
}

async function configuredPosition(
  mode: Mode,
  { initialTimestamp, initialId, values }: SourceSettings,
  now: () => Promise<Timestamp>
): Promise<Position> {
  const id = modeUsesId(mode) && initialId !== null ? shortest(initialId) : null
  if (!modeUsesTimestamp(mode) || initialTimestamp === null) {
    return id === null ? UNSET : { timestamp: null, reading: null, id }
  }
  if (initialTimestamp === 'now') return { timestamp: await now(), reading: null, id: null }
  const timestamp = instantOf(initialTimestamp, values.timeZone)
  return { timestamp, reading: null, id }
}

/** Whether a value that decides in this mode differs from the one named. A value that was taken away decides nothing. */
function movedFrom(
  mark: string,
  mode: Mode,
  { initialTimestamp, startMark }: SourceSettings
): boolean {
  const before = markedValues(mark)
  const today = markedValues(startMark)
  return decidingKeys(mode, initialTimestamp !== null).some((key) => {
    const value = today.get(key)
    return value !== undefined && value !== before.get(key)
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
