import type { RowCursor } from './cursor-value.ts'
import type { Row } from '../database.ts'
import type { Emit, IdProgress, RowProgress } from './row-progress.ts'
import type { Position } from '../offsets/source-offset.ts'

type Id = number | bigint

/**
 * Emits rows as long as their ids are final: up to a border, and behind it without a gap, since nothing can come between two ids that
 * follow each other. At the first other row it is `full`.
 */
export class FinalIds implements RowProgress {
  readonly #cursor: RowCursor
  readonly #ids: IdProgress
  #final: Id
  readonly canPause = true
  full = false

  constructor(cursor: RowCursor, ids: IdProgress, final: Id) {
    this.#cursor = cursor
    this.#ids = ids
    this.#final = final
  }

  get position(): Position {
    return this.#ids.position
  }

  add(rows: readonly Row[], emit: Emit): void {
    const last = rows.at(-1)
    if (last === undefined || this.full) return
    if (this.#read(last) <= this.#final) return this.#ids.add(rows, emit)
    const end = rows.findIndex((row) => {
      const id = this.#read(row)
      if (id > this.#final && BigInt(id) !== BigInt(this.#final) + 1n) return true
      if (id > this.#final) this.#final = id
      return false
    })
    this.full = end >= 0
    this.#ids.add(this.full ? rows.slice(0, end) : rows, emit)
  }

  end(): null {
    return null
  }

  #read(row: Row): Id {
    this.#cursor.read(row)
    return this.#cursor.id ?? 0
  }
}
