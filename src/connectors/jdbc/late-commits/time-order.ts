import type { Clock } from '../../../clock.ts'
import { columnTime, type ColumnTime } from './column-time.ts'
import type { Connection, TableId } from '../database/database.ts'
import { latestTime } from './largest-behind.ts'
import type { FinalOrder, GuardParts, Read, Wait } from './late-commit-guard.ts'
import { oldestOf } from './waiting.ts'
import {
  comparePositions,
  lowerPosition,
  type Position,
  UNSET
} from '../positions/source-offset.ts'
import type { TableShape } from '../queries/table-shape.ts'
import { type Timestamp, timestampOfMs } from '../values/timestamp.ts'
import type { Present } from './transaction-sight.ts'

type State =
  | { readonly kind: 'waiting' | 'read' }
  | { readonly kind: 'reading'; readonly border: Timestamp }

/**
 * Which times are final: the database's present is a border, as soon as those have ended who were open then.
 *
 * - *waiting*: entered at the start and by `restart`; no border was final yet.
 * - *reading*: entered by `plan` when a border has become final; rows before it are there to be read.
 * - *read*: entered by `ended` out of *reading*; the next border has to become final first.
 */
export class TimeOrder implements FinalOrder {
  readonly #parts: GuardParts
  readonly #clock: Clock
  readonly #table: TableId | null
  readonly #onClockSetBack: (ms: number) => void
  #state: State = { kind: 'waiting' }
  /** What the database's clock showed last, and which instant that was. */
  #seen: { readonly present: Present; readonly instantMs: number } | null = null
  #stands: { readonly position: Position; readonly sinceMs: number } = {
    position: UNSET,
    sinceMs: 0
  }
  /**
   * How far the clock was set altogether, back or forward. Ages may be wrong by so much: the database tells
   * them by that clock, and a clock that ran on while this machine slept looks like one that was set.
   */
  #jumpedMs = 0
  /**
   * The clock was set forward: no row from before shows more than `lastMs`; reading went beyond that at
   * `passedAtMs`.
   */
  #ahead: { readonly lastMs: number; passedAtMs: number | null } | null = null
  /** Since the clock was set back. */
  #setBackTo: Position | null = null

  constructor(
    parts: GuardParts,
    clock: Clock,
    table: TableId | null,
    onClockSetBack: (ms: number) => void
  ) {
    this.#table = table
    this.#parts = parts
    this.#clock = clock
    this.#onClockSetBack = onClockSetBack
  }

  async plan(connection: Connection, shape: TableShape, position: Position): Promise<Read | Wait> {
    const { settings, sight, waiting } = this.#parts
    const { delayMs, lateCommits } = settings
    const present = await sight.present(connection)
    const time = columnTime(present.now, shape, settings.values.timeZone)
    const from = this.#afterJump(time, present, position)
    if (!sight.sees) {
      await this.#pollWindow(connection, shape, time, from)
      return { kind: 'read', position: from, end: time.before(delayMs), finalId: null }
    }
    waiting.fences.take(time.before(delayMs + lateCommits.marginMs), present.atMs, 0)
    const { open, laterMs } = await waiting.look(connection, present.atMs)
    if (!sight.sees) return { kind: 'wait', inMs: 0 }
    await this.#pollWindow(connection, shape, time, from)
    // Nobody stamps rows long before its own beginning, by a clock that was not set since.
    const earlierMs = lateCommits.marginMs + lateCommits.windowMs + this.#jumpedMs
    const began = (ageMs: number): number => ageMs + earlierMs
    waiting.overtake((ageMs) => {
      const low = ageMs === null ? null : time.positionBefore(began(ageMs))
      return low !== null && comparePositions(low, from) > 0 ? low : from
    })
    const final = waiting.fences.takeFinal()
    const oldest = oldestOf(open)
    if (final !== null) {
      this.#state = { kind: 'reading', border: final.border as Timestamp }
    } else if (this.#state.kind === 'waiting' && oldest !== null) {
      // A first load does not wait for a transaction that began today.
      this.#state = { kind: 'reading', border: time.before(delayMs + began(oldest)) }
    }
    if (this.#state.kind !== 'reading') return { kind: 'wait', inMs: laterMs ?? waiting.napMs }
    return { kind: 'read', position: from, end: this.#state.border, finalId: null }
  }

  ended({ more }: { readonly more: boolean }): void {
    this.#setBackTo = null
    if (this.#state.kind === 'reading' && !more) this.#state = { kind: 'read' }
  }

  restart(): void {
    this.#state = { kind: 'waiting' }
  }

  readonly isWaiting = false

  get setBackTo(): Position | null {
    return this.#setBackTo
  }

  /**
   * A copy shows rows long after they were stamped: there the window is measured from where reading stands,
   * or will stand.
   */
  async #pollWindow(
    connection: Connection,
    shape: TableShape,
    time: ColumnTime,
    position: Position
  ): Promise<void> {
    const { settings, sight, window, memory, doubts } = this.#parts
    if (!sight.hasWindow) return
    const { delayMs, lateCommits, values } = settings
    let next: Position | null = time.positionBefore(delayMs + lateCommits.windowMs)
    const nowMs = this.#clock.monotonicMs()
    if (comparePositions(position, this.#stands.position) !== 0) {
      this.#stands = { position, sinceMs: nowMs }
    }
    // Rows that are not known again are not read for ever.
    const isOver = doubts.rowsDiffer && nowMs - this.#stands.sinceMs > lateCommits.windowMs
    if (shape.dialect.commitsInOrder === undefined && !isOver) {
      const behind = { position, zone: values.timeZone }
      const ahead = memory.hasWindow
        ? null
        : await latestTime(connection, shape, this.#table, behind)
      const stands = ahead ?? position.timestamp
      const ofStands = stands && timestampOfMs(stands.ms - lateCommits.windowMs - 1)
      // As long as no row is known nothing has to be remembered before one comes.
      next = ofStands && lowerPosition(next, { ...UNSET, timestamp: ofStands })
    }
    if (this.#isAhead(position, nowMs) && !isOver) next = null
    window.poll(nowMs, next, position)
  }

  /**
   * I6: rows stamped before the clock was set forward have their window, too: it does not move before reading
   * has been beyond them for that long.
   */
  #isAhead({ timestamp }: Position, nowMs: number): boolean {
    const ahead = this.#ahead
    if (ahead === null) return false
    if (timestamp !== null && timestamp.ms > ahead.lastMs) ahead.passedAtMs ??= nowMs
    const { windowMs } = this.#parts.settings.lateCommits
    const isOver = ahead.passedAtMs !== null && nowMs - ahead.passedAtMs > windowMs
    if (isOver) this.#ahead = null
    return !isOver
  }

  /** A clock that was set back stamps rows with times that were read already: reading goes back with it. */
  #afterJump(time: ColumnTime, present: Present, position: Position): Position {
    const { settings, memory, waiting } = this.#parts
    const { marginMs } = settings.lateCommits
    const { instantMs } = time
    const { present: before, instantMs: beforeMs } = this.#seen ?? { present, instantMs }
    this.#seen = { present, instantMs }
    // At least so much time has passed; answers that take long do not look like a jump.
    const passedMs = Math.max(0, present.askedAtMs - before.atMs)
    const jumpMs = beforeMs + passedMs - instantMs
    const lastMs = beforeMs + present.atMs - before.askedAtMs
    const aheadMs = instantMs - lastMs
    if (aheadMs > marginMs) {
      this.#jumpedMs += aheadMs
      this.#ahead = { lastMs, passedAtMs: null }
    }
    if (jumpMs > marginMs) {
      // Unless it is still ahead of where it was set forward.
      if (instantMs <= (this.#ahead?.lastMs ?? Infinity)) this.#ahead = null
      this.#jumpedMs += jumpMs
      this.#onClockSetBack(jumpMs)
      // What was found final is so by another clock.
      waiting.fences.clear()
      this.restart()
      const back = time.positionBefore(this.#clock.monotonicMs() - before.atMs + marginMs)
      memory.lowerTo(back)
      // A position that was always in the future is a start somebody chose.
      const wasThere = beforeMs >= (position.timestamp?.ms ?? Infinity)
      if (wasThere && comparePositions(back, this.#setBackTo ?? position) < 0) {
        this.#setBackTo = back
        memory.wentBackTo(back)
      }
    }
    const to = this.#setBackTo
    return to !== null && comparePositions(to, position) < 0 ? to : position
  }
}
