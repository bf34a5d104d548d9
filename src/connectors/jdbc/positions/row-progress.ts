import type { SourceOffset } from '../../../data/record.ts'
import type { RowCursor } from './cursor-value.ts'
import type { Row } from '../database/database.ts'
import { offsetOf, type Position } from './source-offset.ts'

/** Takes a row whose turn it is, with the offset its record carries. */
export type Emit = (row: Row, offset: SourceOffset | null) => void

/** Decides, mode by mode, which offset goes on which row, and where to go on after those handed out. */
export interface RowProgress {
  /** Rows in the order of the result. Some may be kept back until the next call. */
  add(rows: readonly Row[], emit: Emit): void
  /**
   * There are no more rows: emits those kept back. Answers a position whose rows have to be read by a query
   * of their own, null when everything is complete.
   */
  end(emit: Emit): Position | null
  /** Behind the rows emitted so far. */
  readonly position: Position
  /** Whether reading from `position` would bring no row a second time. */
  readonly canPause: boolean
  /** Whether so much is kept back that the query should be ended now. */
  readonly full: boolean
}

/** Mode bulk: no positions. */
export class BulkProgress implements RowProgress {
  readonly position: Position
  readonly canPause = false
  readonly full = false

  constructor(position: Position) {
    this.position = position
  }

  add(rows: readonly Row[], emit: Emit): void {
    for (const row of rows) emit(row, null)
  }

  end(): null {
    return null
  }
}

/** An id tells every row apart: each carries its own position. */
export class IdProgress implements RowProgress {
  readonly #cursor: RowCursor
  readonly #start: string | null
  position: Position
  readonly canPause = true
  readonly full = false

  /** `start`: what every offset says of the configured start. */
  constructor(cursor: RowCursor, position: Position, start: string | null) {
    this.#cursor = cursor
    this.position = position
    this.#start = start
  }

  add(rows: readonly Row[], emit: Emit): void {
    const cursor = this.#cursor
    const start = this.#start
    const last = rows.length - 1
    for (const [index, row] of rows.entries()) {
      cursor.read(row)
      emit(row, offsetOf(cursor.timestamp, cursor.id, start))
      if (index === last) this.position = cursor.position
    }
  }

  end(): null {
    return null
  }
}
