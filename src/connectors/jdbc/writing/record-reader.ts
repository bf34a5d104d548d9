import type { SinkRecord } from '../../../data/record.ts'
import type { Schema } from '../../../data/schema.ts'
import { DataError } from '../../../errors.ts'
import type { RecordSettings } from '../settings/sink-settings.ts'
import { tableNameOf } from '../settings/table-template.ts'
import type { TargetColumn } from '../database/writing.ts'
import { requireWritable } from './record-errors.ts'
import { type RecordPlan, recordPlan } from './record-plan.ts'
import type { RowChange } from './row-changes.ts'
import type { BoundPlan } from './table-plan.ts'
import { nameFacts, type UnwrappedRecord, unwrapped } from './unwrapped-record.ts'

/** A record, the table it goes to, and what is written of it. */
export interface PlannedRecord {
  readonly unwrapped: UnwrappedRecord
  /** As configured: not looked up yet. */
  readonly table: string
  readonly plan: RecordPlan
}

/** Stands for the schema of what has none. */
const NONE = {}

type Plans = WeakMap<object, WeakMap<object, Map<string, RecordPlan>>>

/** Tells what is written of each record, by plans that are kept for its table and schemas. */
export class RecordReader {
  readonly #settings: RecordSettings
  readonly #plans = new Map<string, Plans>()
  readonly #tables = new Map<string, string>()

  constructor(settings: RecordSettings) {
    this.#settings = settings
  }

  /** null: nothing is written of it. DataError: it cannot be written, and why. */
  plan(record: SinkRecord): PlannedRecord | null {
    const settings = this.#settings
    const what = unwrapped(record, settings.unwrapsEnvelopes)
    if (what === null) return null
    if (what.kind !== 'write' && this.#isSkipped(what)) return null
    requireWritable(what, settings)
    const table = this.#tableOf(what)
    return { unwrapped: what, table, plan: this.#planOf(table, what) }
  }

  /** Tombstones behind the deletes of an envelope have no row, where rows are known by their values. */
  #isSkipped({ kind, value }: UnwrappedRecord): boolean {
    const { deletes, skipsTombstones, keyMode } = this.#settings
    const canDelete = deletes && (keyMode === 'record_key' || (kind === 'delete' && value !== null))
    return !canDelete && skipsTombstones
  }

  #tableOf(record: UnwrappedRecord): string {
    const { mapping, template, normalize } = this.#settings.tables
    const { topic } = record.record
    if (mapping !== null) {
      const table = mapping.get(topic)
      if (table !== undefined) return table
      throw new DataError(`topics.to.tables.mapping names no table for topic ${topic}`)
    }
    if (!template.needsTopicOnly) return tableNameOf(template, nameFacts(record), normalize)
    let table = this.#tables.get(topic)
    if (table === undefined) {
      table = tableNameOf(template, nameFacts(record), normalize)
      this.#tables.set(topic, table)
    }
    return table
  }

  #planOf(table: string, record: UnwrappedRecord): RecordPlan {
    const { kind, keySchema, valueSchema, value } = record
    const byKey = entry(this.#plans, table, () => new WeakMap())
    const byValue = entry(byKey, schemaKey(keySchema), () => new WeakMap())
    const plans = entry(byValue, schemaKey(valueSchema), () => new Map<string, RecordPlan>())
    const isMap = valueSchema === null && value instanceof Map
    const what = kind === 'write' ? 'write' : 'delete'
    const name = isMap ? `${what} ${JSON.stringify([...value.keys()])}` : what
    return entry(plans, name, () => recordPlan(table, record, this.#settings))
  }

  /**
   * DataError for a value that does not fit its column, with the table and the key in its facts. null: the
   * record leaves its row as it is.
   */
  change(planned: PlannedRecord, bound: BoundPlan): RowChange | null {
    try {
      return this.#change(planned, bound)
    } catch (error) {
      if (!(error instanceof DataError)) throw error
      const key = bound.keys.map(({ column }) => column.name).join(', ')
      const facts = { ...error.facts, table: planned.table, key, cause: error.cause }
      throw new DataError(error.message, facts)
    }
  }

  #change({ unwrapped: from }: PlannedRecord, bound: BoundPlan): RowChange | null {
    const { insertMode, keepsNulls } = this.#settings
    const { target, keys, columns } = bound
    const { record } = from
    const written = from.kind === 'write' ? columns : keys
    const row = written.map(({ planned, writer }) => writer.write(planned.read(from)))
    if (from.kind !== 'write') {
      return { record, target, operation: 'delete', set: bound.set, row }
    }
    const lacksSome = row.includes(undefined) || (keepsNulls && row.includes(null, keys.length))
    const kept = lacksSome ? withoutSome(bound, row, keepsNulls) : { set: bound.set, row }
    if (insertMode === 'update' && kept.set.columns.length === 0) return null
    return { record, target, operation: insertMode, set: kept.set, row: kept.row }
  }
}

function withoutSome(
  { target, keys, columns }: BoundPlan,
  row: readonly unknown[],
  keepsNulls: boolean
): Pick<RowChange, 'set' | 'row'> {
  const given = new Map<TargetColumn, unknown>()
  for (const [index, { column }] of columns.entries()) {
    const value = row[index]
    if (index < keys.length || value === undefined || (keepsNulls && value === null)) continue
    given.set(column, value)
  }
  const set = target.sets.of([...given.keys()])
  const values = set.columns.map((column) => given.get(column))
  return { set, row: [...row.slice(0, keys.length), ...values] }
}

const schemaKey = (schema: Schema | null): object => schema ?? NONE

interface Entries<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): unknown
}

function entry<K, V>(entries: Entries<K, V>, key: K, make: () => V): V {
  const known = entries.get(key)
  if (known !== undefined) return known
  const made = make()
  entries.set(key, made)
  return made
}
