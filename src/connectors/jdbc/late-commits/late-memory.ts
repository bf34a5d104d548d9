import {
  DeferredOffset,
  type OffsetMap,
  type RecordOffset,
  type SourceOffset
} from '../../../data/record.ts'
import type { OpenTransaction } from '../database/database.ts'
import { heirsOf, newSuccessors } from './commit-fences.ts'
import { type EmittedRow, SeenIds, type SeenRows, SeenVersions } from './seen-rows.ts'
import { type Mark, memoryLow, namesText, parseNames, positionText } from './stored-memory.ts'
import {
  comparePositions,
  lowerPosition,
  type Position,
  positionOf
} from '../positions/source-offset.ts'
import { type Mode, modeUsesTimestamp } from '../database/mode.ts'
import { timestampOfMs } from '../values/timestamp.ts'

/** An open transaction that was overtaken, and the last final position before that. */
interface Watched extends Mark {
  readonly low: Position
}

/** Open transactions are watched from there, at the first look from `untilMs` on; without it none came. */
interface Everybody {
  readonly low: Position
  readonly untilMs?: number
}

/** A stretch up to the position that has to be read again; `since`: only for rows written since then. */
interface Due {
  readonly from: Position
  readonly since: string | null
}

/**
 * Rows that were emitted although an earlier one may still appear, and from where reading has to begin again
 * to find it. A row is remembered for as long as it stands behind the lowest of these:
 *
 * - a transaction is *watched* from when it was overtaken until it ends, also while nobody can see whether it
 *   did;
 * - *everybody* is watched from the lowest of the window's rows, or of a stored offset that does not name all
 *   who may own a row there: until the first look that comes at least the margin behind the next one, for a
 *   transaction may begin so much later than an id or a time of its rows was taken;
 * - the *window* moves with each poll, while the level has one;
 * - what is *due* is read again before anything else, and forgotten as it is read.
 */
export class LateMemory {
  readonly #mode: Mode
  readonly #limit: number
  readonly #marginMs: number
  #seen: SeenRows
  readonly #watched = new Map<string, Watched>()
  #before: ReadonlySet<string> = new Set()
  #everybody: Everybody | null = null
  #window: Position | null = null
  /** Read one after the other: the first reads all rows, the second only what was written since a mark. */
  #due: Due | null = null
  #marked: Due | null = null
  /** Rows up to there may be emitted twice: there was no room to remember them. */
  #forgotten: Position | null = null
  /** Whether rows can be told by a mark. */
  #marks = false
  #summary: { readonly low: Position | null; readonly names: string } | null = null

  constructor(mode: Mode, limit: number, marginMs: number) {
    this.#mode = mode
    this.#limit = limit
    this.#marginMs = marginMs
    this.#seen = this.#nothingSeen()
  }

  /**
   * Goes on where a stored offset left off, whose position is given; not where it remembers rows of another
   * kind than this mode's.
   */
  restore(offset: OffsetMap, position: Position): void {
    const { late_open: open, late_seen: seen } = offset
    const low = memoryLow(offset)
    if (low === null || typeof seen !== 'string' || !seen.startsWith(this.#kind)) return
    const text = seen.slice(1)
    this.#seen =
      this.#kind === 'i'
        ? new SeenIds(this.#limit, text)
        : new SeenVersions(this.#limit, text, position.timestamp)
    const names = typeof open === 'string' ? parseNames(open) : []
    if (names === null) this.#everybody = { low }
    else if (names.length === 0) this.#window = low
    else for (const { id, ...mark } of names) this.#watched.set(id, { low, ...mark })
  }

  /** The database can tell rows that were written since a mark from older ones. */
  useMarks(use: boolean): void {
    this.#marks = use
  }

  /**
   * This one is overtaken from now on. I6: one that is watched already is looked for from the lower of both
   * positions on.
   */
  watch(transaction: OpenTransaction, low: Position): void {
    const { id } = transaction
    const before = this.#watched.get(id)
    this.#watched.set(id, {
      low: before === undefined ? low : lowerPosition(before.low, low),
      ...markOf(transaction)
    })
    this.#summary = null
  }

  /** Takes notice of the transactions that were open at this moment. */
  look(open: readonly OpenTransaction[], atMs: number): void {
    this.#watchEverybody(open, atMs)
    const now = new Map(open.map((transaction) => [transaction.id, transaction]))
    const heirs = heirsOf(open)
    const successors = newSuccessors(open, this.#before)
    for (const [id, watched] of this.#watched) {
      const { low } = watched
      const still = now.get(id)
      if (still !== undefined) {
        // The mark moves on for as long as it only reads.
        this.#watched.set(id, { low, ...markOf(still) })
        continue
      }
      this.#watched.delete(id)
      const heir = heirs.get(id)
      for (const other of heir === undefined ? successors : [heir]) {
        const transaction = now.get(other)
        if (transaction !== undefined) this.watch(transaction, low)
      }
      if (heir !== undefined) continue
      if (this.#marks && watched.since !== null) this.#addMarked(low, watched.since)
      else this.#addDue(watched.readsOnly ? this.#remembered(low) : low)
    }
    this.#before = new Set(now.keys())
    this.#summary = null
  }

  /** Watched transactions may have ended, and nobody can say: looks as far back as rows are remembered. */
  lookForWatched(): void {
    const low = this.#lowestWatched
    if (low !== null) this.#addDue(this.#remembered(low))
    if (this.#everybody !== null) this.#everybody = { low: this.#everybody.low }
  }

  /** Nobody is watched any longer: what they have committed by now is found, not what comes later. */
  giveUpWatched(): void {
    const low = this.#lowestWatched
    if (low !== null) this.#addDue(low)
    this.#watched.clear()
    this.#everybody = null
    this.#summary = null
  }

  /** What has to be read again now; null: nothing. */
  get due(): Due | null {
    return this.#due ?? this.#marked
  }

  get hasWindow(): boolean {
    return this.#window !== null
  }

  /** From now on rows behind `low` are remembered; of those before the position only what is already. */
  beginWindow(position: Position, low: Position | null): void {
    if (this.#window !== null) return
    this.#window = this.low ?? higher(position, low ?? position)
    this.#summary = null
  }

  /** The window is read again, from where it began at the last poll. */
  windowDue(): void {
    // What has no room to be remembered comes twice at each reading: that for everybody, which follows soon,
    // is enough.
    if (this.#window !== null && this.#everybody?.untilMs === undefined) this.#addDue(this.#window)
  }

  /** Where the window begins from now on, when what is due has been read. */
  moveWindow(low: Position): void {
    if (this.#window !== null && comparePositions(low, this.#window) > 0) this.#window = low
    this.#forget()
  }

  /**
   * The clock was set back: from now on rows appear before the window, and before where anybody is watched
   * from.
   */
  lowerTo(low: Position): void {
    if (this.#window !== null) this.#window = lower(this.#window, low)
    if (this.#everybody !== null) {
      this.#everybody = { ...this.#everybody, low: lowerPosition(this.#everybody.low, low) }
    }
    for (const [id, watched] of this.#watched) {
      this.#watched.set(id, { ...watched, low: lowerPosition(watched.low, low) })
    }
    this.#summary = null
  }

  /** Reading goes back to there. I6: rows behind it are read again, and must not take the room of others. */
  wentBackTo(position: Position): void {
    this.#seen.forgetBehind(position)
    if (this.#forgotten !== null) this.#forgotten = lowerPosition(this.#forgotten, position)
  }

  /**
   * Transactions can be seen: who is open at the next look is watched for rows in the window, and it ends
   * unless it is `kept`.
   */
  tieWindow(kept: boolean): void {
    const low = lower(this.#everybody?.low ?? null, this.#window)
    this.#everybody = low === null ? null : { low }
    if (!kept) this.#window = null
    this.#summary = null
  }

  /** What was due has been read as far as this row, which others may equal. */
  lookedUpTo({ timestamp, id }: Position): void {
    const before: Position =
      timestamp === null
        ? { timestamp, reading: null, id: id === null ? null : BigInt(id) - 1n }
        : { timestamp: timestampOfMs(timestamp.ms - 1), reading: null, id: null }
    const { due } = this
    if (due === null || comparePositions(before, due.from) <= 0) return
    if (this.#due !== null) this.#due = { ...due, from: before }
    else this.#marked = { ...due, from: before }
    this.#forget()
  }

  /** What was due has been read to its end. */
  done(): void {
    if (this.#due !== null) this.#due = null
    else this.#marked = null
    this.#forget()
  }

  get watched(): number {
    return this.#watched.size
  }

  isWatched(id: string): boolean {
    return this.#watched.has(id)
  }

  /** The lowest position from which reading may begin again; null: it never does. */
  get low(): Position | null {
    return this.#summed.low
  }

  /** Whether rows have to be remembered. */
  get isWatching(): boolean {
    return this.low !== null
  }

  isSeen(row: EmittedRow): boolean {
    return this.#seen.has(row)
  }

  get seen(): number {
    return this.#seen.size
  }

  get hasForgotten(): boolean {
    return this.#forgotten !== null
  }

  /**
   * Remembers a row that is being emitted; answers its offset with what a restart has to know beside it.
   * `late`: it was found by looking back.
   */
  note(
    row: EmittedRow,
    offset: SourceOffset | null,
    at: Position,
    late: boolean
  ): RecordOffset | null {
    const { low } = this.#summed
    if (low === null || comparePositions(row.at, low) <= 0) return offset
    const forgotten = this.#seen.add(row, late)
    if (forgotten !== null) this.#noRoom(forgotten)
    if (offset === null) return null
    const { names } = this.#summed
    const [kind, text] = [this.#kind, this.#seen.textAt(at)]
    return new DeferredOffset(() => ({
      ...offset,
      late_low: `${positionText(low)}@${positionText(positionOf(offset))}`,
      late_open: names,
      late_seen: `${kind}${text()}`
    }))
  }

  get #kind(): 'i' | 'v' {
    return modeUsesTimestamp(this.#mode) ? 'v' : 'i'
  }

  #nothingSeen(): SeenRows {
    return this.#kind === 'i' ? new SeenIds(this.#limit) : new SeenVersions(this.#limit)
  }

  get #lowestWatched(): Position | null {
    let low = this.#everybody?.low ?? null
    for (const watched of this.#watched.values()) low = lower(low, watched.low)
    return low
  }

  // I6: whoever ends before that look has committed what is read again then; whoever is open still may own a
  // row from before.
  #watchEverybody(open: readonly OpenTransaction[], atMs: number): void {
    if (this.#everybody === null) return
    const { low, untilMs = atMs + this.#marginMs } = this.#everybody
    if (atMs < untilMs) {
      this.#everybody = { low, untilMs }
      return
    }
    for (const transaction of open) this.watch(transaction, low)
    this.#addDue(low)
    this.#everybody = null
  }

  /** Not before what is remembered. */
  #remembered(low: Position): Position {
    const forgotten = this.#forgotten
    return forgotten !== null && comparePositions(forgotten, low) > 0 ? behind(forgotten) : low
  }

  #addDue(from: Position): void {
    this.#due = { from: lower(this.#due?.from ?? null, from) ?? from, since: null }
    this.#summary = null
  }

  #addMarked(from: Position, since: string): void {
    const before = this.#marked
    const older = before?.since ?? since
    this.#marked = {
      from: lower(before?.from ?? null, from) ?? from,
      since: BigInt(since) < BigInt(older) ? since : older
    }
    this.#summary = null
  }

  get #summed(): { readonly low: Position | null; readonly names: string } {
    if (this.#summary === null) {
      const due = lower(this.#due?.from ?? null, this.#marked?.from ?? null)
      const ofOthers = lower(lower(due, this.#window), this.#everybody?.low ?? null)
      // Others than those who are named may own a row there as well: then a restart takes everybody for
      // watched (I6).
      const areNamed = ofOthers === null || (this.#everybody === null && this.#watched.size === 0)
      const names = namesText(areNamed ? this.#watched : null)
      this.#summary = { low: lower(ofOthers, this.#lowestWatched), names }
    }
    return this.#summary
  }

  #noRoom(forgotten: Position): void {
    this.#forgotten = higher(this.#forgotten, forgotten)
    // A window becomes shorter; for a transaction nothing is given up: its rows are found, others come again.
    if (this.#window === null) return
    this.#window = higher(this.#window, behind(forgotten))
    this.#summary = null
  }

  #forget(): void {
    this.#summary = null
    const { low } = this
    if (low === null) {
      this.#seen = this.#nothingSeen()
      this.#forgotten = null
      return
    }
    this.#seen.forgetUpTo(low)
    if (this.#forgotten !== null && comparePositions(this.#forgotten, low) <= 0) {
      this.#forgotten = null
    }
  }
}

function markOf({ since, readsOnly }: OpenTransaction): Mark {
  return { since: since ?? null, readsOnly: readsOnly ?? false }
}

function lower(a: Position | null, b: Position | null): Position | null {
  return a === null || b === null ? (a ?? b) : lowerPosition(a, b)
}

function higher(a: Position | null, b: Position): Position {
  return a === null || comparePositions(a, b) < 0 ? b : a
}

/** Behind all rows of a moment, some of which are not remembered. */
function behind(position: Position): Position {
  const { timestamp } = position
  if (timestamp === null) return position
  const nanos = timestamp.nanos + 1
  const next =
    nanos % 1_000_000 === 0 ? timestampOfMs(timestamp.ms + 1) : { ms: timestamp.ms, nanos }
  return { timestamp: next, reading: null, id: null }
}
