import type { SourceOffset } from '../../../data/record.ts'
import type { RowCursor } from './cursor-value.ts'
import type { Row } from '../database.ts'
import type { Emit, RowProgress } from './row-progress.ts'
import { offsetOf, type Position } from '../offsets/source-offset.ts'
import { compareTimestamps, type Timestamp } from '../values/timestamp.ts'

/** Rows of one moment kept back before the moment is read anew by a query of its own. */
const MOST_KEPT_ROWS = 20_000

/**
 * Mode timestamp, where rows are told apart by time alone. Several rows may carry the same moment; it may be stored as an
 * offset only with the last of them, or those behind would be passed over after a crash (I1). So one row is held back until
 * the next one shows whether its moment is complete: T1, T1, T2, T2, T3 from T0 → T0, T1, T1, T2, T3.
 */
export class TimestampGroups implements RowProgress {
  readonly #cursor: RowCursor
  readonly #start: string | null
  #offset: SourceOffset | null
  #held: { readonly row: Row; readonly at: Position } | null = null
  position: Position
  canPause = true
  readonly full = false

  /** From a position behind everything that has been emitted. `start`: what every offset says of the configured start. */
  constructor(cursor: RowCursor, position: Position, start: string | null) {
    this.#cursor = cursor
    this.#start = start
    this.position = { ...position, id: null }
    this.#offset = offsetOf(position.timestamp, null, start)
  }

  add(rows: readonly Row[], emit: Emit): void {
    const cursor = this.#cursor
    for (const row of rows) {
      cursor.read(row)
      const at = this.#held?.at
      if (at?.reading?.ms === cursor.readingMs && at.reading.nanos === cursor.nanos) {
        this.#emitHeld(emit, false)
        this.#held = { row, at }
      } else {
        this.#emitHeld(emit, true)
        this.#held = {
          row,
          at: { timestamp: cursor.timestamp, reading: cursor.reading, id: null }
        }
      }
    }
  }

  end(emit: Emit): null {
    this.#emitHeld(emit, true)
    return null
  }

  #emitHeld(emit: Emit, complete: boolean): void {
    if (this.#held === null) return
    const { row, at } = this.#held
    this.#held = null
    if (complete) {
      this.position = at
      this.#offset = offsetOf(at.timestamp, null, this.#start)
    }
    this.canPause = complete
    emit(row, this.#offset)
  }
}

/**
 * Mode timestamp with a suffix such as LIMIT, which may tear the last moment of a result apart: its rows are not emitted
 * but left to a query of that moment alone.
 */
export class LimitedTimestampGroups implements RowProgress {
  readonly #cursor: RowCursor
  readonly #groups: TimestampGroups
  #kept: Row[] = []
  #keptAt: Timestamp | null = null

  constructor(cursor: RowCursor, position: Position, start: string | null) {
    this.#cursor = cursor
    this.#groups = new TimestampGroups(cursor, position, start)
  }

  get position(): Position {
    return this.#groups.position
  }

  get canPause(): boolean {
    return this.#groups.canPause
  }

  get full(): boolean {
    return this.#kept.length >= MOST_KEPT_ROWS
  }

  add(rows: readonly Row[], emit: Emit): void {
    const complete: Row[] = []
    for (const row of rows) {
      this.#cursor.read(row)
      const { reading } = this.#cursor
      if (this.#keptAt !== null && compareTimestamps(this.#keptAt, reading) !== 0) {
        for (const kept of this.#kept) complete.push(kept)
        this.#kept = []
      }
      this.#keptAt = reading
      this.#kept.push(row)
    }
    this.#groups.add(complete, emit)
  }

  end(emit: Emit): Timestamp | null {
    this.#groups.end(emit)
    this.#kept = []
    return this.#keptAt
  }
}
