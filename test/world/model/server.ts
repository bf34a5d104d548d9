import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Clock } from '../../../src/clock.ts'
import type {
  OpenTransaction,
  OpenTransactions,
  Row
} from '../../../src/connectors/jdbc/database/database.ts'
import type { Random } from '../../support/random.ts'
import { Story } from '../story.ts'
import type { Sight, WorldPlan } from './plan.ts'
import { ModelTable, type Version } from './tables.ts'

const START_MS = Date.UTC(2026, 0, 1)
/** Rows that are there before the world begins were written in the hour before. */
export const HISTORY_MS = 3_600_000

export interface Transaction {
  name: string
  readonly beganAtMs: number
  /** What the database's clock showed then. */
  readonly began: number
  readonly writes: Map<string, Version>
  readonly deletes: Map<string, Version>
  prepared: boolean
  /** Of what it wrote, as far as it wrote anything. */
  firstVersion: number | null
}

/** A committed version, and when it could be seen. */
export interface Committed {
  readonly row: Version
  readonly beganAtMs: number
  readonly committedAtMs: number
  readonly visibleAtMs: number
}

interface Event {
  readonly atMs: number
  readonly run: () => void
  /** It only wakes somebody who looks on. */
  readonly isBeside: boolean
}

/**
 * Tables and those who write to them, one step at a time: snapshots, sequences, row locks, transactions that
 * end in any order. Rows become visible with the commit. Time passes only here, while somebody waits; what
 * happens and when does not depend on who looks.
 */
export class ModelServer {
  readonly plan: WorldPlan
  readonly tables: ReadonlyMap<string, ModelTable>
  readonly story = new Story(() => this.nowMs)
  readonly open = new Set<Transaction>()
  /** The last visible version of each row, and all there ever were, by table and key. */
  readonly current = new Map<string, Committed>()
  /** The first version of each row: who follows ids alone has to find that. */
  readonly first = new Map<string, Committed>()
  readonly versions = new Map<number, Committed>()
  /** When the versions of each table became visible; never falling. */
  readonly #visibleTimes = new Map<string, number[]>()
  readonly #sqlite = new DatabaseSync(':memory:', { readBigInts: true, returnArrays: true })
  readonly #statements = new Map<string, StatementSync>()
  #events: Event[] = []
  #versions = 0
  /** Is told of each row of which there is a new version. */
  onVisible: (name: string) => void = () => undefined
  nowMs = 0
  /** Of the task: its own waits let time pass. */
  waitsFor: AbortSignal | null = null
  clockOffsetMs = 0
  /** Nobody is let in before. */
  awayUntilMs = 0
  /** When somebody was told what its clock shows. */
  toldTimeAtMs = 0
  sight: Sight['shows'] = 'all'
  sightSinceMs = 0
  /** When something last stood in the way of readers. */
  disturbedAtMs = 0

  constructor(plan: WorldPlan) {
    this.plan = plan
    this.tables = new Map(plan.tables.map((table) => [table.name, new ModelTable(table)]))
    for (const { sql } of this.tables.values()) {
      this.#sqlite.exec(
        `CREATE TABLE ${sql} (id INTEGER, changed INTEGER, created INTEGER, version INTEGER, kind INTEGER, note TEXT, key TEXT PRIMARY KEY)`
      )
      const index = (columns: string): string =>
        `"${columns.replaceAll(/\W/g, '')} of ${sql.slice(1)}`
      for (const columns of ['id', 'changed, id', 'COALESCE(changed,created), id']) {
        this.#sqlite.exec(`CREATE INDEX ${index(columns)} ON ${sql} (${columns})`)
      }
    }
  }

  readonly clock: Clock = {
    now: () => START_MS + this.nowMs,
    monotonicMs: () => this.nowMs,
    sleep: (ms, signal) => {
      if (signal !== undefined && signal !== this.waitsFor) return this.#sleepBeside(ms, signal)
      this.pass(Math.max(1, Math.ceil(ms)))
      return Promise.resolve()
    }
  }

  /** Somebody waits beside those for whom time passes, until others have let it pass. */
  async #sleepBeside(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => resolve(), { once: true })
    this.#put({ atMs: this.nowMs + ms, run: resolve, isBeside: true })
    await promise
  }

  /** What the database's clock shows. */
  get clockMs(): number {
    return START_MS + this.nowMs + this.clockOffsetMs
  }

  at(atMs: number, run: () => void): void {
    this.#put({ atMs: Math.max(atMs, this.nowMs), run, isBeside: false })
  }

  #put(event: Event): void {
    const behind = this.#events.findIndex((other) => other.atMs > event.atMs)
    if (behind < 0) this.#events.push(event)
    else this.#events.splice(behind, 0, event)
  }

  pass(ms: number): void {
    const until = this.nowMs + ms
    for (let event = this.#events[0]; event !== undefined && event.atMs <= until; ) {
      this.#events.shift()
      this.nowMs = Math.max(this.nowMs, event.atMs)
      event.run()
      event = this.#events[0]
    }
    this.nowMs = until
  }

  get busy(): boolean {
    return this.open.size > 0 || this.#events.some(({ isBeside }) => !isBeside)
  }

  nextVersion(): number {
    this.#versions += 1
    return this.#versions
  }

  isLocked(row: string, by: Transaction): boolean {
    return [...this.open].some(
      (other) => other !== by && (other.writes.has(row) || other.deletes.has(row))
    )
  }

  commit(transaction: Transaction): void {
    this.open.delete(transaction)
    const committedAtMs = this.nowMs
    const { lagMs } = this.plan
    const show = (): void => {
      for (const [name, row] of transaction.writes) {
        const one = {
          row,
          beganAtMs: transaction.beganAtMs,
          committedAtMs,
          visibleAtMs: this.nowMs
        }
        this.current.set(name, one)
        if (!this.first.has(name)) this.first.set(name, one)
        this.versions.set(row.version, one)
        this.#noteVisible(row.table, this.nowMs)
        this.onVisible(name)
        this.#store(row)
        this.story.tellOf(name, `${transaction.name} commits ${describe(row)}`)
      }
      for (const [name, { table, key }] of transaction.deletes) {
        this.current.delete(name)
        this.prepared(`DELETE FROM ${this.tables.get(table)?.sql} WHERE key = ?`).run(key)
        this.story.tellOf(name, `${transaction.name} commits its end`)
      }
    }
    if (lagMs === 0 || committedAtMs <= 0) show()
    else this.at(committedAtMs + lagMs, show)
  }

  #noteVisible(table: string, atMs: number): void {
    const times = this.#visibleTimes.get(table)
    if (times === undefined) this.#visibleTimes.set(table, [atMs])
    else times.push(atMs)
  }

  /** How many rows of the table became visible between two moments, both included. */
  visibleWithin(table: string, fromMs: number, toMs: number): number {
    const times = this.#visibleTimes.get(table) ?? []
    return firstAt(times, (ms) => ms > toMs) - firstAt(times, (ms) => ms >= fromMs)
  }

  rollBack(transaction: Transaction): void {
    this.open.delete(transaction)
    for (const name of transaction.writes.keys()) {
      this.story.tellOf(name, `${transaction.name} rolls back`)
    }
  }

  #store(row: Version): void {
    const table = this.tables.get(row.table)
    const shown = (instantMs: number | null): bigint | null =>
      instantMs === null ? null : BigInt(instantMs + this.#wallOffset(row.table))
    this.prepared(
      `INSERT OR REPLACE INTO ${table?.sql} (rowid, id, changed, created, version, kind, note, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
    ).run(
      row.version,
      row.id,
      shown(row.changedMs),
      shown(row.createdMs),
      row.version,
      row.kind,
      row.note,
      row.key
    )
  }

  /** What a wall clock of the columns is ahead of the instant. */
  #wallOffset(table: string): number {
    return this.tables.get(table)?.plan.wallClock === true ? this.plan.zone.offsetMs : 0
  }

  read(sql: string, binds: readonly unknown[]): Row[] {
    return this.prepared(sql).all(...(binds as bigint[])) as unknown as Row[]
  }

  /** How SQLite would go about a question. */
  explain(sql: string): string[] {
    const rows = this.#sqlite.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as unknown as Row[]
    return rows.map((row) => String(row[3]))
  }

  prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#sqlite.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  /** What a session is answered that asks who is open. */
  transactions(random: Random): OpenTransactions | 'error' {
    if (this.plan.lagMs > 0) return { answer: 'unseen', why: 'the model is a copy' }
    if (this.sight === 'error') return 'error'
    if (this.sight === 'nothing') return { answer: 'unseen', why: 'the model hides them' }
    if (this.sight === 'later') {
      return { answer: 'later', inMs: random.within(10, 120), why: 'the model is busy' }
    }
    const { agesAreHidden, marks, namesPrepared } = this.plan
    const open = [...this.open].map((one): OpenTransaction => {
      const { name, beganAtMs, prepared, writes, deletes } = one
      const was = { was: name.replace('prepared ', '') }
      return {
        id: name,
        ageMs: agesAreHidden || prepared ? null : this.nowMs - beganAtMs,
        ...(prepared ? (namesPrepared ? was : { successor: true }) : {}),
        ...(writes.size + deletes.size === 0 ? { readsOnly: true } : {}),
        ...(marks ? { since: String(one.firstVersion ?? this.#versions + 1) } : {})
      }
    })
    return { answer: 'seen', source: 'the model', open }
  }

  close(): void {
    this.#sqlite.close()
  }
}

export function rowName({ table, key }: Pick<Version, 'table' | 'key'>): string {
  return `${table} ${key}`
}

function describe({ id, changedMs, createdMs, version }: Version): string {
  const time = changedMs ?? createdMs
  return `v${version}, id ${id}, ${time === null ? 'no time' : `stamped ${(time - START_MS) / 1000}`}`
}

/** Where the first of these ascending numbers is that `matches`, which all behind it do too. */
function firstAt(ascending: readonly number[], matches: (one: number) => boolean): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (matches(ascending[middle] as number)) high = middle
    else low = middle + 1
  }
  return low
}

export { START_MS }
