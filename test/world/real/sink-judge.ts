import type { RowFields } from './fields.ts'
import type { RealPlan, TablePlan } from './plan.ts'
import { UNWANTED } from './sink-config.ts'
import type { SinkPlan } from './sink-plan.ts'
import { topicOf } from './topics.ts'

/** A record of one of the topics, as it is to the sink. */
interface SinkRecordSeen {
  readonly partition: number
  readonly offset: number
  /** Tells rows apart; of a record without a value, too. */
  readonly code: string
  /** null: a record without a value. */
  readonly row: RowFields | null
}

interface Copy {
  readonly plan: TablePlan
  /** What identifies a row → its values as one text. Rows without a key are counted by it instead. */
  readonly rows: Map<string, string>
  readonly counts: Map<string, number>
  /** Places of records that cannot be written. */
  readonly bad: Set<string>
  /** Those of `bad` behind which the same row changed again: folded with that, they may never be tried. */
  readonly outrun: Set<string>
  /** The last one of each row that cannot be written, by code. */
  readonly lastBad: Map<string, string>
  /** How often each place was told to the topic for such records. */
  readonly dead: Map<string, number>
}

/** What the copies of a world should have, from the records of its topics in their order. */
export class SinkJudge {
  /** Something happened after which a sink may write a record again. */
  mayRepeat = false
  /** It was told to begin again, exactly once or not. */
  beganAgain = false
  /**
   * So often its tasks were ended, or shared out anew: a batch that waits for its first session is given up
   * then, and its letters are in Kafka already.
   */
  interruptions = 0
  records = 0
  readonly #sink: SinkPlan
  readonly #ruled: boolean
  readonly #copies = new Map<string, Copy>()
  readonly #byTopic = new Map<string, Copy>()

  /** `ruled`: the copies have a rule. */
  constructor(plan: RealPlan, sink: SinkPlan, ruled: boolean) {
    this.#sink = sink
    this.#ruled = ruled
    for (const table of plan.tables) {
      const copy = {
        plan: table,
        rows: new Map(),
        counts: new Map(),
        bad: new Set<string>(),
        outrun: new Set<string>(),
        lastBad: new Map(),
        dead: new Map()
      }
      this.#copies.set(table.name, copy)
      this.#byTopic.set(topicOf(plan, table), copy)
    }
  }

  /** Rows that are in a copy before the sink: those of `changes`. */
  onBefore(table: string, row: readonly unknown[]): void {
    this.#of(table).rows.set(String(row[0]), signature(row))
  }

  onRecord(table: string, { partition, offset, code, row }: SinkRecordSeen): void {
    const copy = this.#of(table)
    const place = `${partition}@${offset}`
    this.records += 1
    const before = copy.lastBad.get(code)
    if (before !== undefined && this.#folds) copy.outrun.add(before)
    if (row === null) {
      if (this.#sink.tombstones === 'deletions') copy.rows.delete(code)
      return
    }
    // What changes no row breaks no rule.
    if (this.#sink.way === 'changes' && !copy.rows.has(code)) return
    if (this.#ruled && row.amount !== null && Number(row.amount) === Number(UNWANTED)) {
      copy.bad.add(place)
      copy.lastBad.set(code, place)
      return
    }
    const values = signature([row.code, row.version, row.id, row.amount, row.note])
    switch (this.#sink.way) {
      case 'newest':
      case 'changes':
        copy.rows.set(code, values)
        return
      case 'places':
        copy.rows.set(place, values)
        return
      case 'each':
        copy.counts.set(values, (copy.counts.get(values) ?? 0) + 1)
    }
  }

  /** A record that nobody can read. */
  onUnreadable(table: string, partition: number, offset: number): void {
    this.records += 1
    this.#of(table).bad.add(`${partition}@${offset}`)
  }

  onDeadLetter(topic: string, place: string): void {
    const copy = this.#byTopic.get(topic)
    if (copy !== undefined) copy.dead.set(place, (copy.dead.get(place) ?? 0) + 1)
  }

  /** What a copy lacks or has beyond its records; `found` as `copiedColumns` says. */
  differences(table: string, found: readonly (readonly unknown[])[]): string[] {
    const copy = this.#of(table)
    const wrong = this.#sink.way === 'each' ? this.#counted(copy, found) : this.#keyed(copy, found)
    return [...wrong, ...this.#deadLetters(copy)].map((text) => `${table}: ${text}`)
  }

  #keyed({ rows }: Copy, found: readonly (readonly unknown[])[]): string[] {
    const wrong: string[] = []
    const seen = new Set<string>()
    for (const row of found) {
      const key = this.#sink.way === 'places' ? `${text(row[6])}@${text(row[7])}` : String(row[0])
      const [expected, values] = [rows.get(key), signature(row)]
      if (seen.has(key)) wrong.push(`${key} is there twice`)
      seen.add(key)
      if (expected === undefined) wrong.push(`${key} should not be there: ${values}`)
      else if (expected !== values) wrong.push(`${key} is ${values}, not ${expected}`)
    }
    for (const [key, values] of rows) if (!seen.has(key)) wrong.push(`${key} lacks: ${values}`)
    return wrong
  }

  #counted({ counts }: Copy, found: readonly (readonly unknown[])[]): string[] {
    const mayRepeat = this.#sink.exactlyOnce ? this.beganAgain : this.mayRepeat
    const there = new Map<string, number>()
    for (const row of found) {
      const values = signature(row)
      there.set(values, (there.get(values) ?? 0) + 1)
    }
    const wrong: string[] = []
    for (const [values, times] of counts) {
      const copied = there.get(values) ?? 0
      if (copied < times) wrong.push(`${values} is there ${copied} times, not ${times}`)
    }
    for (const [values, times] of there) {
      const expected = counts.get(values) ?? 0
      if (expected === 0) wrong.push(`${values} should not be there`)
      else if (times > expected && !mayRepeat)
        wrong.push(`${values} is there ${times} times, not ${expected}, without a reason`)
    }
    return wrong
  }

  #deadLetters({ bad, outrun, dead }: Copy): string[] {
    const wrong: string[] = []
    for (const place of bad)
      if (!dead.has(place) && !outrun.has(place)) wrong.push(`${place} is no dead letter`)
    for (const [place, times] of dead) {
      if (!bad.has(place)) wrong.push(`${place} is a dead letter without a fault of its own`)
      else if (times > 1 + this.interruptions && !this.mayRepeat)
        wrong.push(`${place} is ${times} dead letters without a reason`)
    }
    return wrong
  }

  /** The records of a row become one before they are written. */
  get #folds(): boolean {
    const { way, settings } = this.#sink
    return (way === 'newest' || way === 'changes') && settings['write.order'] !== 'arrival'
  }

  #of(table: string): Copy {
    const copy = this.#copies.get(table)
    if (copy === undefined) throw new Error(`This world has no copy of ${table}`)
    return copy
  }
}

/** Code, version, id, amount and note as one text, however a driver or a converter answers them. */
function signature([code, version, id, amount, note]: readonly unknown[]): string {
  const decimal = amount === null || amount === undefined ? null : Number(amount)
  // Oracle has no empty texts.
  return JSON.stringify([text(code), text(version), text(id), decimal, note === '' ? null : note])
}

function text(value: unknown): string {
  return String(value)
}
