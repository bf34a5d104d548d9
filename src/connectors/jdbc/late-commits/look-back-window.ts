import { comparePositions, type Position } from '../offsets/source-offset.ts'
import type { WatchedRows } from './watched-rows.ts'

/** Positions remembered per window, to know where reading stood that long ago. */
const STEPS = 60

/**
 * Rows of the last so many milliseconds, read again at each poll. A row that is committed within that time after its id or time
 * was taken is found: it was not there at the last poll, and from where that one stood the window begins at the next.
 */
export class LookBackWindow {
  readonly #watched: WatchedRows
  readonly #windowMs: number
  readonly #pollIntervalMs: number
  #polledAtMs: number | null = null
  /** Something else was done since. */
  #free = true
  #next: Position | null = null
  #held: { readonly low: Position; readonly untilMs: number } | null = null
  #history: { readonly atMs: number; readonly position: Position }[] = []

  constructor(watched: WatchedRows, windowMs: number, pollIntervalMs: number) {
    this.#watched = watched
    this.#windowMs = windowMs
    this.#pollIntervalMs = pollIntervalMs
  }

  /** A poll begins at `nowMs`; `next`: where the window begins from then on. */
  poll(nowMs: number, next: Position): void {
    // However short the interval: between two windows new rows have their turn.
    if (!this.#free) return
    if (this.#polledAtMs !== null && nowMs - this.#polledAtMs < this.#pollIntervalMs) return
    this.#polledAtMs = nowMs
    this.#free = false
    const held = this.#held !== null && nowMs < this.#held.untilMs ? this.#held.low : null
    this.#next = held !== null && comparePositions(held, next) < 0 ? held : next
    this.#watched.windowDue()
    if (this.#watched.due === null) this.move()
  }

  /** Has the window begin here at once, and stay for as long as it is wide: from now on only looking back finds what was watched. */
  hold(nowMs: number, low: Position): void {
    this.#held = { low, untilMs: nowMs + this.#windowMs }
    this.#next = low
    this.#watched.moveWindow(low)
  }

  /** As `poll`, where only the way of the position tells how far it was then. */
  pollIds(nowMs: number, position: Position): void {
    const history = this.#history
    const before = this.#watched.low
    if (history.length === 0 && before !== null && this.#held === null) this.hold(nowMs, before)
    const last = history.at(-1)
    if (last === undefined || nowMs - last.atMs >= this.#windowMs / STEPS) {
      history.push({ atMs: nowMs, position })
    }
    const old = history.findLastIndex(({ atMs }) => atMs <= nowMs - this.#windowMs)
    if (old > 0) history.splice(0, old)
    this.poll(nowMs, history[0]?.position ?? position)
  }

  /** New rows had their turn, or have to wait. */
  release(): void {
    this.#free = true
  }

  /** What was due has been read. */
  move(): void {
    if (this.#next !== null) this.#watched.moveWindow(this.#next)
  }
}
