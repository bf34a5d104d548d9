import type { Clock } from '../../../clock.ts'
import type { Connection, OpenTransaction, OpenTransactions } from '../database/database.ts'
import {
  configuredLevel,
  degradedLevel,
  type Level,
  transactionsLevel
} from './late-commit-level.ts'
import type { QueryShape } from '../queries/bound-query.ts'
import type { TableSettings } from '../settings/table-settings.ts'
import type { Timestamp } from '../values/timestamp.ts'

/** Longest time for which what one table has asked serves others that are due. */
const SHARED_MS = 100
/** After so many answers in a row that it cannot be said now, and the longest wait, it cannot be said. */
const MOST_LATERS = 10
/** Between two attempts to see transactions again. */
const SHORTEST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000

/** The database's present, read between two moments of the monotonic clock. */
export interface Present {
  readonly now: Timestamp & { readonly hasZone: boolean }
  readonly askedAtMs: number
  readonly atMs: number
}

/** The transactions that were open at or after a moment of the monotonic clock. */
interface Sample {
  readonly atMs: number
  readonly source: string
  readonly open: readonly OpenTransaction[]
}

/**
 * What was last asked over a connection, by whichever table: the present first, which is a border for all of
 * them, then who is open.
 */
const shared = new WeakMap<Connection, { present: Present | null; sample: Sample | null }>()

export type Look =
  | { readonly kind: 'seen'; readonly open: readonly OpenTransaction[]; readonly atMs: number }
  | { readonly kind: 'later'; readonly inMs: number }
  | { readonly kind: 'unseen' }

/** `blindSinceMs`: since when nobody could be seen; null: not known to be so. */
type State =
  | { readonly kind: 'configured' | 'seeing' }
  | { readonly kind: 'unasked'; readonly blindSinceMs: number | null }
  | {
      readonly kind: 'blind'
      readonly blindSinceMs: number
      readonly askAtMs: number
      readonly pauseMs: number
    }

/**
 * Whether open transactions can be seen, and so which level is in force.
 *
 * - *unasked*: entered by `connect`, for each connection anew; the level is still the one before.
 * - *configured*: entered by `connect` and `giveUp`; nobody has to be asked.
 * - *seeing*: entered by `look`, with an answer that shows who is open.
 * - *blind*: entered by `look`, when that is refused, or was not possible for long. It is asked again after a
 *   pause that grows, so that an answer that was wrong once, or a privilege that came late, has the level
 *   rise again.
 */
export class TransactionSight {
  readonly #settings: TableSettings
  readonly #clock: Clock
  readonly #onLevel: (level: Level) => void
  #state: State = { kind: 'unasked', blindSinceMs: null }
  #level: Level | null = null
  #connection: Connection | null = null
  #present: Present | null = null
  #sample: Sample | null = null
  /** Before which no transaction of the sample was there; null: not known. */
  #beganAfterMs: ReadonlyMap<string, number | null> = new Map()
  #laters: { readonly sinceMs: number; count: number } | null = null

  constructor(settings: TableSettings, clock: Clock, onLevel: (level: Level) => void) {
    this.#settings = settings
    this.#clock = clock
    this.#onLevel = onLevel
  }

  get level(): Level | null {
    return this.#level
  }

  /** Whether the level in force waits for transactions. */
  get sees(): boolean {
    return this.#level?.name.startsWith('transactions') ?? false
  }

  get hasWindow(): boolean {
    return this.#level?.name.endsWith('window') ?? false
  }

  /** Since when nobody could be seen, over whichever connection; null: not known to be so. */
  get blindSinceMs(): number | null {
    return 'blindSinceMs' in this.#state ? this.#state.blindSinceMs : null
  }

  get isConfigured(): boolean {
    return this.#state.kind === 'configured'
  }

  /** Whether nothing can be decided before it was asked who is open, or that may be tried again. */
  get isDue(): boolean {
    const { kind } = this.#state
    if (kind !== 'blind') return kind === 'unasked'
    return this.#clock.monotonicMs() >= this.#state.askAtMs
  }

  connect(connection: Connection, shape: QueryShape): void {
    if (connection === this.#connection) return
    this.#connection = connection
    const level = configuredLevel(this.#settings, shape)
    const { blindSinceMs } = this
    this.#state = level === null ? { kind: 'unasked', blindSinceMs } : { kind: 'configured' }
    if (level !== null) this.#setLevel(level)
  }

  /** The database's clock; what another table has just read there serves too, not what this one has used. */
  async present(connection: Connection): Promise<Present> {
    const known = sharedOf(connection)
    if (!this.#isFresh(known.present, this.#present)) {
      const askedAtMs = this.#clock.monotonicMs()
      const now = await connection.now()
      known.present = { now, askedAtMs, atMs: this.#clock.monotonicMs() }
    }
    this.#present = known.present
    return known.present
  }

  /**
   * The transactions that are open now, after `notBeforeMs`; or, where that cannot be said at once, those
   * that were when another table asked.
   */
  async look(connection: Connection, notBeforeMs: number): Promise<Look> {
    const known = sharedOf(connection)
    const { sample } = known
    if (this.#isFresh(sample, this.#sample) && sample.atMs >= notBeforeMs) return this.#see(sample)
    const atMs = this.#clock.monotonicMs()
    const found = await askWhoIsOpen(connection)
    if (found.answer === 'seen') {
      known.sample = { ...found, atMs }
      return this.#see(known.sample)
    }
    if (found.answer === 'unseen') return this.#goBlind(found.why)
    this.#laters ??= { sinceMs: atMs, count: 0 }
    this.#laters.count += 1
    const isLong = atMs - this.#laters.sinceMs > this.#settings.lateCommits.maxWaitMs
    if (isLong && this.#laters.count >= MOST_LATERS) return this.#goBlind(found.why)
    if (this.#state.kind !== 'blind' && known.sample !== null && known.sample !== this.#sample) {
      return this.#see(known.sample)
    }
    return { kind: 'later', inMs: found.inMs }
  }

  /** Something else that waiting takes is refused, and will be over this connection. */
  giveUp(why: string): void {
    this.#state = { kind: 'configured' }
    this.#setLevel(degradedLevel(why, this.#settings.lateCommits.windowMs))
  }

  #see(sample: Sample): Look {
    // A transaction that was not there the last time has begun since.
    const before = this.#beganAfterMs
    const last = this.#sample?.atMs ?? null
    const after = ({ id, was = id }: OpenTransaction): number | null => {
      const known = before.get(id) ?? before.get(was)
      return known === undefined ? last : known
    }
    this.#beganAfterMs = new Map(
      sample.open.map((transaction) => [transaction.id, after(transaction)])
    )
    const open = sample.open.map((transaction) => {
      const sinceMs = this.#beganAfterMs.get(transaction.id) ?? null
      const ageMs = transaction.ageMs ?? (sinceMs === null ? null : sample.atMs - sinceMs)
      return { ...transaction, ageMs }
    })
    this.#sample = sample
    this.#laters = null
    this.#state = { kind: 'seeing' }
    const { guard } = this.#settings.lateCommits
    this.#setLevel(transactionsLevel(sample.source, guard === 'both'))
    return { kind: 'seen', open, atMs: sample.atMs }
  }

  #goBlind(why: string): Look {
    const nowMs = this.#clock.monotonicMs()
    const before = this.#state.kind === 'blind' ? this.#state.pauseMs * 2 : SHORTEST_PAUSE_MS
    const pauseMs = Math.min(before, LONGEST_PAUSE_MS)
    this.#laters = null
    const blindSinceMs = this.blindSinceMs ?? nowMs
    this.#state = { kind: 'blind', blindSinceMs, askAtMs: nowMs + pauseMs, pauseMs }
    this.#setLevel(degradedLevel(why, this.#settings.lateCommits.windowMs))
    return { kind: 'unseen' }
  }

  #setLevel(level: Level): void {
    const before = this.#level
    this.#level = level
    if (before?.name !== level.name || before.why !== level.why) this.#onLevel(level)
  }

  #isFresh<T extends { readonly atMs: number }>(known: T | null, own: T | null): known is T {
    const shareMs = Math.min(SHARED_MS, this.#settings.pollIntervalMs / 2)
    return known !== null && known !== own && this.#clock.monotonicMs() - known.atMs < shareMs
  }
}

function sharedOf(connection: Connection): { present: Present | null; sample: Sample | null } {
  const known = shared.get(connection) ?? { present: null, sample: null }
  shared.set(connection, known)
  return known
}

async function askWhoIsOpen(connection: Connection): Promise<OpenTransactions> {
  if (connection.openTransactions !== undefined) return await connection.openTransactions()
  return { answer: 'unseen', why: `${connection.dialect.displayName} has no way to show them` }
}
