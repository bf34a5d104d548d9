import type { Row } from '../../database/database.ts'
import { BATCH_BYTES, rowBytes } from './batch-size.ts'

/**
 * The driver's side of a result whose rows it pushes. Rows that are under way when it is told to pause still
 * come.
 */
interface PushedRows {
  pause(): void
  resume(): void
}

/**
 * - RUNNING: rows come; the driver is paused while as many wait as are taken at once, so that the server
 *   waits too.
 * - DISCARDING: the reader wants no more of them; those under way are thrown away, and so is an error.
 * - ENDED: no more rows come, all of them came or none was wanted any more.
 * - FAILED: no more rows come, and the reader is told why, before it gets those that wait.
 */
type State =
  | { readonly kind: 'RUNNING' | 'DISCARDING' | 'ENDED' }
  | { readonly kind: 'FAILED'; readonly error: unknown }

/** Rows between a driver that pushes them and a reader that takes them, bounded in rows and bytes (I8). */
export class RowQueue {
  /** Resolves when no more rows can come, for whatever reason. */
  readonly over: Promise<void>
  readonly #fetchRows: number
  readonly #driver: () => PushedRows
  #state: State = { kind: 'RUNNING' }
  #waiting: Row[] = []
  #waitingBytes = 0
  #onOver: () => void = () => undefined
  #wake: (() => void) | null = null

  /** `driver` is asked for when rows are to pause or to go on: it need not exist before its first row. */
  constructor(fetchRows: number, driver: () => PushedRows) {
    this.#fetchRows = fetchRows
    this.#driver = driver
    this.over = new Promise((resolve) => {
      this.#onOver = resolve
    })
  }

  get isOver(): boolean {
    return this.#state.kind === 'ENDED' || this.#state.kind === 'FAILED'
  }

  /** Why no more rows come; null when nothing went wrong. */
  get failure(): unknown {
    return this.#state.kind === 'FAILED' ? this.#state.error : null
  }

  push(row: Row): void {
    if (this.#state.kind !== 'RUNNING') return
    this.#waiting.push(row)
    this.#waitingBytes += rowBytes(row)
    if (!this.#isFull) return
    this.#driver().pause()
    this.#notify()
  }

  /** The driver has no more rows; only the first call counts. */
  end(error: unknown = null): void {
    if (this.isOver) return
    const wanted = this.#state.kind === 'RUNNING'
    this.#state = error !== null && wanted ? { kind: 'FAILED', error } : { kind: 'ENDED' }
    this.#onOver()
    this.#notify()
  }

  /** The reader wants no more rows. The driver goes on, so that it comes to the end of what is under way. */
  discard(): void {
    if (this.isOver) return
    this.#state = { kind: 'DISCARDING' }
    this.#waiting = []
    this.#waitingBytes = 0
    this.#driver().resume()
  }

  /**
   * At most `fetchRows` rows, as soon as so many wait or no more come; none at the end. `limit` bounds each
   * wait.
   */
  async take(limit: (work: Promise<void>) => Promise<void>): Promise<Row[]> {
    while (!this.#isFull && !this.isOver) {
      this.#driver().resume()
      // Rows that the driver held back come while it resumes.
      if (this.#isFull || this.isOver) break
      await limit(
        new Promise((resolve) => {
          this.#wake = resolve
        })
      )
    }
    if (this.#state.kind === 'FAILED') return []
    const rows = this.#waiting.splice(0, this.#fetchRows)
    this.#waitingBytes = this.#waiting.reduce((bytes, row) => bytes + rowBytes(row), 0)
    return rows
  }

  get #isFull(): boolean {
    return this.#waiting.length >= this.#fetchRows || this.#waitingBytes >= BATCH_BYTES
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
