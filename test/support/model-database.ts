import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { OpenTransactions, Row } from '../../src/connectors/jdbc/database/database.ts'
import { ModelClock } from './model-clock.ts'
import type { ModelServer } from './model-dialect.ts'
import { Random } from './random.ts'

/** What a row held when it was written; `version` counts all writes. */
export interface Version {
  readonly id: number
  readonly ts: number
  readonly version: number
}

interface Writer {
  name: string
  prepared: boolean
  readonly beganAt: number
  /** What the clock showed then. */
  readonly began: number
  /** Taken before the transaction began, as by a client that asks for ids first. */
  readonly earlyIds: number[]
  readonly writes: Map<number, Version>
  /** It never writes. */
  readonly isReader: boolean
  /** When it will go on. */
  wakesAt: number
}

export interface Traffic {
  readonly rows: 'inserts' | 'inserts and updates'
  /** Columns show steps of so many milliseconds. */
  readonly stepMs: number
  /** Times are those of a transaction's begin rather than of its statements. */
  readonly timesOfBegin: boolean
  /** Ids are taken so long before a transaction begins, at most. */
  readonly earlyIdMs: number
  readonly longestMs: number
  /** Chance that a transaction does nothing for a long time, and for how long. */
  readonly idle: number
  readonly idleMs: number
  /** `changes`: for a while they are refused, then shown again. */
  readonly visible: 'always' | 'sometimes' | 'never' | 'changes'
  /** Rows written since a transaction was listed can be told from older ones. */
  readonly hasMarks: boolean
  /**
   * What is read is a copy: commits show so long after they were made, at most; `lagVaries`: now and then it
   * stands still.
   */
  readonly lagMs: number
  readonly lagVaries: boolean
  /** So many rows are written. */
  readonly writes: number
  /** Rows go to so many tables, by their ids. */
  readonly tables: number
  readonly clockJumps: boolean
  readonly connectionsBreak: boolean
}

const START_MS = Date.UTC(2026, 0, 1)

/** Names of tables; the first ones are used. */
const MODEL_TABLES = ['t', 'u', 'v'] as const

/**
 * Tables `(id, ts, version)` and their writers, one step at a time under a seed: snapshots, a sequence,
 * locks, transactions that commit in any order or roll back. Rows become visible with the commit, not before.
 * Time passes only here.
 */
export class ModelDatabase implements ModelServer {
  readonly #random: Random
  readonly #traffic: Traffic
  readonly #sqlite = new DatabaseSync(':memory:', { readBigInts: false, returnArrays: true })
  readonly #statements = new Map<string, StatementSync>()
  readonly #writers = new Set<Writer>()
  readonly #spareIds: { readonly id: number; readonly takenAt: number }[] = []
  readonly committed = new Map<number, Version>()
  #clockOffset = 0
  #sequence = 0
  #versions = 0
  #names = 0
  #isBlind = false
  /** Commits on their way to the copy, in their order. */
  #replicated: { readonly atMs: number; readonly row: Version; readonly by: string }[] = []
  writing = true
  /** How often it went back, or a session was lost. */
  faults = 0
  readonly log: string[] = []

  constructor(random: Random, traffic: Traffic) {
    this.#random = random
    this.#traffic = traffic
    for (const table of this.tables) {
      this.#sqlite.exec(
        `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, ts INTEGER, version INTEGER)`
      )
    }
  }

  readonly clock = new ModelClock((ms) => {
    for (let left = ms; left > 0; ) {
      const step = Math.min(left, this.#random.within(1, 40))
      this.#pass(step)
      left -= step
    }
  })

  /** What the database's clock shows. */
  get now(): number {
    return this.clock.now() + this.#clockOffset
  }

  get tables(): readonly string[] {
    return MODEL_TABLES.slice(0, this.#traffic.tables)
  }

  get hasMarks(): boolean {
    return this.#traffic.hasMarks
  }

  get stepMs(): number {
    return this.#traffic.stepMs
  }

  get open(): number {
    return this.#writers.size
  }

  /** A little happens while somebody waits for an answer. */
  breathe(): void {
    for (let steps = this.#random.within(0, 2); steps > 0; steps--)
      this.#pass(this.#random.within(0, 3))
  }

  /** Everybody ends. */
  finish(): void {
    this.writing = false
    for (const writer of this.#writers) this.#end(writer)
  }

  close(): void {
    this.#sqlite.close()
  }

  read(sql: string, binds: readonly unknown[]): Row[] {
    return this.#prepared(sql).all(...(binds as bigint[])) as unknown as Row[]
  }

  transactions(): OpenTransactions {
    const { visible } = this.#traffic
    if (visible === 'never' || this.#isBlind) {
      return { answer: 'unseen', why: 'the model hides them' }
    }
    if (visible === 'sometimes' && this.#random.chance(0.2)) {
      return { answer: 'later', inMs: this.#random.within(10, 120), why: 'the model is busy' }
    }
    return {
      answer: 'seen',
      source: 'the model',
      open: [...this.#writers].map(({ name, beganAt, prepared, writes }) => ({
        id: name,
        ageMs: this.clock.monotonicMs() - beganAt,
        since: String(
          Math.min(this.#versions, ...[...writes.values()].map(({ version }) => version - 1))
        ),
        ...(prepared ? { successor: true } : {}),
        ...(writes.size === 0 ? { readsOnly: true } : {})
      }))
    }
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#sqlite.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  /** Whether this call of a session fails. */
  breaks(): boolean {
    if (!this.#traffic.connectionsBreak || !this.writing || !this.#random.chance(0.02)) return false
    this.faults += 1
    this.#mayChange(0.5)
    return true
  }

  #mayChange(chance: number): void {
    if (this.#traffic.visible !== 'changes' || !this.#random.chance(chance)) return
    this.#isBlind = !this.#isBlind
    this.log.push(`${this.clock.monotonicMs()} ${this.#isBlind ? 'hides' : 'shows'} transactions`)
  }

  #pass(ms: number): void {
    this.clock.advance(ms)
    this.#replicate()
    if (!this.writing) return
    const random = this.#random
    this.#mayChange(ms * 0.0006)
    if (this.#traffic.clockJumps && random.chance(0.002)) {
      this.#clockOffset -= random.within(1, 5000)
      this.log.push(`${this.clock.monotonicMs()} clock back to ${this.now - START_MS}`)
      this.faults += 1
    }
    if (random.chance(0.03))
      this.#spareIds.push({ id: ++this.#sequence, takenAt: this.clock.monotonicMs() })
    if (this.#versions >= this.#traffic.writes && this.#writers.size === 0) this.writing = false
    if (this.#versions < this.#traffic.writes && this.#writers.size < 5 && random.chance(0.2))
      this.#begin()
    for (const writer of this.#writers) {
      if (writer.wakesAt <= this.clock.monotonicMs()) this.#step(writer)
    }
  }

  #begin(): void {
    const earlyIds: number[] = []
    // A spare id that nobody used in time is never used: its client gave up.
    while (this.#spareIds.length > 0) {
      const { id, takenAt } = this.#spareIds.shift() ?? { id: 0, takenAt: 0 }
      if (this.clock.monotonicMs() - takenAt <= this.#traffic.earlyIdMs) earlyIds.push(id)
    }
    this.#writers.add({
      name: `T${++this.#names}`,
      prepared: false,
      beganAt: this.clock.monotonicMs(),
      began: this.now,
      earlyIds,
      writes: new Map(),
      isReader: this.#random.chance(0.1),
      // Some read first, and write long after.
      wakesAt: this.clock.monotonicMs() + (this.#random.chance(0.2) ? this.#rest() : 0)
    })
  }

  #step(writer: Writer): void {
    const random = this.#random
    const { longestMs } = this.#traffic
    const age = this.clock.monotonicMs() - writer.beganAt
    if (writer.isReader || writer.prepared || age > longestMs || random.chance(0.2)) {
      if (!writer.isReader && !writer.prepared && random.chance(0.05)) {
        writer.prepared = true
        writer.name = `prepared ${writer.name}`
        writer.wakesAt = this.clock.monotonicMs() + random.within(1, 200)
        return
      }
      this.#end(writer)
      return
    }
    this.#write(writer)
    writer.wakesAt = this.clock.monotonicMs() + this.#rest()
  }

  #rest(): number {
    const { longestMs, idle, idleMs } = this.#traffic
    return this.#random.chance(idle) ? idleMs : this.#random.within(0, longestMs / 4)
  }

  #write(writer: Writer): void {
    const random = this.#random
    const { rows, stepMs, timesOfBegin } = this.#traffic
    let id: number | null = null
    if (rows === 'inserts and updates' && random.chance(0.5)) {
      const known = random.pick([...this.committed.keys()])
      const isLocked = [...this.#writers].some(
        (other) => other !== writer && known !== undefined && other.writes.has(known)
      )
      if (known !== undefined && !isLocked) id = known
    }
    id ??= writer.earlyIds.shift() ?? ++this.#sequence
    const at = timesOfBegin ? writer.began : this.now
    writer.writes.set(id, { id, ts: Math.floor(at / stepMs) * stepMs, version: ++this.#versions })
  }

  #end(writer: Writer): void {
    this.#writers.delete(writer)
    if (this.#random.chance(0.2)) return
    const { lagMs, lagVaries } = this.#traffic
    const nowMs = this.clock.monotonicMs()
    // A copy that stands still stays behind for as long, and shows the rest at once.
    const lag = lagVaries ? this.#random.within(0, lagMs) : lagMs
    const atMs = Math.max(nowMs + lag, this.#replicated.at(-1)?.atMs ?? 0)
    for (const row of writer.writes.values()) {
      this.committed.set(row.id, row)
      this.#replicated.push({ atMs, row, by: writer.name })
    }
    this.#replicate()
  }

  #replicate(): void {
    const nowMs = this.clock.monotonicMs()
    for (let next = this.#replicated[0]; next !== undefined && next.atMs <= nowMs; ) {
      const { row, by } = next
      const table = MODEL_TABLES[row.id % this.#traffic.tables]
      this.#prepared(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?)`).run(
        row.id,
        row.ts,
        row.version
      )
      this.log.push(`${nowMs} ${by} commits ${row.id} v${row.version} at ${row.ts - START_MS}`)
      this.#replicated.shift()
      next = this.#replicated[0]
    }
  }
}
