import type { SinkRecord } from '../../../src/data/record.ts'
import type { LetterRecord } from './broker.ts'
import type { ModelServer, Row, Transaction } from './database.ts'
import type { Plan, PlannedRecord } from './plan.ts'
import type { Timeline } from './timeline.ts'

/** What a task was given to put, and who it is. */
export interface Put {
  readonly task: string
  readonly records: readonly SinkRecord[]
}

interface Known extends PlannedRecord {
  /** It was committed in the target, whatever became of that later. */
  wasWritten: boolean
  letters: number
}

/**
 * Knows what was written to the topic, and looks at each thing that is made durable: transactions, offsets
 * of the group, letters. What it finds wrong is told with the invariant that says so.
 */
export class Judge {
  readonly faults: string[] = []
  readonly #plan: Plan
  readonly #timeline: Timeline
  readonly #byPartition: readonly (readonly Known[])[]
  readonly #byPlace = new Map<string, Known>()
  readonly #byValue = new Map<string, Known>()

  constructor(plan: Plan, timeline: Timeline) {
    this.#plan = plan
    this.#timeline = timeline
    const known = plan.records.map(
      (record): Known => ({ ...record, wasWritten: false, letters: 0 })
    )
    for (const record of known) {
      this.#byPlace.set(`${record.partition}@${record.offset}`, record)
      const { value } = bytesOf(record)
      if (value !== null) this.#byValue.set(value.toString(), record)
    }
    this.#byPartition = Array.from({ length: plan.partitions }, (_, partition) =>
      known.filter((record) => record.partition === partition)
    )
  }

  fault(text: string): void {
    this.#timeline.tell(() => `FAULT: ${text}`)
    this.faults.push(`${text} (at ${this.#timeline.nowMs.toFixed(1)} ms)`)
  }

  /** I12, I13: a transaction does what the records of one put do one after the other, and nothing else. */
  judgeTransaction(transaction: Transaction, { task, records }: Put, server: ModelServer): void {
    const { changes } = transaction
    if (this.#plan.promised === 'exactly once') this.#judgePositions(transaction, task, server)
    const known = this.#recordsOf(transaction, records)
    for (const [index, record] of known.entries()) {
      if (isDone(record) && record.kind !== 'write' && record.kind !== 'delete') continue
      if (record.kind !== 'bad' && record.kind !== 'garbled') continue
      // Folded into what came behind it, the database never saw it.
      record.wasWritten = known.slice(index + 1).some((later) => this.#overwrites(later, record))
      if (!record.wasWritten) {
        this.fault(`I10: ${task} commits without record ${record.v}, which nobody has`)
      }
    }
    const good = known.filter(({ kind }) => kind === 'write' || kind === 'delete')
    if (this.#plan.target === 'ledger') {
      const written = changes.appended.map(({ v }) => Number(v))
      this.#same(
        task,
        written,
        good.map(({ v }) => v)
      )
    } else {
      const expected = new Map<string, Row | null>()
      for (const record of good) {
        const key = String(record.key)
        const before = expected.get(key) ?? (expected.has(key) ? null : server.rows.get(key))
        expected.set(key, rowAfter(before ?? null, record))
      }
      const keys = new Set([...expected.keys(), ...changes.rows.keys()])
      for (const key of keys) {
        this.#same(`${task}, key ${key}`, changes.rows.get(key), expected.get(key))
      }
    }
    for (const record of good) record.wasWritten = true
  }

  /**
   * What a transaction has to hold: the records that were put, or, where it moves positions, all that lie
   * between where they were and where they are.
   */
  #recordsOf({ steps }: Transaction, put: readonly SinkRecord[]): readonly Known[] {
    const given = put.map((record) => this.#of(record))
    if (this.#plan.promised === 'at least once') return given
    const between = steps.flatMap(({ partition, from, to }) =>
      (this.#byPartition[partition] ?? []).filter(({ offset }) => offset >= from && offset < to)
    )
    // Records of several partitions come as they were put.
    const place = new Map(given.map((record, index) => [record, index]))
    return between.toSorted((one, other) => (place.get(one) ?? 0) - (place.get(other) ?? 0))
  }

  /** I15: positions move forward, by who has claimed them last, and with the rows alone. */
  #judgePositions({ steps, changes }: Transaction, task: string, server: ModelServer): void {
    const moved = new Set(steps.map(({ partition }) => partition))
    for (const { partition, from, to } of steps) {
      const before = server.positions.get(partition)?.nextOffset ?? null
      if (before !== from || to <= from) {
        this.fault(
          `I15: ${task} moves ${partition} from ${from} to ${to}, where it was at ${before}`
        )
      }
    }
    if (moved.size === 0 && changes.rows.size + changes.appended.length > 0) {
      this.fault(`I15: ${task} commits rows without a position`)
    }
    for (const [partition, { epoch, nextOffset }] of changes.positions) {
      const before = server.positions.get(partition)
      if (moved.has(partition)) {
        if (before?.epoch !== epoch) this.fault(`I15: ${task} moves ${partition} in epoch ${epoch}`)
      } else if (before !== undefined && before.nextOffset !== nextOffset) {
        this.fault(`I15: ${task} claims ${partition} and moves it`)
      }
    }
  }

  #overwrites({ kind, key }: Known, { key: before }: Known): boolean {
    return this.#plan.target === 'rows' && key === before && (kind === 'write' || kind === 'delete')
  }

  #same(where: string, found: unknown, expected: unknown): void {
    const [one, other] = [text(found), text(expected)]
    if (one !== other) this.fault(`I12, I13: ${where}: committed ${one} instead of ${other}`)
  }

  /** I10. */
  judgeCommitted(partition: number, offset: number, by: string): void {
    for (const record of this.#byPartition[partition] ?? []) {
      if (record.offset >= offset) break
      if (!isDone(record)) {
        this.fault(
          `I10: ${by} commits ${partition}@${offset}, and record ${record.v} at ${record.offset} (${record.kind}) is nowhere`
        )
      }
    }
  }

  /** I14. */
  judgeLetter({ value }: LetterRecord): void {
    const record = value === null ? undefined : this.#byValue.get(Buffer.from(value).toString())
    if (record === undefined) return this.fault('I14: a letter is of no record that can be bad')
    if (record.kind !== 'bad' && record.kind !== 'garbled') {
      this.fault(`I14: record ${record.v} (${record.kind}) is a dead letter`)
    }
    record.letters++
  }

  /** Whether the positions of the database lie behind all records. */
  isAllThere({ positions }: ModelServer): boolean {
    return this.#byPartition.every((records, partition) => {
      const { nextOffset = null } = positions.get(partition) ?? {}
      return records.every(
        ({ offset, kind }) => kind === 'dropped' || (nextOffset !== null && offset < nextOffset)
      )
    })
  }

  /** When everything was read: nothing is missing, and each row is that of the newest record of its key. */
  judgeEnd(server: ModelServer): void {
    const all = this.#byPartition.flat()
    for (const record of all) {
      if (!isDone(record)) this.fault(`record ${record.v} (${record.kind}) is missing`)
    }
    if (this.#plan.target === 'ledger') {
      const counts = new Map<number, number>()
      for (const { v } of server.appended) counts.set(Number(v), (counts.get(Number(v)) ?? 0) + 1)
      for (const { v, kind } of all) {
        const count = counts.get(v) ?? 0
        const isGood = kind === 'write'
        const isRight = this.#plan.promised === 'exactly once' ? count === 1 : count >= 1
        if (isGood ? !isRight : count > 0) {
          this.fault(`record ${v} (${kind}) is in the table ${count} times`)
        }
      }
      return
    }
    const expected = new Map<string, Row>()
    for (const record of all.toSorted((one, other) => one.v - other.v)) {
      if (record.kind !== 'write' && record.kind !== 'delete') continue
      const key = String(record.key)
      const row = rowAfter(expected.get(key) ?? null, record)
      if (row === null) expected.delete(key)
      else expected.set(key, row)
    }
    for (const key of new Set([...expected.keys(), ...server.rows.keys()])) {
      const [found, wanted] = [text(server.rows.get(key)), text(expected.get(key))]
      if (found !== wanted) this.fault(`the row of key ${key} is ${found} instead of ${wanted}`)
    }
  }

  #of({ originalKafkaPartition: partition, originalKafkaOffset: offset }: SinkRecord): Known {
    const record = this.#byPlace.get(`${partition}@${offset}`)
    if (record === undefined) throw new Error(`nobody wrote ${partition}@${offset}`)
    return record
  }
}

function isDone({ kind, wasWritten, letters }: Known): boolean {
  if (kind === 'dropped') return true
  return wasWritten || ((kind === 'bad' || kind === 'garbled') && letters > 0)
}

/** What one record makes of a row. */
function rowAfter(row: Row | null, { kind, key, v, a }: PlannedRecord): Row | null {
  if (kind === 'delete') return null
  return { ...row, id: key, v, ...(a === null ? {} : { a }) }
}

function text(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return JSON.stringify(value)
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(value as Row).sort(([one], [other]) => (one < other ? -1 : 1))
    )
  )
}

const field = (name: string): object => ({ field: name, type: 'int32', optional: false })
const KEY = { type: 'struct', fields: [field('id')] }
const VALUE = { type: 'struct', fields: [field('v')] }
const VALUE_WITH_A = { type: 'struct', fields: [field('v'), field('a')] }

/** A record as it lies in its topic. */
export function bytesOf({ kind, key, v, a }: PlannedRecord): {
  readonly key: Buffer
  readonly value: Buffer | null
} {
  const json = (schema: object, payload: object): Buffer =>
    Buffer.from(JSON.stringify({ schema, payload }))
  const sign = kind === 'bad' ? -1 : 1
  return {
    key: json(KEY, { id: key }),
    value:
      kind === 'delete'
        ? null
        : kind === 'garbled'
          ? Buffer.from(`{ garbled ${v}`)
          : json(a === null ? VALUE : VALUE_WITH_A, { v: sign * v, ...(a === null ? {} : { a }) })
  }
}
