import type { Clock } from '../../../clock.ts'
import type { OffsetMap, SourceOffset } from '../../../data/record.ts'
import { CommitFences } from './commit-fences.ts'
import type { Connection, OpenTransaction, TableId } from '../database.ts'
import { LookBackWindow } from './look-back-window.ts'
import { largestId } from './largest-id.ts'
import {
  configuredLevel,
  degradedLevel,
  type Level,
  transactionsLevel
} from './late-commit-level.ts'
import type { LateCommitFacts } from './late-commit-facts.ts'
import { askForTransactions, lastSample, type Sample } from './open-transactions.ts'
import type { EmittedRow } from './seen-rows.ts'
import { comparePositions, type Position } from '../offsets/source-offset.ts'
import type { TableSettings } from '../settings/table-settings.ts'
import type { TableShape } from '../reading/table-shape.ts'
import type { Timestamp } from '../values/timestamp.ts'
import { columnTime, type ColumnTime } from './column-time.ts'
import { WatchedRows } from './watched-rows.ts'

/** Between two looks at transactions that hold rows back. */
const SHORTEST_NAP_MS = 50
const LONGEST_NAP_MS = 1000

/** After so many answers in a row that it cannot be said now, and the longest wait, it cannot be said. */
const MOST_LATERS = 10
/** How long rows wait for a transaction that has only read so far: it may be a report, or a backup. */
const READER_WAIT_MS = 1000

type Id = number | bigint

/** What the next step of reading a table is. */
export type Plan =
  /** Nothing can be read yet. `inMs` null: for a whole poll interval. */
  | { readonly kind: 'wait'; readonly inMs: number | null }
  /** Rows between `from` and the position have to be looked through again. */
  | { readonly kind: 'again'; readonly from: Position }
  /**
   * Rows behind `position`: those with a time below `end`, if there is one; those with an id up to `finalId` and what follows it
   * without a gap, or any when it is null.
   */
  | {
      readonly kind: 'read'
      readonly position: Position
      readonly end: Timestamp | null
      readonly finalId: Id | null
    }

/** The table, or null for the query, whose rows are judged. */
interface Target {
  readonly table: TableId | null
  readonly settings: TableSettings
}

/** What an operator is told. */
export interface GuardEvents {
  onLevel(level: Level): void
  /** The database's clock went back by so much. */
  onClockSetBack(ms: number): void
}

/**
 * Decides for one table which rows are final: no transaction is left that could commit a row before them (I6). Where transactions
 * cannot be seen, or hold up the flow for too long, rows go out nevertheless and are looked for again.
 *
 * One step at a time: `plan`, then the reading it asks for, then `ended`. A reading that is left half-way is planned again.
 */
export class LateCommitGuard {
  readonly #target: Target
  readonly #clock: Clock
  readonly #events: GuardEvents
  readonly #fences = new CommitFences<Timestamp | Id>()
  readonly #watched: WatchedRows
  readonly #window: LookBackWindow
  #level: Level | null = null
  /** The one for which the level was decided. */
  #connection: Connection | null = null
  #sample: Sample | null = null
  #laterSinceMs: number | null = null
  #laters = 0
  /** Times below it are final; `unread`: and were not read to the end yet. */
  #border: Timestamp | null = null
  #unread = false
  /** Ids up to it are final. */
  #finalId: Id | null = null
  /** A row was seen whose id does not follow the last final one. */
  #idMissing = false
  #clockSeen: { readonly instantMs: number; readonly atMs: number } | null = null
  /** Where reading goes back to, since the clock did. */
  #setBackTo: Position | null = null

  constructor(
    target: Target,
    start: { readonly stored: OffsetMap | null; readonly position: Position },
    clock: Clock,
    events: GuardEvents
  ) {
    const { lateCommits, pollIntervalMs } = target.settings
    this.#target = target
    this.#clock = clock
    this.#events = events
    this.#watched = new WatchedRows(target.settings.mode, lateCommits.seenMaxKeys)
    if (start.stored !== null) this.#watched.restore(start.stored, start.position)
    this.#window = new LookBackWindow(this.#watched, lateCommits.windowMs, pollIntervalMs)
  }

  /** May ask the database. Errors are those of the connection. */
  async plan(connection: Connection, shape: TableShape, position: Position): Promise<Plan> {
    const { settings } = this.#target
    if (connection !== this.#connection) {
      const configured = configuredLevel(settings, shape)
      if (configured !== null) this.#setLevel(configured)
      else {
        const { laterMs } = await this.#look(connection)
        if (this.#level === null) return { kind: 'wait', inMs: laterMs }
      }
      this.#connection = connection
    }
    if (!this.#seesTransactions) this.#watched.watchNobody()
    if (!this.#hasWindow) this.#watched.endWindow()
    const plan =
      shape.timestamps.length > 0
        ? await this.#planTimes(connection, shape, position)
        : await this.#planIds(connection, shape, position)
    const { due } = this.#watched
    if (plan.kind === 'wait') this.#window.release()
    if (due === null) return plan
    if (comparePositions(due, position) < 0) return { kind: 'again', from: due }
    this.ended('again', { cut: false, more: false })
    return plan
  }

  /**
   * The reading planned last came to its end. `cut`: rows were left because ids before them are missing; `more`: because of
   * a limit.
   */
  ended(kind: 'again' | 'read', how: { readonly cut: boolean; readonly more: boolean }): void {
    if (kind === 'again') {
      // In this order: what the window still holds must not be forgotten.
      this.#window.move()
      this.#watched.done()
      return
    }
    this.#window.release()
    this.#setBackTo = null
    this.#unread = how.more
    this.#idMissing = how.cut
    if (this.#finalId !== null && !how.cut) this.#fences.clear()
  }

  /** When to plan again after a reading came to its end; null: after a poll interval. */
  get nextInMs(): number | null {
    if (this.#idMissing) return 0
    return this.#fences.oldestAtMs === null || !this.#seesTransactions ? null : this.#napMs()
  }

  /** Whether rows have to be handed to `note`. */
  get isWatching(): boolean {
    return this.#watched.low !== null
  }

  /** Everything before this row has been looked through; should the reading be left here, it goes on from there. */
  lookedUpTo(at: Position): void {
    this.#watched.lookedUpTo(at)
  }

  isSeen(row: EmittedRow): boolean {
    return this.#watched.isSeen(row)
  }

  /** See {@link WatchedRows.note}. */
  note(
    row: EmittedRow,
    offset: SourceOffset | null,
    position: Position,
    late: boolean
  ): SourceOffset | null {
    return this.#watched.note(row, offset, position, late)
  }

  /** What is the case now, for operators. */
  get facts(): LateCommitFacts {
    const nowMs = this.#clock.monotonicMs()
    const waitsSinceMs = this.#fences.oldestAtMs
    const pending = this.#fences.pending
    const open = this.#sample?.open ?? []
    const holding = open.filter(({ id }) => pending.has(id))
    return {
      level: this.#level,
      holding: holding.length,
      oldestHoldingMs: oldestOf(holding),
      heldBackMs: waitsSinceMs === null || holding.length === 0 ? 0 : nowMs - waitsSinceMs,
      watched: this.#watched.watched,
      remembered: this.#watched.seen,
      forgotten: this.#watched.forgotten !== null
    }
  }

  async #planTimes(connection: Connection, shape: TableShape, position: Position): Promise<Plan> {
    const { delayMs, lateCommits, values } = this.#target.settings
    const askedAtMs = this.#clock.monotonicMs()
    const now = await connection.now()
    const nowMs = this.#clock.monotonicMs()
    const time = columnTime(now, shape, values.timeZone)
    const from = this.#afterJump(time, askedAtMs, position)
    const window = time.positionBefore(delayMs + lateCommits.windowMs)
    if (!this.#seesTransactions) {
      if (this.#hasWindow) this.#window.poll(nowMs, window)
      return { kind: 'read', position: from, end: time.before(delayMs), finalId: null }
    }
    this.#fences.take(time.before(delayMs + lateCommits.marginMs), nowMs, 0)
    const { laterMs, open } = await this.#look(connection)
    if (!this.#seesTransactions) return { kind: 'wait', inMs: 0 }
    if (this.#hasWindow) this.#window.poll(nowMs, window)
    // Nobody stamps rows long before its own beginning.
    const began = (ageMs: number): number => ageMs + lateCommits.marginMs + lateCommits.windowMs
    this.#overtake((ageMs) => {
      const low = ageMs === null ? null : time.positionBefore(began(ageMs))
      return low !== null && comparePositions(low, from) > 0 ? low : from
    })
    const final = this.#fences.takeFinal()
    const oldest = oldestOf(open)
    if (final !== null) {
      this.#border = final.border as Timestamp
      this.#unread = true
    } else if (this.#border === null && oldest !== null) {
      // A first load does not wait for a transaction that began today.
      this.#border = time.before(delayMs + began(oldest))
      this.#unread = true
    }
    if (!this.#unread) return { kind: 'wait', inMs: laterMs ?? this.#napMs() }
    return { kind: 'read', position: from, end: this.#border, finalId: null }
  }

  /** A clock that was set back stamps rows with times that were read already: reading goes back with it. */
  #afterJump(time: ColumnTime, askedAtMs: number, position: Position): Position {
    const { marginMs } = this.#target.settings.lateCommits
    const before = this.#clockSeen
    const { instantMs } = time
    this.#clockSeen = { instantMs, atMs: this.#clock.monotonicMs() }
    // At least so much time has passed; answers that take long do not look like a jump.
    const passedMs = before === null ? 0 : askedAtMs - before.atMs
    const jumpMs = before === null ? 0 : before.instantMs + passedMs - instantMs
    if (jumpMs > marginMs) {
      this.#events.onClockSetBack(jumpMs)
      // What was found final is so by another clock.
      this.#fences.clear()
      this.#border = null
      this.#unread = false
      const back = time.positionBefore(this.#clock.monotonicMs() - (before?.atMs ?? 0) + marginMs)
      this.#watched.lowerWindow(back)
      // A position that was always in the future is a start somebody chose.
      const wasThere = (before?.instantMs ?? 0) >= (position.timestamp?.ms ?? Infinity)
      if (wasThere && comparePositions(back, this.#setBackTo ?? position) < 0) {
        this.#setBackTo = back
      }
    }
    const to = this.#setBackTo
    return to !== null && comparePositions(to, position) < 0 ? to : position
  }

  async #planIds(connection: Connection, shape: TableShape, position: Position): Promise<Plan> {
    const { settings, table } = this.#target
    const { lateCommits, values } = settings
    const nowMs = this.#clock.monotonicMs()
    if (this.#hasWindow) this.#window.pollIds(nowMs, position)
    if (!this.#seesTransactions) return { kind: 'read', position, end: null, finalId: null }
    if (this.#finalId === null || (position.id !== null && position.id > this.#finalId)) {
      this.#finalId = position.id
    }
    const missing = this.#idMissing || this.#finalId === null
    if (missing && nowMs - (this.#fences.newestAtMs ?? -Infinity) >= SHORTEST_NAP_MS) {
      const { id, refused } = await largestId(connection, shape, table, values.timeZone)
      if (refused !== null) {
        // I7: what the database says of a masked query may repeat it.
        const why = settings.queryIsMasked ? 'the largest id of the query' : refused
        this.#setLevel(degradedLevel(why, lateCommits.windowMs))
      } else if (id === null) return { kind: 'wait', inMs: null }
      else this.#fences.take(id, this.#clock.monotonicMs(), lateCommits.marginMs)
    }
    let found: { laterMs: number | null; ended: boolean } = { laterMs: null, ended: true }
    if (missing || this.#watched.watched > 0 || this.#watched.low !== null) {
      found = await this.#look(connection)
      this.#overtake(() => position)
      const final = this.#fences.takeFinal()
      if (final !== null) {
        this.#finalId = final.border as Id
        this.#idMissing = false
      }
    }
    if (!this.#seesTransactions) return { kind: 'wait', inMs: 0 }
    // Whoever can fill the gap is still there.
    const gap = this.#idMissing || this.#finalId === null
    if (gap && (this.#finalId === null || !found.ended)) {
      return { kind: 'wait', inMs: found.laterMs ?? this.#napMs() }
    }
    return { kind: 'read', position, end: null, finalId: this.#finalId }
  }

  /** Looks who is open now; or, where that cannot be said at once, who was when another table asked. */
  async #look(
    connection: Connection
  ): Promise<{ laterMs: number | null; ended: boolean; open: readonly OpenTransaction[] }> {
    const { lateCommits } = this.#target.settings
    const found = await askForTransactions(connection, this.#clock)
    const nowMs = this.#clock.monotonicMs()
    let laterMs: number | null = null
    let why = found.answer === 'unseen' ? found.why : null
    if (found.answer === 'later') {
      laterMs = found.inMs
      this.#laterSinceMs ??= nowMs
      this.#laters += 1
      const long = nowMs - this.#laterSinceMs > lateCommits.maxWaitMs
      if (long && this.#laters >= MOST_LATERS) why = found.why
    } else {
      this.#laterSinceMs = null
      this.#laters = 0
    }
    if (why !== null) {
      this.#fences.clear()
      const { low } = this.#watched
      if (low !== null && this.#level?.name !== 'window') this.#window.hold(nowMs, low)
      this.#watched.watchNobody()
      this.#setLevel(degradedLevel(why, lateCommits.windowMs))
      return { laterMs, ended: true, open: [] }
    }
    const sample = found.answer === 'seen' ? found : lastSample(connection)
    if (sample === null || sample === this.#sample) return { laterMs, ended: false, open: [] }
    this.#sample = sample
    this.#setLevel(transactionsLevel(sample.source, lateCommits.guard === 'both'))
    this.#watched.look(sample.open)
    const open = sample.open.filter(({ id }) => !this.#watched.isWatched(id))
    return { laterMs, ended: this.#fences.sample(open, sample.atMs), open }
  }

  /** Goes on without those waited for too long; from then on they are watched. */
  #overtake(lowOf: (ageMs: number | null) => Position): void {
    const { maxWaitMs } = this.#target.settings.lateCommits
    const nowMs = this.#clock.monotonicMs()
    const overdue = new Set(this.#fences.waitingSince(nowMs - maxWaitMs))
    const forReaders = this.#fences.waitingSince(nowMs - Math.min(maxWaitMs, READER_WAIT_MS))
    for (const { id, ageMs, readsOnly } of this.#sample?.open ?? []) {
      if (readsOnly === true && forReaders.has(id)) overdue.add(id)
      if (overdue.has(id)) this.#watched.watch([id], lowOf(ageMs))
    }
    this.#fences.giveUp(overdue)
  }

  get #seesTransactions(): boolean {
    const name = this.#level?.name
    return name === 'transactions' || name === 'transactions+window'
  }

  get #hasWindow(): boolean {
    const name = this.#level?.name
    return name === 'window' || name === 'transactions+window'
  }

  #setLevel(level: Level): void {
    const before = this.#level
    this.#level = level
    if (before?.name !== level.name || before.why !== level.why) this.#events.onLevel(level)
  }

  #napMs(): number {
    const { pollIntervalMs } = this.#target.settings
    const waited = this.#clock.monotonicMs() - (this.#fences.oldestAtMs ?? 0)
    const longest = Math.max(SHORTEST_NAP_MS, Math.min(LONGEST_NAP_MS, pollIntervalMs))
    return Math.min(longest, Math.max(SHORTEST_NAP_MS, waited / 4))
  }
}

function oldestOf(open: readonly OpenTransaction[]): number | null {
  let oldest: number | null = null
  for (const { ageMs } of open) {
    // Of one whose age is not known nothing can be said.
    if (ageMs === null) return null
    oldest = Math.max(oldest ?? 0, ageMs)
  }
  return oldest
}
