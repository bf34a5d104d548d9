import { pauseAfter } from '../../../wait.ts'
import type { Clock } from '../../../clock.ts'
import type { Watched } from '../sessions/watchdog.ts'
import type { TableReader } from './table-reader.ts'

/** How long a table may be read while others wait. */
const TURN_MS = 10_000
const SHORTEST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000

/** What failed is tried again at once, then after pauses that grow. `failures`: in a row. */
export function pauseMs(failures: number, longestMs = LONGEST_PAUSE_MS): number {
  if (failures === 1) return 0
  return pauseAfter(failures - 1, { firstMs: SHORTEST_PAUSE_MS, lastMs: longestMs })
}

/** A table and when it is to be read next. */
export class TableTurn implements Watched {
  readonly reader: TableReader
  dueAtMs: number
  /** Failures in a row. */
  failures = 0
  /**
   * The table was read with this configuration, now or before a restart: what refuses to work can become
   * right by itself.
   */
  hasWorked: boolean

  constructor(reader: TableReader, dueAtMs: number, hasWorked: boolean) {
    this.reader = reader
    this.dueAtMs = dueAtMs
    this.hasWorked = hasWorked
  }

  get name(): string {
    return this.reader.target.name
  }

  get isMasked(): boolean {
    return this.reader.target.settings.queryIsMasked
  }
}

/**
 * Whose turn it is. A table is due `poll.interval.ms` after the end of its last poll; of those due the one
 * that waits longest comes first. A table that fails is tried again at once, and then after pauses of its own
 * that grow: the others go on.
 */
export class TableTurns {
  readonly all: readonly TableTurn[]
  readonly #clock: Clock
  #current: { readonly turn: TableTurn; readonly sinceMs: number } | null = null

  constructor(all: readonly TableTurn[], clock: Clock) {
    this.all = all
    this.#clock = clock
  }

  get current(): TableTurn | null {
    return this.#current?.turn ?? null
  }

  /** The table being read, else the one due longest; null when none is due. */
  next(): TableTurn | null {
    if (this.#current !== null) return this.#current.turn
    const nowMs = this.#clock.monotonicMs()
    let next: TableTurn | null = null
    for (const turn of this.all) {
      if (turn.dueAtMs <= nowMs && (next === null || turn.dueAtMs < next.dueAtMs)) next = turn
    }
    return next
  }

  /** In how many milliseconds a table is due that is not yet; Infinity: none. */
  get nextInMs(): number {
    const nowMs = this.#clock.monotonicMs()
    return Math.min(...this.all.map(({ dueAtMs }) => dueAtMs - nowMs).filter((ms) => ms > 0))
  }

  /**
   * The poll of this table is over; the next comes in so many milliseconds, null: after the poll interval.
   */
  ended(turn: TableTurn, nextInMs: number | null): void {
    this.#current = null
    turn.failures = 0
    const { pollIntervalMs } = turn.reader.target.settings
    turn.dueAtMs = this.#clock.monotonicMs() + (nextInMs ?? pollIntervalMs)
  }

  /**
   * The table has further rows. A huge table must not starve the others: it goes on behind its last row when
   * they have had their turn.
   */
  goesOn(turn: TableTurn): void {
    const { reader } = turn
    const nowMs = this.#clock.monotonicMs()
    // From its beginning it would fail again.
    if (reader.target.settings.mode !== 'bulk') turn.failures = 0
    if (this.#current?.turn !== turn) {
      this.#current = { turn, sinceMs: nowMs }
      return
    }
    const isOver = nowMs - this.#current.sinceMs > TURN_MS && this.#othersDue(turn, nowMs)
    if (!isOver || !reader.canPause) return
    reader.pause()
    this.#current = null
    turn.dueAtMs = nowMs
  }

  /** The table is not read now, and tried again when its pause is over. */
  failed(turn: TableTurn): void {
    this.#current = null
    turn.failures += 1
    const { mode, pollIntervalMs } = turn.reader.target.settings
    const longest = Math.max(
      SHORTEST_PAUSE_MS,
      // A load that begins anew sends all its rows again.
      mode === 'bulk' ? pollIntervalMs : Math.min(LONGEST_PAUSE_MS, pollIntervalMs)
    )
    turn.dueAtMs = this.#clock.monotonicMs() + pauseMs(turn.failures, longest)
  }

  #othersDue(turn: TableTurn, nowMs: number): boolean {
    return this.all.some((other) => other !== turn && other.dueAtMs <= nowMs)
  }
}
