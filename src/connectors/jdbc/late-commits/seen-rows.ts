import { hash } from 'node:crypto'
import type { Position } from '../positions/source-offset.ts'
import { compareTimestamps, type Timestamp } from '../values/timestamp.ts'

/** What is remembered goes into one offset, whole: below Kafka's limit of a megabyte for a record. */
const MOST_ROWS = 100_000
const MOST_CHARACTERS = 900_000
/**
 * Characters of a stored hash: 54 bits, so that a late row is taken for one of a hundred thousand once in
 * 10^11 times.
 */
const HASH_CHARACTERS = 9

/** A row that was emitted: where it stands, and what tells it apart from others there. */
export interface EmittedRow {
  readonly at: Position
  key(): string
}

/**
 * Rows emitted behind a position from which reading may begin again, at most so many. `textAt` fixes, at no
 * cost, what an offset has to say: its text is made only when that offset is stored.
 */
export interface SeenRows {
  has(row: EmittedRow): boolean
  /**
   * `late`: it stands before rows that were added already. Answers up to where rows were forgotten to make
   * room: the first ones in the order, be it this one; a look back does not meet them any more.
   */
  add(row: EmittedRow, late: boolean): Position | null
  /** Rows up to there are never asked for again. */
  forgetUpTo(low: Position): void
  /** Reading goes back to there: what stands behind it is read, and emitted, again. */
  forgetBehind(position: Position): void
  textAt(position: Position): () => string
  readonly size: number
}

interface Range {
  readonly from: bigint
  to: bigint
}

/** Ids without gaps take no more room than one. */
export class SeenIds implements SeenRows {
  readonly #limit: number
  /**
   * In order; those before `#first` are forgotten. Only the last one grows in place: offsets on their way
   * look at this list.
   */
  #ranges: Range[]
  #first = 0

  constructor(limit: number, text = '') {
    this.#limit = Math.min(limit, MOST_ROWS)
    this.#ranges = rangesOf(text)
  }

  get size(): number {
    return this.#ranges.length - this.#first
  }

  has({ at }: EmittedRow): boolean {
    const id = idOf(at)
    const place = this.#behind(id)
    return place > this.#first && id <= (this.#ranges[place - 1]?.to ?? id)
  }

  add({ at }: EmittedRow, late: boolean): Position | null {
    const id = idOf(at)
    const last = this.size === 0 ? undefined : this.#ranges.at(-1)
    if (late) this.#insert(id)
    else if (last !== undefined && id === last.to + 1n) last.to = id
    else if (last === undefined || id > last.to) this.#ranges.push({ from: id, to: id })
    let forgotten: Position | null = null
    while (!this.#fits()) {
      const range = this.#ranges[this.#first++]
      if (range === undefined) break
      forgotten = { timestamp: null, reading: null, id: range.to }
    }
    this.#compact()
    return forgotten
  }

  forgetUpTo(low: Position): void {
    if (low.id === null) return
    const id = BigInt(low.id)
    while (this.size > 0 && (this.#ranges[this.#first]?.to ?? id) <= id) this.#first += 1
    this.#compact()
  }

  forgetBehind({ id }: Position): void {
    if (id === null) return
    const end = BigInt(id)
    this.#ranges = this.#ranges
      .slice(this.#first)
      .filter(({ from }) => from <= end)
      .map(({ from, to }) => ({ from, to: to > end ? end : to }))
    this.#first = 0
  }

  textAt({ id }: Position): () => string {
    const [ranges, first] = [this.#ranges, this.#first]
    return () => {
      // What was added since stands behind the position, and is left out.
      const end = BigInt(id ?? 0)
      const until = ranges.slice(first).filter(({ from }) => from <= end)
      return rangesText(until.map(({ from, to }) => ({ from, to: to > end ? end : to })))
    }
  }

  /** The place of the first range that begins behind this id. */
  #behind(id: bigint): number {
    let [low, high] = [this.#first, this.#ranges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ranges[middle]?.from ?? 0n) > id) high = middle
      else low = middle + 1
    }
    return low
  }

  #insert(id: bigint): void {
    const place = this.#behind(id)
    const before = place > this.#first ? this.#ranges[place - 1] : undefined
    const after = this.#ranges[place]
    if (before !== undefined && id <= before.to) return
    const joinsBefore = before !== undefined && before.to + 1n === id
    const joinsAfter = after !== undefined && id + 1n === after.from
    const range = { from: joinsBefore ? before.from : id, to: joinsAfter ? after.to : id }
    const [at, gone] = [joinsBefore ? place - 1 : place, Number(joinsBefore) + Number(joinsAfter)]
    this.#ranges = this.#ranges.toSpliced(at, gone, range)
  }

  /** Whether as many ranges, evenly spread and so with the longest text, fit into an offset. */
  #fits(): boolean {
    const { size } = this
    if (size > this.#limit) return false
    if (size < MOST_CHARACTERS / 40) return true
    const span = (this.#ranges.at(-1)?.to ?? 0n) - (this.#ranges[this.#first]?.from ?? 0n)
    const digits = (span / BigInt(size)).toString(16).length
    return size * (2 * digits + 2) <= MOST_CHARACTERS
  }

  #compact(): void {
    if (this.#first < 1024 || this.#first * 2 < this.#ranges.length) return
    this.#ranges = this.#ranges.slice(this.#first)
    this.#first = 0
  }
}

function idOf({ id }: Position): bigint {
  if (id === null) throw new TypeError('A row without an id')
  return BigInt(id)
}

/**
 * Each range by its distance from the one before, and its length if it is longer than one: in hexadecimal
 * digits.
 */
function rangesText(ranges: readonly Range[]): string {
  let before = 0n
  const parts = ranges.map(({ from, to }) => {
    const gap = (from - before).toString(16)
    before = to
    return from === to ? gap : `${gap}:${(to - from).toString(16)}`
  })
  return parts.join(',')
}

function rangesOf(text: string): Range[] {
  if (!/^(?:-?[\da-f]+(?::[\da-f]+)?(?:,|$))*$/.test(text)) return []
  const hex = (digits: string): bigint =>
    digits.startsWith('-') ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`)
  let before = 0n
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [gap = '0', length = '0'] = part.split(':')
      const from = before + hex(gap)
      before = from + hex(length)
      return { from, to: before }
    })
}

/**
 * A version of a row by a hash of what tells it apart, and its time; null: out of an offset, which does not
 * say it, and not met yet.
 */
interface Seen {
  readonly hashed: string
  at: Timestamp | null
}

/** Rows in the order of their times, which come at one end and go at the other. */
class Stretch {
  /** What stands before `#first` is gone. */
  #rows: Seen[]
  #first = 0

  constructor(rows: Seen[] = []) {
    this.#rows = rows
  }

  get head(): Seen | undefined {
    return this.#rows[this.#first]
  }

  get last(): Seen | undefined {
    return this.head === undefined ? undefined : this.#rows.at(-1)
  }

  push(row: Seen): void {
    this.#rows.push(row)
  }

  /** Into a new list now and then: offsets on their way keep the old one. */
  shift(): void {
    this.#first += 1
    if (this.#first < 1024 || this.#first * 2 < this.#rows.length) return
    this.#rows = this.#rows.slice(this.#first)
    this.#first = 0
  }

  /** The rows that are in it now, whenever they are asked for. */
  fixed(): () => Seen[] {
    const [rows, from, to] = [this.#rows, this.#first, this.#rows.length]
    return () => rows.slice(from, to)
  }
}

/**
 * Versions of rows: where there is no room the oldest one goes, be it that which comes. An offset does not
 * say their times; they are known when a look back meets those rows again, in their order. When one was met,
 * those before it that were not have changed since: they can go at no cost.
 */
export class SeenVersions implements SeenRows {
  readonly #limit: number
  readonly #known = new Map<string, Seen>()
  /** Rows as they were read, and those that a look back found among them. */
  #inOrder = new Stretch()
  #late = new Stretch()
  /** No row out of the offset has a later time. */
  readonly #latest: Timestamp | null
  /** There are rows out of an offset, and none was met yet. */
  #unmet = false

  constructor(limit: number, text = '', at: Timestamp | null = null) {
    this.#limit = Math.min(limit, MOST_ROWS)
    this.#latest = at
    if (at === null) return
    for (let from = 0; from + HASH_CHARACTERS <= text.length; from += HASH_CHARACTERS) {
      const hashed = text.slice(from, from + HASH_CHARACTERS)
      if (!this.#known.has(hashed)) this.#add(this.#inOrder, { hashed, at: null })
    }
    this.#unmet = this.size > 0
  }

  get size(): number {
    return this.#known.size
  }

  has(row: EmittedRow): boolean {
    const seen = this.#known.get(hashOf(row))
    if (seen === undefined) return false
    if (seen.at === null) {
      seen.at = row.at.timestamp
      this.#unmet = false
    }
    return true
  }

  add(row: EmittedRow, late: boolean): Position | null {
    const { timestamp } = row.at
    if (timestamp === null) return null
    const hashed = hashOf(row)
    if (!this.#known.has(hashed)) {
      if (late && this.size >= this.#limit && this.#isAheadOfAll(timestamp)) return row.at
      this.#place({ hashed, at: timestamp })
    }
    let last: Timestamp | null = null
    while (this.size > this.#limit) last = this.#drop() ?? last
    return last === null ? null : { timestamp: last, reading: null, id: null }
  }

  forgetUpTo({ timestamp }: Position): void {
    if (timestamp === null) return
    // Rows of the very moment may stand behind the position by their ids.
    while (isBefore(this.#timeOf(this.#first.head), timestamp)) this.#drop()
  }

  forgetBehind({ timestamp }: Position): void {
    const rows = merged(this.#inOrder.fixed()(), this.#late.fixed()())
    this.#known.clear()
    this.#inOrder = new Stretch()
    this.#late = new Stretch()
    for (const row of rows) if (!isBefore(timestamp, row.at)) this.#add(this.#inOrder, row)
  }

  textAt(): () => string {
    const [inOrder, late] = [this.#inOrder.fixed(), this.#late.fixed()]
    return () =>
      merged(inOrder(), late())
        .map(({ hashed }) => hashed)
        .join('')
  }

  /**
   * Whether a row that a look back found stands before all that are remembered. Those of its own moment may
   * still have to be met: did it displace them, they would be sent again as well, and each displace another.
   */
  #isAheadOfAll(at: Timestamp): boolean {
    const first = this.#first.head?.at ?? null
    return this.#unmet || (first !== null && !isBefore(first, at))
  }

  #place(row: Seen): void {
    if (!isBefore(row.at, this.#timeOf(this.#inOrder.last))) return this.#add(this.#inOrder, row)
    // The next look back begins before the last one ended.
    if (isBefore(row.at, this.#timeOf(this.#late.last))) {
      this.#inOrder = new Stretch(merged(this.#inOrder.fixed()(), this.#late.fixed()()))
      this.#late = new Stretch()
    }
    this.#add(this.#late, row)
  }

  #add(stretch: Stretch, row: Seen): void {
    this.#known.set(row.hashed, row)
    stretch.push(row)
  }

  /** The oldest of them, and its time if that is known (I6: one too late would end a window too soon). */
  #drop(): Timestamp | null {
    const stretch = this.#first
    const { head } = stretch
    if (head === undefined) return null
    stretch.shift()
    this.#known.delete(head.hashed)
    return head.at
  }

  /** The one that begins with the oldest row. */
  get #first(): Stretch {
    const [{ head }, late] = [this.#inOrder, this.#late.head]
    const isLate = head === undefined || (late !== undefined && isBefore(late.at, head.at))
    return isLate ? this.#late : this.#inOrder
  }

  #timeOf(row: Seen | undefined): Timestamp | null {
    return row === undefined ? null : (row.at ?? this.#latest)
  }
}

/** Both in the order of their times; a row whose time is not known stays before the one behind it. */
function merged(inOrder: readonly Seen[], late: readonly Seen[]): Seen[] {
  const all: Seen[] = []
  let next = 0
  for (const row of inOrder) {
    for (let other = late[next]; other !== undefined && isBefore(other.at, row.at); ) {
      all.push(other)
      other = late[++next]
    }
    all.push(row)
  }
  return [...all, ...late.slice(next)]
}

function isBefore(a: Timestamp | null, b: Timestamp | null): boolean {
  return a !== null && b !== null && compareTimestamps(a, b) < 0
}

function hashOf(row: EmittedRow): string {
  return hash('sha256', row.key(), 'base64url').slice(0, HASH_CHARACTERS)
}
