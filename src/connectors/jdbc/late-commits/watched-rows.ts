import type { OffsetMap, SourceOffset } from '../../../data/record.ts'
import { heirsOf, newSuccessors } from './commit-fences.ts'
import type { OpenTransaction } from '../database.ts'
import { type EmittedRow, SeenIds, type SeenRows, SeenVersions } from './seen-rows.ts'
import { comparePositions, type Position } from '../offsets/source-offset.ts'
import type { Mode } from '../settings/mode.ts'
import { timestampOfMs } from '../values/timestamp.ts'

/** More transactions than this are not named in an offset: after a restart all that are open then count as watched. */
const MOST_NAMED = 200
const ALL = '*'

/**
 * Rows that were emitted although an earlier one may still appear, and from where reading has to begin again to find it. Either
 * transactions are watched, and reading begins again when one of them ended; or a moving window is read again at each poll.
 */
export class WatchedRows {
  readonly #mode: Mode
  readonly #limit: number
  #seen: SeenRows
  /** Open transactions, each with the last final position before it was overtaken. */
  readonly #watched = new Map<string, Position>()
  #before: ReadonlySet<string> = new Set()
  /** As restored: whoever is open at the next look is watched. */
  #watchAllFrom: Position | null = null
  #window: Position | null = null
  #due: Position | null = null
  /** Rows up to there may be emitted twice: there was no room to remember them. */
  #forgotten: Position | null = null

  constructor(mode: Mode, limit: number) {
    this.#mode = mode
    this.#limit = limit
    this.#seen = mode === 'incrementing' ? new SeenIds(limit) : new SeenVersions(limit)
  }

  /** Goes on where a stored offset left off, whose position is given; nothing when it names no rows. */
  restore(offset: OffsetMap, position: Position): void {
    const low = offset['late_low']
    const open = offset['late_open']
    const seen = offset['late_seen']
    if (typeof low !== 'string') return
    const from = parsePosition(low)
    if (from === null) return
    const text = typeof seen === 'string' ? seen : ''
    this.#seen =
      this.#mode === 'incrementing'
        ? new SeenIds(this.#limit, text)
        : new SeenVersions(this.#limit, text, position.timestamp)
    const names = typeof open === 'string' && open !== '' ? open.split(',') : []
    if (names.includes(ALL)) this.#watchAllFrom = from
    else for (const id of names) this.#watched.set(id, from)
    // Whatever ended meanwhile, its rows are there.
    if (this.#watched.size === 0) this.#due = from
  }

  /** These are overtaken from now on. */
  watch(ids: Iterable<string>, low: Position): void {
    for (const id of ids) if (!this.#watched.has(id)) this.#watched.set(id, low)
  }

  /** Takes notice of who is still open. */
  look(open: readonly OpenTransaction[]): void {
    const now = new Set(open.map(({ id }) => id))
    if (this.#watchAllFrom !== null) {
      this.watch(now, this.#watchAllFrom)
      this.#due = lower(this.#due, this.#watchAllFrom)
      this.#watchAllFrom = null
    }
    const successors = newSuccessors(open, this.#before)
    const heirs = heirsOf(open)
    for (const [id, low] of this.#watched) {
      if (now.has(id)) continue
      this.#watched.delete(id)
      const heir = heirs.get(id)
      if (heir !== undefined) {
        this.watch([heir], low)
        continue
      }
      this.#due = lower(this.#due, low)
      this.watch(successors, low)
    }
    this.#before = now
  }

  /** Nobody can be watched any more: their rows are looked for at once, and by a window from then on. */
  watchNobody(): void {
    for (const low of this.#watched.values()) this.#due = lower(this.#due, low)
    if (this.#watchAllFrom !== null) this.#due = lower(this.#due, this.#watchAllFrom)
    this.#watched.clear()
    this.#watchAllFrom = null
  }

  /** From where rows have to be read again now; null: from nowhere. */
  get due(): Position | null {
    return this.#due
  }

  /** The window is read again, from where it began at the last poll. */
  windowDue(): void {
    if (this.#window !== null) this.#due = lower(this.#due, this.#window)
  }

  /** Where the window begins from now on, when what is due has been read. */
  moveWindow(low: Position): void {
    if (this.#window === null || comparePositions(low, this.#window) > 0) this.#window = low
    this.#forget()
  }

  /** The clock was set back: rows appear before the window. */
  lowerWindow(low: Position): void {
    if (this.#window !== null) this.#window = lower(this.#window, low)
  }

  /** There is no window any more: what it holds is looked through once more. */
  endWindow(): void {
    this.#due = lower(this.#due, this.#window)
    this.#window = null
  }

  /** What was due has been read as far as this row, which others may equal. */
  lookedUpTo({ timestamp, id }: Position): void {
    const before: Position =
      timestamp === null
        ? { timestamp, reading: null, id: id === null ? null : BigInt(id) - 1n }
        : { timestamp: timestampOfMs(timestamp.ms - 1), reading: null, id: null }
    if (this.#due !== null && comparePositions(before, this.#due) > 0) this.#due = before
  }

  /** What was due has been read to its end. */
  done(): void {
    this.#due = null
    this.#seen.fold()
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
    let low = lower(this.#due, this.#window)
    low = lower(low, this.#watchAllFrom)
    for (const other of this.#watched.values()) low = lower(low, other)
    return low
  }

  isSeen(row: EmittedRow): boolean {
    return this.#seen.has(row)
  }

  get seen(): number {
    return this.#seen.size
  }

  get forgotten(): Position | null {
    return this.#forgotten
  }

  /**
   * Remembers a row that is being emitted; answers its offset with what a restart has to know beside it. `late`: it was found by
   * reading again. `position`: what the offset says.
   */
  note(
    row: EmittedRow,
    offset: SourceOffset | null,
    position: Position,
    late: boolean
  ): SourceOffset | null {
    const low = this.low
    if (low === null || comparePositions(row.at, low) <= 0) return offset
    this.#seen.add(row, late)
    this.#makeRoom()
    if (offset === null) return null
    const text = this.#seen.textAt(position)
    return {
      ...offset,
      late_low: positionText(low),
      late_open: this.#names(),
      // Most offsets are never stored.
      get late_seen(): string {
        return text()
      }
    }
  }

  #names(): string {
    if (this.#watchAllFrom !== null || this.#watched.size > MOST_NAMED) return ALL
    return [...this.#watched.keys()].join(',')
  }

  #makeRoom(): void {
    const forgotten = this.#seen.shrink()
    if (forgotten === null) return
    this.#forgotten = forgotten
    // A window becomes shorter; for a transaction nothing is given up: its rows are found, others come again.
    if (this.#window !== null && comparePositions(forgotten, this.#window) > 0) {
      this.#window = forgotten
    }
  }

  #forget(): void {
    const { low } = this
    if (low !== null) this.#seen.forgetUpTo(low)
    else {
      this.#seen =
        this.#mode === 'incrementing' ? new SeenIds(this.#limit) : new SeenVersions(this.#limit)
      this.#forgotten = null
    }
  }
}

function lower(a: Position | null, b: Position | null): Position | null {
  if (a === null || b === null) return a ?? b
  return comparePositions(a, b) <= 0 ? a : b
}

/** Milliseconds, nanoseconds of the second, id; empty what is not known. */
function positionText({ timestamp, id }: Position): string {
  return `${timestamp?.ms ?? ''}/${timestamp?.nanos ?? ''}/${id ?? ''}`
}

function parsePosition(text: string): Position | null {
  const match = /^(-?\d*)\/(\d*)\/(-?\d*)$/.exec(text)
  if (match === null) return null
  const [, ms = '', nanos = '', id = ''] = match
  return {
    timestamp: ms === '' ? null : { ms: Number(ms), nanos: Number(nanos) },
    reading: null,
    id: id === '' ? null : BigInt(id)
  }
}
