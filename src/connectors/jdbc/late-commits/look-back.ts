import type { SourceOffset } from '../../../data/record.ts'
import type { RowCursor } from '../positions/cursor-value.ts'
import type { Column, Row } from '../database/database.ts'
import type { LateCommitGuard } from './late-commit-guard.ts'
import type { Emit, RowProgress } from '../positions/row-progress.ts'
import type { EmittedRow } from './seen-rows.ts'
import type { TableShape } from '../queries/table-shape.ts'
import { comparePositions, offsetOf, type Position } from '../positions/source-offset.ts'

/** Says of the rows of a result where they stand and what tells them apart. */
export class RowIdentity {
  readonly #cursor: RowCursor
  readonly #hasId: boolean
  readonly #places: readonly number[] | null

  /**
   * `places` of the values that tell rows apart; null: all of them, for within a step of the clock a row may
   * change and keep key and time.
   */
  constructor(cursor: RowCursor, hasId: boolean, places: readonly number[] | null) {
    this.#cursor = cursor
    this.#hasId = hasId
    this.#places = places
  }

  of(row: Row): EmittedRow {
    this.#cursor.read(row)
    const { timestamp, id } = this.#cursor
    const at: Position = { timestamp, reading: null, id: this.#hasId ? id : null }
    const places = this.#places
    const values = places === null ? row : places.map((place) => row[place])
    return { at, key: () => JSON.stringify(values.map(textOf)) }
  }
}

/**
 * Of a query its key columns and cursor tell rows apart, if it has such: other columns may differ at each
 * reading. `rowsDiffer`: they do; then the cursor does, where there is an id in it.
 */
export function rowIdentity(
  columns: readonly Column[],
  cursor: RowCursor,
  { names, id, recordKey }: TableShape,
  { isQuery, rowsDiffer }: { readonly isQuery: boolean; readonly rowsDiffer: boolean }
): RowIdentity {
  const hasId = id !== null
  const key = isQuery ? recordKey : null
  if (key === null && !(rowsDiffer && hasId)) return new RowIdentity(cursor, hasId, null)
  const wanted = [...(key ?? []), ...names.timestamps, ...(names.id === null ? [] : [names.id])]
  const places = wanted.map((name) => columns.findIndex((column) => column.name === name))
  return new RowIdentity(cursor, hasId, places)
}

function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return typeof value === 'string' ? value : `${typeof value}:${String(value)}`
}

/** Rows read again: those that were not emitted yet go out, under the offset of the position. */
export class LookBackProgress implements RowProgress {
  readonly #identity: RowIdentity
  readonly #guard: LateCommitGuard
  readonly #from: Position
  readonly #offset: SourceOffset | null
  /** Where the last row stood, and the last position all of whose rows were looked at. */
  #at: Position | null = null
  #complete: Position | null = null
  #known = 0
  #unknown = 0
  /** Rows of one place in the order that were not emitted yet; they go out together. */
  #held: { readonly at: Position; readonly rows: Row[] } | null = null
  readonly position: Position
  readonly canPause = true
  readonly full = false

  constructor(
    identity: RowIdentity,
    guard: LateCommitGuard,
    range: { readonly from: Position; readonly upTo: Position; readonly start: string | null }
  ) {
    this.#identity = identity
    this.#guard = guard
    this.#from = range.from
    this.position = range.upTo
    this.#offset = offsetOf(range.upTo.timestamp, range.upTo.id, range.start)
  }

  add(rows: readonly Row[], emit: Emit): void {
    for (const row of rows) {
      const emitted = this.#identity.of(row)
      if (this.#at !== null && comparePositions(emitted.at, this.#at) !== 0)
        this.#complete = this.#at
      this.#at = emitted.at
      // What stands behind the position is read by the next query.
      if (comparePositions(emitted.at, this.#from) <= 0) continue
      if (comparePositions(emitted.at, this.position) > 0) continue
      if (this.#held !== null && comparePositions(this.#held.at, emitted.at) !== 0)
        this.#emitHeld(emit)
      if (this.#guard.isSeen(emitted)) {
        this.#known += 1
        continue
      }
      this.#unknown += 1
      if (this.#held === null) this.#held = { at: emitted.at, rows: [row] }
      else this.#held.rows.push(row)
    }
    // Further rows of the last position may be in the next batch.
    if (this.#complete !== null) this.#guard.lookedUpTo(this.#complete)
  }

  end(emit: Emit): null {
    this.#emitHeld(emit)
    this.#guard.lookedBack(this.#known, this.#unknown)
    return null
  }

  // I1, I6: an id alone does not tell such rows apart: none may be stored as sent before the last of them.
  #emitHeld(emit: Emit): void {
    const rows = this.#held?.rows ?? []
    this.#held = null
    for (const [index, row] of rows.entries()) {
      emit(row, index === rows.length - 1 ? this.#offset : null)
    }
  }
}
