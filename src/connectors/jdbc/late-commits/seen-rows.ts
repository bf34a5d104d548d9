import { hash } from 'node:crypto'
import type { Position } from '../positions/source-offset.ts'
import { compareTimestamps, type Timestamp } from '../values/timestamp.ts'

/** What is remembered goes into one offset, whole: below Kafka's limit of a megabyte for a record. */
export const MOST_ROWS = 100_000
const MOST_CHARACTERS = 900_000
/** Characters of a stored hash: 54 bits, so that a late row is taken for one of a hundred thousand once in 10^11 times. */
const HASH_CHARACTERS = 9

/** A row that was emitted: where it stands, and what tells it apart from others there. */
export interface EmittedRow {
  readonly at: Position
  key(): string
}

/**
 * Rows emitted behind a position from which reading may begin again, at most so many. `textAt` fixes, at no cost, what an offset has to say:
 * its text is made only when that offset is stored.
 */
export interface SeenRows {
  has(row: EmittedRow): boolean
  /**
   * `late`: it stands before rows that were added already. Answers up to where rows were forgotten to make room; a late row never makes the
   * others go, which are about to be met: it is not remembered itself.
   */
  add(row: EmittedRow, late: boolean): Position | null
  /** Rows up to there are never asked for again. */
  forgetUpTo(low: Position): void
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
  /** In order; those before `#first` are forgotten. Only the last one grows in place: offsets on their way look at this list. */
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
    if (late) return this.#insert(id) ? null : at
    const last = this.size === 0 ? undefined : this.#ranges.at(-1)
    if (last !== undefined && id === last.to + 1n) last.to = id
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

  /** Whether there is room for an id before others. */
  #insert(id: bigint): boolean {
    const place = this.#behind(id)
    const before = place > this.#first ? this.#ranges[place - 1] : undefined
    const after = this.#ranges[place]
    if (before !== undefined && id <= before.to) return true
    const joinsBefore = before !== undefined && before.to + 1n === id
    const joinsAfter = after !== undefined && id + 1n === after.from
    if (!joinsBefore && !joinsAfter && this.size >= this.#limit) return false
    const range = { from: joinsBefore ? before.from : id, to: joinsAfter ? after.to : id }
    const [at, gone] = [joinsBefore ? place - 1 : place, Number(joinsBefore) + Number(joinsAfter)]
    this.#ranges = this.#ranges.toSpliced(at, gone, range)
    return true
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

/** Each range by its distance from the one before, and its length if it is longer than one: in hexadecimal digits. */
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

/** Versions of rows by a hash of what tells them apart. */
export class SeenVersions implements SeenRows {
  readonly #limit: number
  /** In the order of emission: nearly that of time. What stands before `#first` is forgotten. */
  #hashes: string[] = []
  #times: Timestamp[] = []
  #first = 0
  /** So many are out of an offset, which does not say their times: at most that of its position. */
  #restored = 0
  readonly #set = new Set<string>()

  constructor(limit: number, text = '', at: Timestamp | null = null) {
    this.#limit = Math.min(limit, MOST_ROWS)
    if (at === null) return
    for (let from = 0; from + HASH_CHARACTERS <= text.length; from += HASH_CHARACTERS) {
      this.#append(text.slice(from, from + HASH_CHARACTERS), at)
    }
    this.#restored = this.#hashes.length
  }

  get size(): number {
    return this.#set.size
  }

  has(row: EmittedRow): boolean {
    return this.#set.has(hashOf(row))
  }

  add(row: EmittedRow, late: boolean): Position | null {
    const { timestamp } = row.at
    if (timestamp === null) return null
    if (late && this.#set.size >= this.#limit) return row.at
    this.#append(hashOf(row), timestamp)
    let last: Timestamp | null = null
    while (this.#set.size > this.#limit) last = later(last, this.#drop())
    return last === null ? null : { timestamp: last, reading: null, id: null }
  }

  forgetUpTo({ timestamp }: Position): void {
    if (timestamp === null) return
    for (let at = this.#times[this.#first]; at !== undefined; at = this.#times[this.#first]) {
      // Rows of the very moment may stand behind the position by their ids.
      if (compareTimestamps(at, timestamp) >= 0) break
      this.#drop()
    }
  }

  textAt(): () => string {
    const [hashes, from, to] = [this.#hashes, this.#first, this.#hashes.length]
    return () => hashes.slice(from, to).join('')
  }

  #append(hashed: string, at: Timestamp): void {
    if (this.#set.has(hashed)) return
    this.#set.add(hashed)
    this.#hashes.push(hashed)
    this.#times.push(at)
  }

  /** The first of them, and its time if that is known (I6: one too late would end a window too soon); into new lists now and then: offsets on their way keep the old ones. */
  #drop(): Timestamp | null {
    const at = this.#first < this.#restored ? null : (this.#times[this.#first] ?? null)
    this.#set.delete(this.#hashes[this.#first] ?? '')
    this.#first += 1
    if (this.#first >= 1024 && this.#first * 2 > this.#hashes.length) {
      this.#hashes = this.#hashes.slice(this.#first)
      this.#times = this.#times.slice(this.#first)
      this.#restored -= this.#first
      this.#first = 0
    }
    return at
  }
}

function later(a: Timestamp | null, b: Timestamp | null): Timestamp | null {
  if (a === null || b === null) return a ?? b
  return compareTimestamps(a, b) >= 0 ? a : b
}

function hashOf(row: EmittedRow): string {
  return hash('sha256', row.key(), 'base64url').slice(0, HASH_CHARACTERS)
}
