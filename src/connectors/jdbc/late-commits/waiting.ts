import type { Clock } from '../../../clock.ts'
import { CommitFences } from './commit-fences.ts'
import type { Connection, OpenTransaction } from '../database/database.ts'
import type { LateMemory } from './late-memory.ts'
import type { LookBackWindow } from './look-back-window.ts'
import type { Look, TransactionSight } from './transaction-sight.ts'
import type { Position } from '../positions/source-offset.ts'
import type { TableSettings } from '../settings/table-settings.ts'
import type { Timestamp } from '../values/timestamp.ts'

/** Between two looks at transactions that hold rows back. */
const SHORTEST_NAP_MS = 50
const LONGEST_NAP_MS = 1000
/** How long rows wait for a transaction that has only read so far: it may be a report, or a backup. */
const READER_WAIT_MS = 1000

type Id = number | bigint

/** What waiting has come to. */
export interface Found {
  readonly open: readonly OpenTransaction[]
  /** Anything that was waited for has ended. */
  readonly ended: boolean
  /** When to look again, if the database says so. */
  readonly laterMs: number | null
}

/**
 * Whom the rows of a table wait for: those who were open when a border was taken, until they end or it took
 * too long.
 */
export class Waiting {
  readonly fences = new CommitFences<Timestamp | Id>()
  readonly #sight: TransactionSight
  readonly #memory: LateMemory
  readonly #window: LookBackWindow
  readonly #settings: TableSettings
  readonly #clock: Clock
  #open: readonly OpenTransaction[] = []

  constructor(
    parts: {
      readonly sight: TransactionSight
      readonly memory: LateMemory
      readonly window: LookBackWindow
    },
    settings: TableSettings,
    clock: Clock
  ) {
    this.#sight = parts.sight
    this.#memory = parts.memory
    this.#window = parts.window
    this.#settings = settings
    this.#clock = clock
  }

  /**
   * Looks who is open. A watched transaction that is not open any more has ended; when the level changes what
   * was waited for is forgotten.
   */
  async look(connection: Connection, notBeforeMs = 0): Promise<Found> {
    const sawBefore = this.#sight.sees
    const look = await this.#sight.look(connection, notBeforeMs)
    if (sawBefore !== this.#sight.sees) this.fences.clear()
    if (look.kind === 'later') return { open: [], ended: false, laterMs: look.inMs }
    if (look.kind === 'unseen') {
      this.#memory.lookForWatched()
      return { open: [], ended: true, laterMs: null }
    }
    if (!sawBefore) this.#tieWindow()
    return this.#seen(look)
  }

  /** Goes on without those waited for too long; from then on they are watched. */
  overtake(lowOf: (ageMs: number | null) => Position): void {
    const { maxWaitMs } = this.#settings.lateCommits
    const nowMs = this.#clock.monotonicMs()
    const overdue = new Set(this.fences.waitingSince(nowMs - maxWaitMs))
    const forReaders = this.fences.waitingSince(nowMs - Math.min(maxWaitMs, READER_WAIT_MS))
    for (const transaction of this.#open) {
      const { id, ageMs, readsOnly } = transaction
      if (readsOnly === true && forReaders.has(id)) overdue.add(id)
      if (overdue.has(id)) this.#memory.watch(transaction, lowOf(ageMs))
    }
    this.fences.giveUp(overdue)
  }

  get napMs(): number {
    const waited = this.#clock.monotonicMs() - (this.fences.oldestAtMs ?? 0)
    const longest = Math.max(
      SHORTEST_NAP_MS,
      Math.min(LONGEST_NAP_MS, this.#settings.pollIntervalMs)
    )
    return Math.min(longest, Math.max(SHORTEST_NAP_MS, waited / 4))
  }

  /** The transactions that hold rows back. */
  get holding(): readonly OpenTransaction[] {
    const { pending } = this.fences
    return this.#open.filter(({ id }) => pending.has(id))
  }

  #seen({ open, atMs }: Extract<Look, { kind: 'seen' }>): Found {
    this.#open = open
    this.#memory.look(open, atMs)
    const waitedFor = open.filter(({ id }) => !this.#memory.isWatched(id))
    return { open: waitedFor, ended: this.fences.sample(waitedFor, atMs), laterMs: null }
  }

  /** Rows went out while nobody could be seen: those open now may still commit some before them. */
  #tieWindow(): void {
    this.#memory.tieWindow(this.#sight.hasWindow)
    if (!this.#sight.hasWindow) this.#window.end()
  }
}

/** The longest of their ages; null: nobody is open, or one of whom nothing can be said. */
export function oldestOf(open: readonly OpenTransaction[]): number | null {
  let oldest: number | null = null
  for (const { ageMs } of open) {
    if (ageMs === null) return null
    oldest = Math.max(oldest ?? 0, ageMs)
  }
  return oldest
}
