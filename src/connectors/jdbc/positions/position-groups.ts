import type { SourceOffset } from '../../../data/record.ts'
import type { RowCursor } from './cursor-value.ts'
import type { Row } from '../database/database.ts'
import type { Emit, RowProgress } from './row-progress.ts'
import { offsetOf, type Position } from './source-offset.ts'

/** Rows of one position kept back before the position is read anew by a query of its own. */
const MOST_KEPT_ROWS = 20_000

/**
 * Several rows may stand at the same position: those of one moment where a time alone tells rows apart, or
 * those that a join makes of one id. It may be stored as an offset only with the last of them, or those
 * behind would be passed over after a crash, a pause or a lost session (I1). So one row is held back until
 * the next one shows whether its position is complete: 1, 1, 2, 2, 3 from 0 → 0, 1, 1, 2, 3.
 */
export class PositionGroups implements RowProgress {
  readonly #cursor: RowCursor
  readonly #start: string | null
  #offset: SourceOffset | null
  #held: { readonly row: Row; readonly at: Position } | null = null
  position: Position
  canPause = true
  readonly full = false

  /**
   * From a position behind everything that has been emitted. `start`: what every offset says of the
   * configured start.
   */
  constructor(cursor: RowCursor, position: Position, start: string | null) {
    this.#cursor = cursor
    this.#start = start
    this.position = position
    this.#offset = offsetOf(position.timestamp, position.id, start)
  }

  add(rows: readonly Row[], emit: Emit): void {
    for (const row of rows) {
      this.#cursor.read(row)
      const at = this.#held?.at
      if (at !== undefined && this.#cursor.isAt(at)) {
        this.#emitHeld(emit, false)
        this.#held = { row, at }
      } else {
        this.#emitHeld(emit, true)
        this.#held = { row, at: this.#cursor.position }
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
      this.#offset = offsetOf(at.timestamp, at.id, this.#start)
    }
    this.canPause = complete
    emit(row, this.#offset)
  }
}

/**
 * The same with a suffix such as LIMIT, which may tear the last position of a result apart: its rows are not
 * emitted but left to a query of that position alone.
 */
export class LimitedPositionGroups implements RowProgress {
  readonly #cursor: RowCursor
  readonly #groups: PositionGroups
  #kept: Row[] = []
  #keptAt: Position | null = null

  constructor(cursor: RowCursor, position: Position, start: string | null) {
    this.#cursor = cursor
    this.#groups = new PositionGroups(cursor, position, start)
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
      if (this.#keptAt === null || !this.#cursor.isAt(this.#keptAt)) {
        for (const kept of this.#kept) complete.push(kept)
        this.#kept = []
        this.#keptAt = this.#cursor.position
      }
      this.#kept.push(row)
    }
    this.#groups.add(complete, emit)
  }

  end(emit: Emit): Position | null {
    this.#groups.end(emit)
    this.#kept = []
    return this.#keptAt
  }
}
