import type { LateMemory } from './late-memory.ts'
import type { Position } from '../positions/source-offset.ts'

/** Positions remembered per window, to know where reading stood that long ago. */
const STEPS = 60

/**
 * Rows of the last so many milliseconds, read again at each poll. A row that is committed within that time
 * after its id or time was taken is found: it was not there at the last poll, and from where that one stood
 * the window begins at the next.
 */
export class LookBackWindow {
  readonly #memory: LateMemory
  readonly #windowMs: number
  readonly #pollIntervalMs: number
  #polledAtMs: number | null = null
  /** Something else was done since. */
  #free = true
  #next: Position | null = null
  #history: { readonly atMs: number; readonly position: Position }[] = []

  constructor(memory: LateMemory, windowMs: number, pollIntervalMs: number) {
    this.#memory = memory
    this.#windowMs = windowMs
    this.#pollIntervalMs = pollIntervalMs
  }

  /**
   * A poll begins: the window is due, and begins at `next` from then on; null: where it does. What was read
   * before it came into being is not in it.
   */
  poll(nowMs: number, next: Position | null, position: Position): void {
    this.#memory.beginWindow(position, next)
    // However short the interval: between two windows new rows have their turn.
    if (!this.#free) return
    if (this.#polledAtMs !== null && nowMs - this.#polledAtMs < this.#pollIntervalMs) return
    this.#polledAtMs = nowMs
    this.#free = false
    this.#next = next
    this.#memory.windowDue()
  }

  /** As `poll`, where only the way of the position tells how far it was then. */
  pollIds(nowMs: number, position: Position): void {
    const history = this.#history
    const last = history.at(-1)
    if (last === undefined || nowMs - last.atMs >= this.#windowMs / STEPS) {
      history.push({ atMs: nowMs, position })
    }
    const old = history.findLastIndex(({ atMs }) => atMs <= nowMs - this.#windowMs)
    if (old > 0) history.splice(0, old)
    this.poll(nowMs, old < 0 ? null : (history[0]?.position ?? null), position)
  }

  /** New rows had their turn, or have to wait. */
  release(): void {
    this.#free = true
  }

  /** What was due has been read. */
  move(): void {
    if (this.#next !== null) this.#memory.moveWindow(this.#next)
    this.#next = null
  }

  /** The level has none any more. */
  end(): void {
    this.#polledAtMs = null
    this.#next = null
    this.#history = []
  }
}
