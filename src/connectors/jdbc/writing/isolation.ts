import type { SinkRecord } from '../../../data/record.ts'
import { DataError } from '../../../errors.ts'
import { errorClassOf, refusedRow, type WriteSession } from '../database/writing.ts'
import { changesOf, type RowChange, type RowUnit } from './row-changes.ts'
import { shapeOf, type StatementGroup } from './statement-groups.ts'

/** A record that cannot be written, and why. */
export interface BadRecord {
  readonly record: SinkRecord
  readonly error: unknown
  /** Shape of its row, for messages. */
  readonly group: StatementGroup | null
}

/** The transaction was lost with the error: it has to be made anew. */
export class LostTransaction extends Error {}

/** What was learnt of the rows of a batch in transactions that are gone. */
export interface Suspicion {
  /** Rows of these records are written in pieces of at most so many. */
  readonly pieces: Map<SinkRecord, number>
  readonly bad: BadRecord[]
  /** Rows of several records failed: every record is to be written by itself. */
  unrolls: boolean
}

export interface IsolationLimits {
  /** Whether an error nobody knows is put down to the row. */
  readonly takesUnknown: boolean
  /** Called before each attempt to write a piece again; throws to end the search. */
  readonly beforeAttempt: (bad: number) => void
}

/**
 * How far a search for bad rows has come, and how many rows it tries at once. What it learnt of the distance
 * of bad rows keeps it from sending rows behind them again and again; a piece known to hold one is halved.
 */
class RowSearch {
  /** The next row. */
  at = 0
  reach: number
  /** Good rows between two bad ones, as it was of late. */
  #gap: number
  /** Good rows since the last bad one. */
  #run = 0
  /** One before this row is bad; not known of any where that lies behind. */
  #badBefore = 0

  constructor(rows: number) {
    this.reach = rows
    this.#gap = rows
  }

  taken(rows: number): void {
    this.at += rows
    this.#run += rows
    const left = this.#badBefore - this.at
    this.reach = left > 0 ? Math.ceil(left / 2) : Math.max(this.reach, this.#run)
  }

  refused(rows: number): void {
    this.#badBefore = this.at + rows
    this.reach = Math.ceil(rows / 2)
  }

  /** The row behind so many good ones is bad; `named`: the database said which one it is. */
  found(good: number, named: boolean): void {
    this.at += good + 1
    this.#gap = (this.#gap + this.#run + good) / 2
    this.reach = Math.max(1, Math.ceil(named ? this.#gap * 2 : this.#gap / 2))
    this.#run = 0
    this.#badBefore = 0
  }
}

/**
 * Writes rows inside a transaction, and leaves out those that cannot be stored: what fails is undone to the
 * last savepoint and tried again in pieces, until the rows at fault stand alone (I14: only for an error of
 * class `data`, or one nobody knows where that is allowed; every other is thrown). Rows keep their order.
 */
export class IsolatingWriter {
  readonly #session: WriteSession
  readonly #suspicion: Suspicion
  readonly #limits: IsolationLimits
  /** Rows that were taken. */
  written = 0

  constructor(session: WriteSession, suspicion: Suspicion, limits: IsolationLimits) {
    this.#session = session
    this.#suspicion = suspicion
    this.#limits = limits
  }

  /** Behind `begin`, and a savepoint. Throws LostTransaction when there is none any more. */
  async write(group: StatementGroup): Promise<void> {
    for (const piece of this.#pieces(group)) await this.#isolate(group, piece)
  }

  /** Runs of rows, by index, each as long as what was learnt of its rows allows. */
  #pieces({ units, refused }: StatementGroup): number[][] {
    const { pieces } = this.#suspicion
    const all = units.map((_, index) => index)
    // What was refused as a delete was written record by record already.
    const open =
      refused.size === 0 ? all : all.filter((index) => !refused.has(units[index] as RowUnit))
    if (pieces.size === 0) return open.length === 0 ? [] : [open]
    const runs: number[][] = []
    let most = 0
    for (const index of open) {
      const unit = units[index] as RowUnit
      const limits = changesOf(unit).map(({ record }) => pieces.get(record) ?? Infinity)
      const limit = Math.min(...limits)
      const run = runs.at(-1)
      if (run === undefined || run.length >= Math.min(most, limit) || most !== limit) {
        runs.push([index])
        most = limit
      } else run.push(index)
    }
    return runs
  }

  /** Tries as many rows at once as have been good of late, and looks for the first bad one of a piece. */
  async #isolate(group: StatementGroup, rows: readonly number[]): Promise<void> {
    const search = new RowSearch(rows.length)
    while (search.at < rows.length) {
      const piece = rows.slice(search.at, search.at + search.reach)
      const error = await this.#attempt(group, piece)
      if (error === null) {
        search.taken(piece.length)
        continue
      }
      const named = piece.length === 1 ? 0 : refusedRow(error)
      if (named === null || named >= piece.length) {
        search.refused(piece.length)
        continue
      }
      // The rows before the one that the database named come first, if they are as good as it says.
      if (named > 0 && (await this.#attempt(group, piece.slice(0, named))) !== null) {
        search.refused(named)
        continue
      }
      await this.#reject(group, piece[named] as number, error)
      search.found(named, piece.length > 1)
    }
  }

  /** null: the rows were taken; else why not, and they are undone. */
  async #attempt(group: StatementGroup, rows: readonly number[]): Promise<unknown> {
    if (rows.length === 0) return null
    this.#limits.beforeAttempt(this.#suspicion.bad.length)
    try {
      const all = rows.length === group.rows.length
      await this.#session.write(
        group.shape,
        all ? group.rows : rows.map((index) => group.rows[index] ?? [])
      )
      this.written += rows.length
    } catch (error) {
      if (!isOfRow(error, this.#limits.takesUnknown)) throw error
      if (await this.#session.rollbackToSavepoint()) return error
      this.#suspect(group, rows, error)
      throw new LostTransaction('The transaction was lost with an error of a row', { cause: error })
    }
    await this.#session.savepoint()
    return null
  }

  /** The transaction is gone: the next one tries rows in smaller pieces, and leaves out what stood alone. */
  #suspect(group: StatementGroup, rows: readonly number[], error: unknown): void {
    const { pieces, bad } = this.#suspicion
    const size = Math.ceil(rows.length / 2)
    for (const index of rows) {
      const changes = changesOf(group.units[index] as RowUnit)
      for (const { record } of changes) {
        if (rows.length > 1) pieces.set(record, size)
        else if (changes.length === 1) bad.push({ record, error, group })
      }
      if (rows.length === 1 && changes.length > 1) this.#suspicion.unrolls = true
    }
  }

  /** A row that several records make is written record by record, so that the good ones among them count. */
  async #reject(group: StatementGroup, index: number, error: unknown): Promise<void> {
    const unit = group.units[index]
    if (unit === undefined) return
    group.refused.add(unit)
    const { bad } = this.#suspicion
    const [first, ...more] = changesOf(unit)
    if (first === undefined) return
    if (more.length === 0) return void bad.push({ record: first.record, error, group })
    for (const change of [first, ...more]) {
      const single = singleGroup(change)
      const failure = await this.#attempt(single, [0])
      if (failure !== null) bad.push({ record: change.record, error: failure, group: single })
    }
  }
}

/** A change as a statement of its own. */
function singleGroup(change: RowChange): StatementGroup {
  const { target, operation, set, row } = change
  const shape = shapeOf(target, operation, operation === 'delete' ? null : set)
  return { shape, rows: [row], units: [change], refused: new Set() }
}

function isOfRow(error: unknown, takesUnknown: boolean): boolean {
  const kind = errorClassOf(error)
  return (
    kind === 'data' ||
    (kind === 'unknown' && takesUnknown) ||
    (kind === null && error instanceof DataError)
  )
}
