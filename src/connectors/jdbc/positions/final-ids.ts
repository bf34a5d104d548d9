import type { RowCursor } from './cursor-value.ts'
import type { Row } from '../database/database.ts'
import type { Emit, RowProgress } from './row-progress.ts'
import type { Position } from './source-offset.ts'

type Id = number | bigint

/**
 * Emits rows as long as their ids are final: up to a border, and behind it without a gap, since nothing can
 * come between two ids that follow each other. At the first other row it is `full`.
 */
export class FinalIds implements RowProgress {
  readonly #cursor: RowCursor
  readonly #rows: RowProgress
  #final: Id
  #isCut = false

  /** `rows`: what goes on those whose id is final. */
  constructor(cursor: RowCursor, rows: RowProgress, final: Id) {
    this.#cursor = cursor
    this.#rows = rows
    this.#final = final
  }

  get position(): Position {
    return this.#rows.position
  }

  get canPause(): boolean {
    return this.#rows.canPause
  }

  get full(): boolean {
    return this.#isCut || this.#rows.full
  }

  add(rows: readonly Row[], emit: Emit): void {
    const last = rows.at(-1)
    if (last === undefined || this.#isCut) return
    if (this.#read(last) <= this.#final) return this.#rows.add(rows, emit)
    const end = rows.findIndex((row) => {
      const id = this.#read(row)
      if (id > this.#final && BigInt(id) !== BigInt(this.#final) + 1n) return true
      if (id > this.#final) this.#final = id
      return false
    })
    this.#isCut = end >= 0
    this.#rows.add(this.#isCut ? rows.slice(0, end) : rows, emit)
  }

  end(emit: Emit): Position | null {
    return this.#rows.end(emit)
  }

  #read(row: Row): Id {
    this.#cursor.read(row)
    return this.#cursor.id ?? 0
  }
}
