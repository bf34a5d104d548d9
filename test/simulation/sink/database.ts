import type {
  WriteErrorClass,
  WriteOperation
} from '../../../src/connectors/jdbc/database/writing.ts'
import type { Timeline } from './timeline.ts'

/** A row of the one table there is; null columns are absent. */
export type Row = Readonly<Record<string, unknown>>

/** A statement of a transaction on one row. */
interface RowStatement {
  readonly operation: WriteOperation
  readonly key: string
  readonly values: Row
}

/** What the server says no to. */
export class Refusal extends Error {
  readonly errorClass: WriteErrorClass

  constructor(errorClass: WriteErrorClass, text: string) {
    super(text)
    this.errorClass = errorClass
  }
}

/** Where the rows of one connector's partition have got to, and whose it is. */
export interface Position {
  readonly nextOffset: number | null
  readonly epoch: number
  readonly owner: string | null
}

/** A position that a transaction has moved. */
interface Step {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/**
 * What a transaction has changed so far: rows by key (null: gone), rows that were appended, and positions.
 */
interface Changes {
  readonly rows: Map<string, Row | null>
  readonly appended: Row[]
  readonly positions: Map<number, Position>
}

interface Waiting {
  readonly transaction: Transaction
  readonly key: string
  readonly goOn: () => void
  readonly giveUp: (refusal: Refusal) => void
  readonly cancel: () => void
}

/** What the judge wants to know of the database. */
interface DatabaseEvents {
  /** Before it takes effect. */
  onCommit(transaction: Transaction): void
  /** So many of its last transactions never were. */
  onFallBack(lost: readonly Transaction[]): void
}

/** A transaction on the server: what it changed, and the rows it has locked. */
export class Transaction {
  readonly changes: Changes = { rows: new Map(), appended: [], positions: new Map() }
  readonly steps: Step[] = []
  savepoint: Changes | null = null
  isOver = false
  /** Who runs it, for the judge: whatever its session was opened for. */
  readonly of: unknown

  constructor(of: unknown) {
    this.of = of
  }
}

/**
 * A database with one keyed table and one that rows are appended to: transactions at READ COMMITTED, rows
 * locked by who writes them until his transaction ends, deadlocks found, waits bounded. What it has committed
 * it can lose: it falls back to how it was some transactions ago.
 */
export class ModelServer {
  readonly #timeline: Timeline
  readonly #partitions: number
  readonly #events: DatabaseEvents
  readonly rows = new Map<string, Row>()
  appended: Row[] = []
  readonly positions = new Map<number, Position>()
  /** In the order of their commits. */
  #history: Transaction[] = []
  /** Behind so many transactions every partition had a position. */
  #firstClaims = Number.POSITIVE_INFINITY
  readonly #locks = new Map<string, Transaction>()
  #waiting: Waiting[] = []
  readonly open = new Set<Transaction>()
  /** Told when the server ends its sessions. */
  readonly sessions = new Set<{ drop(): void }>()
  awayUntilMs = 0

  constructor(timeline: Timeline, partitions: number, events: DatabaseEvents) {
    this.#timeline = timeline
    this.#partitions = partitions
    this.#events = events
  }

  get isAway(): boolean {
    return this.#timeline.nowMs < this.awayUntilMs
  }

  begin(of: unknown): Transaction {
    const transaction = new Transaction(of)
    this.open.add(transaction)
    return transaction
  }

  /** Does one statement when its row is free; waits for that at most `limitMs`. */
  write(
    transaction: Transaction,
    statement: RowStatement,
    limitMs: number,
    done: (refusal: Refusal | null) => void
  ): void {
    if (statement.operation === 'insert') {
      transaction.changes.appended.push(statement.values)
      return done(null)
    }
    this.lock(transaction, statement.key, limitMs, (refusal) => {
      if (refusal === null) this.#apply(transaction, statement)
      done(refusal)
    })
  }

  lock(
    transaction: Transaction,
    key: string,
    limitMs: number,
    done: (refusal: Refusal | null) => void
  ): void {
    const holder = this.#locks.get(key)
    if (holder === undefined || holder === transaction) {
      this.#locks.set(key, transaction)
      return done(null)
    }
    if (this.#waitsFor(holder, transaction)) {
      return done(new Refusal('conflict', 'a deadlock'))
    }
    const end = (refusal: Refusal | null): void => {
      waiting.cancel()
      this.#waiting = this.#waiting.filter((each) => each !== waiting)
      if (refusal === null) this.#locks.set(key, transaction)
      done(refusal)
    }
    const waiting: Waiting = {
      transaction,
      key,
      goOn: () => end(null),
      giveUp: end,
      cancel: this.#timeline.after(limitMs, null, () =>
        end(new Refusal('conflict', 'a lock was waited for too long'))
      )
    }
    this.#waiting.push(waiting)
  }

  /** A row as this transaction sees it. */
  row({ changes }: Transaction, key: string): Row | null {
    const own = changes.rows.get(key)
    return own === undefined ? (this.rows.get(key) ?? null) : own
  }

  position({ changes }: Transaction, partition: number): Position | null {
    return changes.positions.get(partition) ?? this.positions.get(partition) ?? null
  }

  commit(transaction: Transaction): void {
    this.#events.onCommit(transaction)
    this.#history.push(transaction)
    this.#take(transaction)
    if (this.positions.size === this.#partitions) {
      this.#firstClaims = Math.min(this.#firstClaims, this.#history.length)
    }
    this.end(transaction)
  }

  /** Whether it committed or not: nothing of it is locked any more. */
  end(transaction: Transaction): void {
    if (transaction.isOver) return
    transaction.isOver = true
    this.open.delete(transaction)
    const mine = this.#waiting.filter((each) => each.transaction === transaction)
    for (const each of mine) each.giveUp(new Refusal('outage', 'the session is over'))
    for (const [key, holder] of this.#locks) {
      if (holder !== transaction) continue
      this.#locks.delete(key)
      this.#waiting.find((each) => each.key === key)?.goOn()
    }
  }

  /** All sessions end; `lost`: so many of the last transactions are gone. */
  restart(awayMs: number, lost: number): void {
    this.awayUntilMs = this.#timeline.nowMs + awayMs
    for (const session of this.sessions) session.drop()
    for (const transaction of this.open) this.end(transaction)
    // The first claims stay: who loses these goes on where the group is, as on his first day.
    const kept = Math.max(this.#firstClaims, this.#history.length - lost)
    const gone = this.#history.slice(kept)
    this.#history = this.#history.slice(0, kept)
    this.#timeline.tell(() => `database: restarts, without its last ${gone.length} transactions`)
    if (gone.length === 0) return
    this.rows.clear()
    this.appended = []
    this.positions.clear()
    for (const transaction of this.#history) this.#take(transaction)
    this.#events.onFallBack(gone)
  }

  #take({ changes }: Transaction): void {
    for (const [key, row] of changes.rows) {
      if (row === null) this.rows.delete(key)
      else this.rows.set(key, row)
    }
    this.appended.push(...changes.appended)
    for (const [partition, position] of changes.positions) this.positions.set(partition, position)
  }

  #apply(transaction: Transaction, { operation, key, values }: RowStatement): void {
    const row = this.row(transaction, key)
    const { rows } = transaction.changes
    if (operation === 'delete') rows.set(key, null)
    else if (row !== null || operation === 'upsert') rows.set(key, { ...row, ...values })
  }

  /** Whether one transaction waits, over however many others, for another. */
  #waitsFor(one: Transaction, other: Transaction): boolean {
    const waited = this.#waiting.find(({ transaction }) => transaction === one)
    const holder = waited === undefined ? undefined : this.#locks.get(waited.key)
    if (holder === undefined) return false
    return holder === other || this.#waitsFor(holder, other)
  }
}

export function copyOf({ rows, appended, positions }: Changes): Changes {
  return { rows: new Map(rows), appended: [...appended], positions: new Map(positions) }
}
