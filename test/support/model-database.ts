import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { OpenTransactions, Row } from '../../src/connectors/jdbc/database.ts'
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
  readonly visible: 'always' | 'sometimes' | 'never'
  readonly clockJumps: boolean
  readonly connectionsBreak: boolean
}

/** Of one history. */
const MOST_WRITES = 100
const START_MS = Date.UTC(2026, 0, 1)

/**
 * A table `t (id, ts, version)` and its writers, one step at a time under a seed: snapshots, a sequence, locks, transactions that commit
 * in any order or roll back. Rows become visible with the commit, not before. Time passes only here.
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
  writing = true
  /** How often it went back, or a session was lost. */
  faults = 0
  readonly log: string[] = []

  constructor(random: Random, traffic: Traffic) {
    this.#random = random
    this.#traffic = traffic
    this.#sqlite.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, ts INTEGER, version INTEGER)')
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
    if (visible === 'never') return { answer: 'unseen', why: 'the model hides them' }
    if (visible === 'sometimes' && this.#random.chance(0.2)) {
      return { answer: 'later', inMs: this.#random.within(10, 120), why: 'the model is busy' }
    }
    return {
      answer: 'seen',
      source: 'the model',
      open: [...this.#writers].map(({ name, beganAt, prepared, writes }) => ({
        id: name,
        ageMs: this.clock.monotonicMs() - beganAt,
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
    return true
  }

  #pass(ms: number): void {
    this.clock.pass(ms)
    if (!this.writing) return
    const random = this.#random
    if (this.#traffic.clockJumps && random.chance(0.002)) {
      this.#clockOffset -= random.within(1, 5000)
      this.log.push(`${this.clock.monotonicMs()} clock back to ${this.now - START_MS}`)
      this.faults += 1
    }
    if (random.chance(0.03))
      this.#spareIds.push({ id: ++this.#sequence, takenAt: this.clock.monotonicMs() })
    if (this.#versions >= MOST_WRITES && this.#writers.size === 0) this.writing = false
    if (this.#versions < MOST_WRITES && this.#writers.size < 5 && random.chance(0.2)) this.#begin()
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
      // Some read first, and write long after.
      wakesAt: this.clock.monotonicMs() + (this.#random.chance(0.2) ? this.#rest() : 0)
    })
  }

  #step(writer: Writer): void {
    const random = this.#random
    const { longestMs } = this.#traffic
    const age = this.clock.monotonicMs() - writer.beganAt
    if (writer.prepared || age > longestMs || random.chance(0.2)) {
      if (!writer.prepared && random.chance(0.05)) {
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
    for (const row of writer.writes.values()) {
      this.committed.set(row.id, row)
      this.#prepared('INSERT OR REPLACE INTO t VALUES (?, ?, ?)').run(row.id, row.ts, row.version)
      this.log.push(
        `${this.clock.monotonicMs()} ${writer.name} commits ${row.id} v${row.version} at ${row.ts - START_MS}`
      )
    }
  }
}
