import type { Story } from '../story.ts'
import type { RowFound, RowValues } from './database.ts'
import { fieldOf, type RowFields, rowFields } from './fields.ts'
import type { RealPlan, TablePlan } from './plan.ts'

/** How many beats rows may wait while nothing stands in their way. */
const BOUND_BEATS = 300

interface Pending {
  readonly version: number
  readonly sinceBeat: number
}

interface Standing {
  readonly plan: TablePlan
  readonly written: Map<number, RowValues>
  /** The last committed version of each row that has not come yet, by code. */
  readonly pending: Map<string, Pending>
  readonly arrived: Map<number, number>
  /** The highest version of each row that came, and the ids they came with. */
  readonly latest: Map<string, number>
  readonly ids: Map<string, bigint>
  repeated: number
  /** The times of rows that came again. */
  readonly repeatedTimes: Set<string>
  /**
   * When a row that was waited for came last: a backlog that is being read, however slowly, is no standing
   * still.
   */
  movedBeat: number
}

/** What was committed against what is in the topics of one world, in time counted in beats of the machine. */
export class RealJudge {
  readonly faults: string[] = []
  readonly rows = new Set<string>()
  /** When something last stood in the way of this world. */
  disturbedBeat = 0
  /** Something happened after which records may come twice: a crash, a session that ended, a broken batch. */
  mayRepeat: boolean
  /**
   * How often a task ended, or may have left its query: each time perhaps amid the rows of one moment, where
   * a time alone tells them apart.
   */
  stops = 0
  /** A column came: rows that are remembered by their values are not known again. */
  rowsDiffer = false
  readonly #tables = new Map<string, Standing>()
  readonly #story: Story
  readonly #exactlyOnce: boolean
  readonly #beat: () => number

  constructor(plan: RealPlan, story: Story, exactlyOnce: boolean, beat: () => number) {
    this.#story = story
    this.#exactlyOnce = exactlyOnce
    this.#beat = beat
    this.mayRepeat = false
    for (const table of plan.tables) {
      this.#tables.set(table.name, {
        plan: table,
        written: new Map(),
        pending: new Map(),
        arrived: new Map(),
        latest: new Map(),
        ids: new Map(),
        repeated: 0,
        repeatedTimes: new Set(),
        movedBeat: 0
      })
    }
  }

  fault(text: string, rows: readonly string[] = []): void {
    if (this.faults.length < 20) this.faults.push(text)
    for (const row of rows.slice(0, 5)) this.rows.add(row)
  }

  onWritten(table: string, row: RowValues): void {
    this.#of(table).written.set(row.version, row)
  }

  /** `isNew`: a row that is only followed by its id has to come once, whatever becomes of it. */
  onCommitted(table: string, { code, version }: RowValues, isNew: boolean): void {
    const { plan, pending, latest } = this.#of(table)
    this.#story.tellOf(`${table} ${code}`, `v${version} is committed`)
    // Somebody else may have been faster, and this one have changed nothing.
    if ((latest.get(code) ?? -1) >= version) return
    if ((pending.get(code)?.version ?? -1) >= version) return
    if (plan.mode === 'incrementing' && (!isNew || latest.has(code))) return
    pending.set(code, { version, sinceBeat: this.#beat() })
  }

  onEmptied(table: string): void {
    this.#of(table).pending.clear()
  }

  onArrival(table: string, fields: Readonly<Record<string, unknown>>, offset: number): void {
    const standing = this.#of(table)
    const { plan, pending, arrived, latest, ids, written } = standing
    const found = rowFields(fields)
    const { code } = found
    const version = Number(found.version)
    const row = written.get(version)
    if (row === undefined) return this.fault(`${table} ${code} v${version} was never written`)
    this.#story.tellOf(`${table} ${code}`, `v${version} is in the topic at ${offset}`)
    const wrong = differences(found, row)
    if (wrong !== '') this.fault(`I5: ${table} ${code} v${version}: ${wrong}`, [`${table} ${code}`])
    const times = (arrived.get(version) ?? 0) + 1
    arrived.set(version, times)
    latest.set(code, Math.max(version, latest.get(code) ?? -1))
    ids.set(code, found.id)
    if (times > 1 && plan.mode !== 'bulk') {
      standing.repeated += 1
      standing.repeatedTimes.add(String(fieldOf(fields, 'changed')))
      if (this.rows.size < 5) this.rows.add(`${table} ${code}`)
      this.#story.tellOf(`${table} ${code}`, `v${version} came ${times} times`)
    }
    const waits = pending.get(code)
    if (waits !== undefined && (plan.mode === 'incrementing' || waits.version <= version)) {
      pending.delete(code)
      standing.movedBeat = this.#beat()
    }
  }

  /** Rows that wait for too long; null: none. */
  standing(sinceBeat: number): string | null {
    const beat = this.#beat()
    for (const [name, { pending, movedBeat }] of this.#tables) {
      for (const [code, waits] of pending) {
        const beats = beat - Math.max(waits.sinceBeat, sinceBeat, this.disturbedBeat, movedBeat)
        if (beats < BOUND_BEATS) continue
        for (const other of [...pending.keys()].slice(0, 4)) this.rows.add(`${name} ${other}`)
        return `${pending.size} rows of ${name} wait, ${code} v${waits.version} for ${beats} beats in which nothing stood in its way`
      }
    }
    return null
  }

  get waiting(): number {
    return [...this.#tables.values()].reduce((sum, { pending }) => sum + pending.size, 0)
  }

  /** What the database holds now that everybody has ended: commits whose answer was lost are among it. */
  adopt(table: string, rows: readonly RowFound[]): void {
    const { plan, pending, arrived, latest, ids } = this.#of(table)
    const found = new Map(rows.map(({ code, version }) => [code, version]))
    for (const { code, id } of rows) {
      const came = ids.get(code)
      if (came !== undefined && came !== id)
        this.fault(`I5: ${table} ${code}: id is ${came}, not ${id}`)
    }
    const before = new Map(pending)
    pending.clear()
    for (const [code, version] of found) {
      if (plan.mode === 'incrementing' ? latest.has(code) : arrived.has(version)) continue
      const waits = before.get(code)
      const sinceBeat = waits?.version === version ? waits.sinceBeat : this.#beat()
      pending.set(code, { version, sinceBeat })
    }
  }

  judgeRepetitions(): void {
    for (const [name, { plan, repeated, repeatedTimes, arrived }] of this.#tables) {
      if (repeated === 0 || (!this.#exactlyOnce && this.mayRepeat)) continue
      if (this.rowsDiffer && plan.mode !== 'incrementing') continue
      const isTorn = plan.mode === 'timestamp' && repeatedTimes.size <= this.stops
      if (isTorn && !this.#exactlyOnce) continue
      this.fault(
        `${name}: ${repeated} records beyond ${arrived.size} came twice without a reason`,
        [...this.rows]
      )
    }
  }

  /** For the record of a world that ended well. */
  get counts(): { readonly rows: number; readonly records: number } {
    let rows = 0
    let records = 0
    for (const { arrived, latest } of this.#tables.values()) {
      rows += latest.size
      for (const times of arrived.values()) records += times
    }
    return { rows, records }
  }

  #of(table: string): Standing {
    const standing = this.#tables.get(table)
    if (standing === undefined) throw new Error(`This world has no table ${table}`)
    return standing
  }
}

function differences({ note, amount }: RowFields, row: RowValues): string {
  const wrong: string[] = []
  if (note !== row.note && (row.note !== '' || note !== null))
    wrong.push(`note is ${String(note)}, not ${row.note}`)
  if (amount !== (row.amount === null ? null : Number(row.amount))) {
    wrong.push(`amount is ${String(amount)}, not ${row.amount}`)
  }
  return wrong.join('; ')
}
