import type { SinkRecord } from '../../../data/record.ts'
import { ConnectError, DataError, messageOf } from '../../../errors.ts'
import { tableName } from '../database/table-name.ts'
import { inTransaction } from '../database/write-transaction.ts'
import { errorClassOf, type TargetTable, type WriteSession } from '../database/writing.ts'
import type { SinkSettings } from '../settings/sink-settings.ts'
import { BadShare, tooMany } from './bad-share.ts'
import {
  type BadRecord,
  IsolatingWriter,
  type IsolationLimits,
  LostTransaction,
  type Suspicion
} from './isolation.ts'
import { requiredBut } from './offsets-table.ts'
import { placeOf } from './record-errors.ts'
import { type PlannedRecord, RecordReader } from './record-reader.ts'
import type { RecordPlan } from './record-plan.ts'
import type { RowChange } from './row-changes.ts'
import { type StatementGroup, statementGroups } from './statement-groups.ts'
import { type TargetTables, type WantedRoom, wantedRoom } from './target-tables.ts'
import { UnansweredCommits } from './unanswered-commits.ts'
import { writingOf } from './writer-sessions.ts'
import { nextTurn } from '../../../wait.ts'

/** Where records go that cannot be written, and what is asked before anything is made durable. */
interface BatchOutlets {
  /** Resolves when somebody else has the record; null: there is nobody, and a bad record fails the batch. */
  readonly report: ((record: SinkRecord, error: ConnectError) => Promise<void>) | null
  /** Throws when nothing may be committed any more (I11). */
  readonly beforeCommit: () => void
  /** Told every few seconds why a batch takes so long. */
  readonly onSearch: (text: string) => void
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
}

/** How a batch is written this time. */
interface BatchMode {
  /** Whether an error nobody knows is put down to rows. */
  readonly takesUnknown: boolean
  /**
   * Done first in each transaction, and a reason for one although there is no row to write; what it throws
   * undoes it. null: there is nothing.
   */
  readonly first: ((session: WriteSession) => Promise<void>) | null
}

export interface BatchResult {
  /** Rows by table, as people name it. */
  readonly rows: ReadonlyMap<string, number>
  readonly bad: readonly BadRecord[]
}

/** Without anybody to take a bad record, it is only looked for to be named: not longer than this. */
const NAMING_LIMIT_MS = 5000
const SEARCH_TOLD_EVERY_MS = 5000
/** After so many records others have their turn: a batch may be large, and heartbeats may not wait for it. */
const SLICE = 2000
/** So often columns are made larger for one batch: each time for all that is known to be too large. */
const MOST_ROUNDS = 4

/**
 * Writes batches: each in one transaction over all its tables, or not at all (I13). Records that cannot be
 * written are found inside it and handed to others before it commits, so that a record is in one place or the
 * other (I10).
 */
export class BatchWriter {
  readonly #settings: SinkSettings
  readonly #tables: TargetTables
  readonly #outlets: BatchOutlets
  readonly #reader: RecordReader
  readonly #share: BadShare
  /** A batch that comes again does not hand its bad records over twice. */
  readonly #reported = new WeakSet<SinkRecord>()
  readonly #unanswered = new UnansweredCommits()
  /** Of records that are put next, and of those that are put now, in their order. */
  #next: PlannedRecord[] = []
  #prepared: readonly PlannedRecord[] = []

  constructor(settings: SinkSettings, tables: TargetTables, outlets: BatchOutlets) {
    this.#settings = settings
    this.#tables = tables
    this.#outlets = outlets
    this.#reader = new RecordReader(settings)
    this.#share = new BadShare(settings.retries.badShare)
  }

  /** Works out what can be of records that are put next, as their tables are now. */
  prepare(records: readonly SinkRecord[]): void {
    for (const record of records) {
      try {
        const planned = this.#reader.plan(record)
        const bound = planned === null ? undefined : this.#tables.boundTo(planned.plan)
        if (planned === null || bound === undefined) continue
        planned.change = this.#reader.change(planned, bound)
        planned.bound = bound
        this.#next.push(planned)
      } catch (error) {
        // Its put meets that again, and knows what to do about it.
        if (!(error instanceof ConnectError)) throw error
      }
    }
  }

  /** What was prepared so far is of the records that are written from now on. */
  begin(): void {
    this.#prepared = this.#next
    this.#next = []
  }

  /** Errors: those of the session, DataError for a bad record nobody takes, and what reports reject with. */
  async write(
    session: WriteSession,
    records: readonly SinkRecord[],
    mode: BatchMode
  ): Promise<BatchResult> {
    const bad: BadRecord[] = []
    const fails = this.#outlets.report === null
    const onBad = (record: SinkRecord, error: unknown): void => {
      if (fails) throw badRecordError({ record, error, group: null }, session)
      bad.push({ record, error, group: null })
    }
    const planned = await this.#planned(records, onBad)
    const all = await this.#fitted(session, planned, onBad)
    // Where positions are kept in the database they have told already.
    const changes = mode.first === null ? await this.#unanswered.notThere(session, all) : all
    const suspicion: Suspicion = { pieces: new Map(), bad, unrolls: false }
    let naming = false
    for (;;) {
      try {
        const groups = await this.#transaction(session, records, changes, suspicion, {
          ...mode,
          naming
        })
        this.#prepared = []
        return { rows: rowsByTable(groups, session), bad }
      } catch (error) {
        if (error instanceof LostTransaction) continue
        if (!fails || naming || errorClassOf(error) !== 'data') throw error
        // Nobody takes the record at fault, but who reads the error wants to know which one it is.
        naming = true
      }
    }
  }

  /** What the batch would do, for people. Records that cannot be written are told, too. */
  async look(
    session: WriteSession,
    records: readonly SinkRecord[]
  ): Promise<{ readonly groups: readonly StatementGroup[]; readonly bad: readonly BadRecord[] }> {
    const bad: BadRecord[] = []
    const onBad = (record: SinkRecord, error: unknown): void =>
      void bad.push({ record, error, group: null })
    const planned = await this.#planned(records, onBad)
    await this.#bind(session, planned)
    const changes = await this.#changes(planned, onBad)
    return { groups: statementGroups(changes, null), bad }
  }

  async #planned(
    records: readonly SinkRecord[],
    onBad: (record: SinkRecord, error: unknown) => void
  ): Promise<PlannedRecord[]> {
    const planned: PlannedRecord[] = []
    let count = 0
    let preparedAt = 0
    for (const record of records) {
      if (++count % SLICE === 0) await nextTurn()
      const prepared = this.#prepared[preparedAt]
      const isPrepared = prepared?.record === record
      // Behind one that is not put any more, others are only worked out again.
      if (isPrepared) preparedAt++
      try {
        const plan = isPrepared ? prepared : this.#reader.plan(record)
        if (plan === null) continue
        this.#reader.requireOwnRow(plan)
        planned.push(plan)
      } catch (error) {
        if (!(error instanceof DataError)) throw error
        onBad(record, error)
      }
    }
    return planned
  }

  /** The changes, after columns that are too small for one were made larger where that is allowed. */
  async #fitted(
    session: WriteSession,
    planned: readonly PlannedRecord[],
    onBad: (record: SinkRecord, error: unknown) => void
  ): Promise<RowChange[]> {
    for (let rounds = MOST_ROUNDS; ; rounds--) {
      await this.#bind(session, planned)
      const bad: (readonly [SinkRecord, unknown])[] = []
      const wanted: WantedRoom[] = []
      const changes = await this.#changes(planned, (record, error, want) => {
        bad.push([record, error])
        if (want !== null) wanted.push(want)
      })
      const mayFit =
        wanted.length > 0 &&
        rounds > 0 &&
        (await this.#tables.giveRoom(session, writingOf(this.#settings), wanted))
      if (mayFit) continue
      for (const [record, error] of bad) onBad(record, error)
      return changes
    }
  }

  /** Until all plans are bound: what one of them adds to a table may unbind the others. */
  async #bind(session: WriteSession, planned: readonly PlannedRecord[]): Promise<void> {
    const plans = new Map<RecordPlan, PlannedRecord>()
    for (const record of planned) plans.set(record.plan, record)
    const writing = writingOf(this.#settings)
    let isDone = false
    while (!isDone) {
      isDone = true
      for (const [plan, record] of plans) {
        if (this.#tables.boundTo(plan) !== undefined) continue
        isDone = false
        const bound = await this.#tables.bind(session, writing, record)
        if (bound === null) plans.delete(plan)
        else this.#mustRollBack(bound.target.table, record.table)
      }
    }
  }

  /** I15: rows that stay after a rollback would be there twice. */
  #mustRollBack({ cannotRollBack }: TargetTable, name: string): void {
    if (cannotRollBack === undefined || this.#settings.exactlyOnce?.isRequired !== true) return
    throw requiredBut(`table ${name} cannot take part: ${cannotRollBack}`)
  }

  async #changes(
    planned: readonly PlannedRecord[],
    onBad: (record: SinkRecord, error: unknown, wanted: WantedRoom | null) => void
  ): Promise<RowChange[]> {
    const changes: RowChange[] = []
    let count = 0
    for (const record of planned) {
      if (++count % SLICE === 0) await nextTurn()
      const bound = this.#tables.boundTo(record.plan)
      if (bound === undefined) continue
      try {
        const change = this.#reader.change(record, bound)
        if (change !== null) changes.push(change)
      } catch (error) {
        if (!(error instanceof DataError)) throw error
        onBad(record.record, error, wantedRoom(record, error))
      }
    }
    return changes
  }

  async #transaction(
    session: WriteSession,
    records: readonly SinkRecord[],
    changes: readonly RowChange[],
    suspicion: Suspicion,
    { naming, takesUnknown, first }: BatchMode & { readonly naming: boolean }
  ): Promise<readonly StatementGroup[]> {
    // What was found in a transaction that was lost stays out; what this one finds is added.
    const known = new Set(suspicion.bad.map(({ record }) => record))
    const open = changes.filter(({ record }) => !known.has(record))
    const groups = statementGroups(open, suspicion.unrolls ? 'arrival' : null)
    const isolates = this.#outlets.report !== null || naming
    const rows = async (): Promise<void> => {
      await first?.(session)
      if (isolates) {
        const beforeAttempt = this.#limit(session, records, suspicion)
        await this.#isolate(session, groups, suspicion, { takesUnknown, beforeAttempt })
      } else {
        for (const group of groups) await session.write(group.shape, group.rows)
      }
      await this.#report(session, records, suspicion.bad)
      this.#outlets.beforeCommit()
    }
    // Without a row to write there is nothing to commit.
    if (groups.length > 0 || first !== null) {
      await inTransaction(session, rows, () => this.#unanswered.add(takenOf(open, suspicion)))
    } else await rows()
    return groups
  }

  async #isolate(
    session: WriteSession,
    groups: readonly StatementGroup[],
    suspicion: Suspicion,
    limits: IsolationLimits
  ): Promise<void> {
    if (groups.length === 0) return
    await session.savepoint()
    const writer = new IsolatingWriter(session, suspicion, limits)
    for (const group of groups) await writer.write(group)
    const unknown = suspicion.bad.find(({ error }) => errorClassOf(error) === 'unknown')
    // I14: while nothing else was taken either, nobody knows that it is the row's fault.
    if (unknown !== undefined && writer.written === 0) throw unknown.error
  }

  /** Ends a search for bad rows that goes too far. */
  #limit(
    session: WriteSession,
    records: readonly SinkRecord[],
    { bad }: Suspicion
  ): (count: number) => void {
    const startedMs = this.#outlets.nowMs()
    const untilMs = startedMs + NAMING_LIMIT_MS
    let toldMs = startedMs
    return (count) => {
      const nowMs = this.#outlets.nowMs()
      if (this.#outlets.report === null) {
        const [first] = bad
        if (first !== undefined) throw badRecordError(first, session)
        if (nowMs > untilMs) {
          throw new DataError(
            `A record of ${records.length} cannot be stored; which one was not found in ${NAMING_LIMIT_MS} ms`
          )
        }
      } else if (this.#share.isBeyond(count, records.length)) {
        throw tooMany(messages(records, bad))
      } else if (nowMs > toldMs + SEARCH_TOLD_EVERY_MS) {
        toldMs = nowMs
        const seconds = Math.round((nowMs - startedMs) / 1000)
        this.#outlets.onSearch(
          `Records that cannot be stored are being looked for among ${records.length}: ${count} were found in ${seconds} s`
        )
      }
    }
  }

  /** I10: others have the bad records before the batch, which counts them as done, is made durable. */
  async #report(
    session: WriteSession,
    records: readonly SinkRecord[],
    bad: readonly BadRecord[]
  ): Promise<void> {
    const { report } = this.#outlets
    const [first] = bad
    if (report === null) {
      if (first !== undefined) throw badRecordError(first, session)
      return
    }
    this.#share.add(messages(records, bad))
    if (first === undefined) return
    const place = new Map(records.map((record, index) => [record, index]))
    const inOrder = bad.toSorted((a, b) => (place.get(a.record) ?? 0) - (place.get(b.record) ?? 0))
    await Promise.all(
      inOrder.map(async (one) => {
        if (this.#reported.has(one.record)) return
        await report(one.record, badRecordError(one, session))
        this.#reported.add(one.record)
      })
    )
  }
}

/** I10: those that were refused in the transaction say nothing of what became of it. */
function takenOf(changes: readonly RowChange[], { bad }: Suspicion): readonly RowChange[] {
  const refused = new Set(bad.map(({ record }) => record))
  return changes.filter(({ record }) => !refused.has(record))
}

function messages(records: readonly SinkRecord[], bad: readonly BadRecord[]): (string | null)[] {
  if (bad.length === 0) return records.map(() => null)
  const errors = new Map(bad.map(({ record, error }) => [record, messageOf(error)]))
  return records.map((record) => errors.get(record) ?? null)
}

/** Says which record, table and key columns; the database's words name no value (I7). */
function badRecordError({ record, error, group }: BadRecord, session: WriteSession): DataError {
  const place = placeOf(record)
  if (group === null) {
    const { table, key = '' } = error instanceof DataError ? error.facts : {}
    const row = table === undefined ? '' : `table ${table}${key === '' ? '' : `, key ${key}`}, `
    // Confluent's words stand first, where there are any.
    return new DataError(`${messageOf(error)} (${row}${place})`, { cause: error })
  }
  const { table, columns, keyColumns, operation } = group.shape
  const name = tableName(session.dialect, table.id)
  const keys = columns.slice(0, keyColumns).map((column) => column.name)
  const key = keys.length === 0 ? '' : `, key ${keys.join(', ')}`
  return new DataError(
    `${place}: the ${operation} of its row in table ${name}${key} was refused: ${messageOf(error)}`,
    { cause: error, table: name }
  )
}

function rowsByTable(
  groups: readonly StatementGroup[],
  { dialect }: WriteSession
): ReadonlyMap<string, number> {
  const rows = new Map<string, number>()
  for (const { shape, units, refused } of groups) {
    const name = tableName(dialect, shape.table.id)
    const written = units.reduce((sum, unit) => (refused.has(unit) ? sum : sum + 1), 0)
    rows.set(name, (rows.get(name) ?? 0) + written)
  }
  return rows
}
