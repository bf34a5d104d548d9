import type { Row } from '../../database/database.ts'

/** What a batch of rows may hold, but for the row that goes beyond it. */
export const BATCH_BYTES = 16 * 1024 * 1024
/** Rows of which nothing is known yet, asked for at a time. */
const FIRST_ROWS = 16
const GROWTH = 16
/** What a value without a length takes, about. */
const VALUE_BYTES = 8

/** About what a row takes in memory. */
export function rowBytes(row: Row): number {
  let bytes = 0
  for (const value of row) {
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length
    else bytes += VALUE_BYTES
  }
  return bytes
}

/**
 * How many rows to ask for at a time, so that a table of huge rows is read with as much memory as another
 * (I8).
 */
export class BatchSize {
  readonly #most: number
  #rows: number

  /** `most`: rows of a batch, however small they are. */
  constructor(most: number) {
    this.#most = most
    this.#rows = Math.min(most, FIRST_ROWS)
  }

  get rows(): number {
    return this.#rows
  }

  /** The next batch follows the largest row of this one, and grows step by step. */
  seen(rows: readonly Row[]): void {
    let largest = 1
    for (const row of rows) largest = Math.max(largest, rowBytes(row))
    const fitting = Math.max(1, Math.floor(BATCH_BYTES / largest))
    this.#rows = Math.min(this.#most, fitting, this.#rows * GROWTH)
  }
}
