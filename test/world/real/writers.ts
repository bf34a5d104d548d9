import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../support/random.ts'
import { until } from '../../support/until.ts'
import type { Home, RowValues, Session } from './database.ts'
import type { RealJudge } from './judge.ts'
import type { RealPlan, TablePlan } from './plan.ts'

const BURST_STEP = 10_000

interface Written {
  readonly table: TablePlan
  readonly row: RowValues
  readonly isNew: boolean
}

/** Sessions that write at the same time and commit in any order; one that breaks is opened anew. */
export class RealWriters {
  readonly #plan: RealPlan
  readonly #home: Home
  readonly #judge: RealJudge
  readonly #random: Random
  readonly #codes = new Map<string, string[]>()
  #versions = 0
  #stopped = false
  #held = false
  #busy = 0

  constructor(plan: RealPlan, home: Home, judge: RealJudge, random: Random) {
    this.#plan = plan
    this.#home = home
    this.#judge = judge
    this.#random = random
    for (const { name } of plan.tables) this.#codes.set(name, [])
  }

  /** Rows that are there before the connector. */
  async writeBefore(): Promise<void> {
    const session = await this.#home.session()
    for (const table of this.#plan.tables) {
      await session.begin()
      const written: Written[] = []
      const many = table.before > 100 ? this.#burst(table, table.before, written) : null
      if (many !== null) await session.run(many)
      else
        for (let row = Math.min(table.before, 100); row > 0; row--)
          await session.run(this.#insert(table, written))
      await session.commit()
      this.#committed(written)
    }
    await session.close()
  }

  async run(forMs: number): Promise<void> {
    const end = setTimeout(() => {
      this.#stopped = true
    }, forMs)
    try {
      await Promise.all(Array.from({ length: this.#plan.sessions }, () => this.#keepWriting()))
    } finally {
      clearTimeout(end)
    }
  }

  /** Nobody writes meanwhile; rows of `table` are forgotten. */
  async whileNobodyWrites(table: TablePlan, work: () => Promise<void>): Promise<void> {
    this.#held = true
    try {
      await until(() => this.#busy === 0, 'nobody writes')
      await work()
      this.#codes.set(table.name, [])
    } finally {
      this.#held = false
    }
  }

  async #keepWriting(): Promise<void> {
    while (!this.#stopped) {
      try {
        const session = await this.#home.session()
        try {
          while (!this.#stopped) {
            if (this.#held) await delay(20)
            else await this.#busily(session)
          }
        } finally {
          await session.close().catch(() => undefined)
        }
      } catch {
        // The session was ended, or the server restarts: whatever became of its transaction, the table tells
        // in the end.
        await delay(100)
      }
    }
  }

  async #busily(session: Session): Promise<void> {
    this.#busy += 1
    try {
      await this.#transaction(session)
    } finally {
      this.#busy -= 1
    }
    await delay(this.#random.within(0, 120))
  }

  async #transaction(session: Session): Promise<void> {
    const random = this.#random
    const { longestMs, rollbacks, tables } = this.#plan
    const written: Written[] = []
    await session.begin()
    try {
      for (let statements = random.within(1, 4); statements > 0; statements--) {
        const table = random.pick(tables) as TablePlan
        await session.run(this.#statement(table, written))
        if (longestMs > 0 && random.chance(0.5)) await delay(random.within(0, longestMs / 3))
      }
      if (longestMs > 0) await delay(random.within(0, longestMs / 3))
      if (random.chance(rollbacks)) return await session.rollback()
    } catch (error) {
      // A row that somebody else has locked.
      await session.rollback()
      if (!/lock|deadlock|timeout|resource busy/i.test(String(error))) throw error
      return
    }
    await session.commit()
    this.#committed(written)
  }

  #statement(table: TablePlan, written: Written[]): string {
    const random = this.#random
    const { updates, burstRows } = this.#plan
    const many = burstRows > 0 && random.chance(0.03)
    const burst = many ? this.#burst(table, burstRows, written) : null
    if (burst !== null) return burst
    return (
      (random.chance(updates) ? this.#update(table, written) : null) ?? this.#insert(table, written)
    )
  }

  #committed(written: readonly Written[]): void {
    for (const { table, row, isNew } of written) {
      this.#judge.onCommitted(table.name, row, isNew)
      if (isNew) this.#codes.get(table.name)?.push(row.code)
    }
  }

  #row(code: string, version: number): RowValues {
    const random = this.#random
    return {
      code,
      version,
      note: random.pick([null, 'x', 'it\'s größer, "quoted" 😀']) ?? null,
      amount: random.pick([null, '0.00', '-12.34', '98765432.10']) ?? null
    }
  }

  #insert(table: TablePlan, written: Written[]): string {
    this.#versions += 1
    return this.#add(table, this.#row(`c${this.#versions}`, this.#versions), true, written, (row) =>
      this.#home.insert(table, row)
    )
  }

  #update(table: TablePlan, written: Written[]): string | null {
    const code = this.#random.pick(this.#codes.get(table.name) ?? [])
    if (code === undefined) return null
    this.#versions += 1
    return this.#add(table, this.#row(code, this.#versions), false, written, (row) =>
      this.#home.update(table, row)
    )
  }

  #burst(table: TablePlan, count: number, written: Written[]): string | null {
    this.#versions = Math.ceil((this.#versions + 1) / BURST_STEP) * BURST_STEP
    const first = this.#row(`b${this.#versions}`, this.#versions)
    const sql = this.#home.insertMany(table, first, count)
    if (sql === null) return null
    for (let at = 0; at < count; at++) {
      const row = { ...first, code: `${first.code}.${at}`, version: first.version + at }
      this.#judge.onWritten(table.name, row)
      written.push({ table, row, isNew: true })
    }
    this.#versions += count
    return sql
  }

  #add(
    table: TablePlan,
    row: RowValues,
    isNew: boolean,
    written: Written[],
    sql: (row: RowValues) => string
  ): string {
    this.#judge.onWritten(table.name, row)
    written.push({ table, row, isNew })
    return sql(row)
  }
}
