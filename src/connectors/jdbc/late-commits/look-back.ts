import type { SourceOffset } from '../../../data/record.ts'
import type { RowCursor } from '../reading/cursor-value.ts'
import type { Row } from '../database.ts'
import type { LateCommitGuard } from './late-commit-guard.ts'
import type { Emit, RowProgress } from '../reading/row-progress.ts'
import type { EmittedRow } from './seen-rows.ts'
import { offsetOf, type Position } from '../offsets/source-offset.ts'
import { comparePositions } from '../offsets/source-offset.ts'

/** Says of the rows of a result where they stand and what tells them apart. */
export class RowIdentity {
  readonly #cursor: RowCursor
  readonly #hasId: boolean

  constructor(cursor: RowCursor, hasId: boolean) {
    this.#cursor = cursor
    this.#hasId = hasId
  }

  of(row: Row): EmittedRow {
    this.#cursor.read(row)
    const { timestamp, id } = this.#cursor
    const at: Position = { timestamp, reading: null, id: this.#hasId ? id : null }
    // Everything it holds: within a step of the clock a row may change and keep key and time.
    return { at, key: () => JSON.stringify(row.map(textOf)) }
  }
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
  readonly position: Position
  readonly canPause = true
  readonly full = false

  constructor(
    identity: RowIdentity,
    guard: LateCommitGuard,
    range: { readonly from: Position; readonly position: Position; readonly start: string | null }
  ) {
    this.#identity = identity
    this.#guard = guard
    this.#from = range.from
    this.position = range.position
    this.#offset = offsetOf(range.position.timestamp, range.position.id, range.start)
  }

  add(rows: readonly Row[], emit: Emit): void {
    for (const row of rows) {
      const emitted = this.#identity.of(row)
      // What stands behind the position is read by the next query.
      if (comparePositions(emitted.at, this.#from) <= 0) continue
      if (comparePositions(emitted.at, this.position) > 0) continue
      if (!this.#guard.isSeen(emitted)) emit(row, this.#offset)
    }
    const last = rows.at(-1)
    if (last !== undefined) this.#guard.lookedUpTo(this.#identity.of(last).at)
  }

  end(): null {
    return null
  }
}
