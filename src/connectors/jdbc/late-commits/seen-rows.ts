import { hash } from 'node:crypto'
import type { Position } from '../offsets/source-offset.ts'
import { compareTimestamps, type Timestamp } from '../values/timestamp.ts'

/** Longest part of a list that goes into one offset: below Kafka's limit of a megabyte for a record. */
const MOST_STORED = 20_000
/** Characters of a stored hash: 66 bits, so that two of a hundred thousand rows agree once in ten billion times. */
const HASH_CHARACTERS = 11

/** A row that was emitted: where it stands, and what tells it apart from others there. */
export interface EmittedRow {
  readonly at: Position
  key(): string
}

/**
 * Rows emitted behind a position from which reading may begin again. At most so many are kept; `shrink` then forgets the first ones.
 * `textAt` fixes, at no cost, what an offset has to say: its text is made only when that offset is stored.
 */
export interface SeenRows {
  has(row: EmittedRow): boolean
  /** `late`: it stands before rows that were added already. */
  add(row: EmittedRow, late: boolean): void
  /** No more late rows come for now. */
  fold(): void
  /** Rows up to there are never asked for again. */
  forgetUpTo(low: Position): void
  /** Forgets rows beyond the limit; answers up to where, null when there was room. */
  shrink(): Position | null
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
  #ranges: Range[] = []
  #late: bigint[] = []
  #lateSet = new Set<bigint>()

  constructor(limit: number, text = '') {
    this.#limit = limit
    for (const part of text === '' ? [] : text.split(',')) {
      const [from = '', to = from] = part.split(':')
      this.#ranges.push({ from: BigInt(from), to: BigInt(to) })
    }
  }

  get size(): number {
    return this.#ranges.length + this.#late.length
  }

  has({ at }: EmittedRow): boolean {
    const id = idOf(at)
    if (this.#lateSet.has(id)) return true
    let low = 0
    let high = this.#ranges.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const range = this.#ranges[middle]
      if (range === undefined || id < range.from) high = middle - 1
      else if (id > range.to) low = middle + 1
      else return true
    }
    return false
  }

  add({ at }: EmittedRow, late: boolean): void {
    const id = idOf(at)
    if (late) {
      this.#late.push(id)
      this.#lateSet.add(id)
      return
    }
    const last = this.#ranges.at(-1)
    if (last !== undefined && id === last.to + 1n) last.to = id
    else if (last === undefined || id > last.to) this.#ranges.push({ from: id, to: id })
  }

  fold(): void {
    if (this.#late.length === 0) return
    const all = [...this.#ranges, ...this.#late.map((id) => ({ from: id, to: id }))]
    this.#ranges = joined(all)
    this.#late = []
    this.#lateSet = new Set()
  }

  forgetUpTo(low: Position): void {
    if (low.id === null) return
    const id = BigInt(low.id)
    const keep = this.#ranges.findIndex((range) => range.to > id)
    if (keep !== 0) this.#ranges = keep < 0 ? [] : this.#ranges.slice(keep)
  }

  shrink(): Position | null {
    if (this.#ranges.length <= this.#limit) return null
    const drop = this.#ranges.length - Math.floor(this.#limit * 0.9)
    const last = this.#ranges[drop - 1]
    this.#ranges = this.#ranges.slice(drop)
    return last === undefined ? null : { timestamp: null, reading: null, id: last.to }
  }

  textAt(position: Position): () => string {
    const [ranges, late, lateCount] = [this.#ranges, this.#late, this.#late.length]
    return () => {
      // What was added since stands behind the position, and is left out.
      const end = BigInt(position.id ?? 0)
      const until = ranges.filter(({ from }) => from <= end)
      const cut = until.map(({ from, to }) => ({ from, to: to > end ? end : to }))
      const all = joined([...cut, ...late.slice(0, lateCount).map((id) => ({ from: id, to: id }))])
      return all
        .slice(-MOST_STORED)
        .map(({ from, to }) => (from === to ? `${from}` : `${from}:${to}`))
        .join(',')
    }
  }
}

function idOf({ id }: Position): bigint {
  if (id === null) throw new TypeError('A row without an id')
  return BigInt(id)
}

function joined(ranges: Range[]): Range[] {
  ranges.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  const merged: Range[] = []
  for (const { from, to } of ranges) {
    const last = merged.at(-1)
    if (last === undefined || from > last.to + 1n) merged.push({ from, to })
    else if (to > last.to) last.to = to
  }
  return merged
}

/** Versions of rows by a hash of what tells them apart. */
export class SeenVersions implements SeenRows {
  readonly #limit: number
  /** In the order of emission: nearly that of time. What stands before `#from` is forgotten. */
  #hashes: string[] = []
  #times: Timestamp[] = []
  #from = 0
  readonly #set = new Set<string>()

  constructor(limit: number, text = '', at: Timestamp | null = null) {
    this.#limit = limit
    if (at === null) return
    for (let from = 0; from + HASH_CHARACTERS <= text.length; from += HASH_CHARACTERS) {
      this.#append(text.slice(from, from + HASH_CHARACTERS), at)
    }
  }

  get size(): number {
    return this.#set.size
  }

  has(row: EmittedRow): boolean {
    return this.#set.has(hashOf(row))
  }

  add(row: EmittedRow): void {
    const { timestamp } = row.at
    if (timestamp !== null) this.#append(hashOf(row), timestamp)
  }

  fold(): void {
    // A late version stands where it was emitted.
  }

  forgetUpTo({ timestamp }: Position): void {
    if (timestamp === null) return
    for (; this.#from < this.#hashes.length; this.#from++) {
      const at = this.#times[this.#from]
      // Rows of the very moment may stand behind the position by their ids.
      if (at !== undefined && compareTimestamps(at, timestamp) >= 0) break
      this.#set.delete(this.#hashes[this.#from] ?? '')
    }
    this.#compact()
  }

  shrink(): Position | null {
    if (this.#set.size <= this.#limit) return null
    const keep = Math.floor(this.#limit * 0.9)
    let last: Timestamp | null = null
    for (; this.#set.size > keep && this.#from < this.#hashes.length; this.#from++) {
      this.#set.delete(this.#hashes[this.#from] ?? '')
      const at = this.#times[this.#from] ?? null
      if (last === null || (at !== null && compareTimestamps(at, last) > 0)) last = at
    }
    this.#compact()
    return last === null ? null : { timestamp: last, reading: null, id: null }
  }

  textAt(): () => string {
    const [hashes, from, to] = [this.#hashes, this.#from, this.#hashes.length]
    return () => hashes.slice(Math.max(from, to - MOST_STORED), to).join('')
  }

  #append(hashed: string, at: Timestamp): void {
    if (this.#set.has(hashed)) return
    this.#set.add(hashed)
    this.#hashes.push(hashed)
    this.#times.push(at)
  }

  /** Into new lists: offsets on their way keep the old ones. */
  #compact(): void {
    if (this.#from < 1024 || this.#from * 2 < this.#hashes.length) return
    this.#hashes = this.#hashes.slice(this.#from)
    this.#times = this.#times.slice(this.#from)
    this.#from = 0
  }
}

function hashOf(row: EmittedRow): string {
  return hash('sha256', row.key(), 'base64url').slice(0, HASH_CHARACTERS)
}
