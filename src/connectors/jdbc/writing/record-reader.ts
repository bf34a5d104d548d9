import type { SinkRecord } from '../../../data/record.ts'
import type { Schema } from '../../../data/schema.ts'
import { DataError } from '../../../errors.ts'
import type { SinkSettings } from '../settings/sink-settings.ts'
import type { RecordSettings, TableRules } from '../settings/table-rules.ts'
import { tableNameOf } from '../settings/table-template.ts'
import type { TargetColumn } from '../database/writing.ts'
import { MergedTopics } from './merged-topics.ts'
import { requireWritable } from './record-errors.ts'
import { type RecordPlan, recordPlan } from './record-plan.ts'
import type { ColumnSet, RowChange, RowTarget } from './row-changes.ts'
import type { BoundPlan } from './table-plan.ts'
import { nameFacts, type UnwrappedRecord, unwrapped } from './unwrapped-record.ts'

/** A record, the table it goes to, and what is written of it. */
export interface PlannedRecord extends UnwrappedRecord {
  /** As configured: not looked up yet. */
  readonly table: string
  readonly plan: RecordPlan
  readonly rules: TableRules
  /** By what `change` was worked out before its batch was put; null: it was not. */
  bound: BoundPlan | null
  /** What is done to a row; null: nothing. */
  change: RowChange | null
}

/** Where records of a topic go. */
interface Place {
  readonly topic: string
  readonly table: string
  readonly rules: TableRules
}

/** What the record before was planned by. */
interface LastPlan extends Omit<Place, 'topic'> {
  readonly keySchema: Schema | null
  readonly valueSchema: Schema
  readonly plan: RecordPlan
}

/** Stands for the schema of what has none. */
const NONE = {}

type Plans = WeakMap<object, WeakMap<object, Map<string, RecordPlan>>>
type Rules = Pick<SinkSettings, 'records' | 'rulesOf'>

/** Tells what is written of each record, by plans that are kept for its table and schemas. */
export class RecordReader {
  readonly #settings: Rules
  readonly #plans = new Map<TableRules, Map<string, Plans>>()
  readonly #tables = new Map<string, string>()
  readonly #rules = new Map<string, Map<string, TableRules>>()
  readonly #merged = new MergedTopics()
  #lastPlace: Place | null = null
  #lastPlan: LastPlan | null = null

  constructor(settings: Rules) {
    this.#settings = settings
  }

  /** null: nothing is written of it. DataError: it cannot be written, and why. */
  plan(record: SinkRecord): PlannedRecord | null {
    const what = unwrapped(record, this.#settings.records.unwrapsEnvelopes)
    if (what === null) return null
    const { template } = this.#settings.records.tables
    // What is left out need not name a table.
    if (!template.needsTopicOnly && isSkipped(what, this.#settings.records)) return null
    const { table, rules } = this.#placeOf(what)
    if (isSkipped(what, rules.records)) return null
    requireWritable(what, rules.records)
    const { kind, keySchema, key, valueSchema, value, source } = what
    const plan = this.#planOf(table, what, rules)
    // One object for all that is known of it: whole batches are held, and copied by the collector.
    return {
      record,
      kind,
      keySchema,
      key,
      valueSchema,
      value,
      source,
      table,
      plan,
      rules,
      bound: null,
      change: null
    }
  }

  /** Of each record that is written. ConfigError: rows of other records would be lost. */
  requireOwnRow({ record, table, rules }: PlannedRecord): void {
    const { keyMode, insertMode } = rules.records
    if (keyMode === 'kafka' && insertMode !== 'insert') this.#merged.require(record, table)
  }

  /** The next record mostly goes where the one before it went. */
  #placeOf(what: UnwrappedRecord): Place {
    const { topic } = what.record
    if (this.#lastPlace?.topic === topic) return this.#lastPlace
    const table = this.#tableOf(what)
    const place = { topic, table, rules: this.#rulesOf(topic, table) }
    const { mapping, template } = this.#settings.records.tables
    this.#lastPlace = mapping !== null || template.needsTopicOnly ? place : null
    return place
  }

  #rulesOf(topic: string, table: string): TableRules {
    const ofTopic = entry(this.#rules, topic, () => new Map<string, TableRules>())
    return entry(ofTopic, table, () => this.#settings.rulesOf(topic, table))
  }

  #tableOf(record: UnwrappedRecord): string {
    const { mapping, template, normalize } = this.#settings.records.tables
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

  #planOf(table: string, record: UnwrappedRecord, rules: TableRules): RecordPlan {
    const { kind, keySchema, valueSchema } = record
    const last = this.#lastPlan
    const isAlike = last?.rules === rules && last.table === table && last.plan.kind === kind
    if (isAlike && last.keySchema === keySchema && last.valueSchema === valueSchema) {
      return last.plan
    }
    const plan = this.#anyPlanOf(table, record, rules)
    // Without a schema it is the value that says which columns there are.
    this.#lastPlan = valueSchema === null ? null : { table, rules, keySchema, valueSchema, plan }
    return plan
  }

  #anyPlanOf(table: string, record: UnwrappedRecord, rules: TableRules): RecordPlan {
    const { kind, keySchema, valueSchema, value } = record
    const byTable = entry(this.#plans, rules, () => new Map<string, Plans>())
    const byKey = entry(byTable, table, () => new WeakMap())
    const byValue = entry(byKey, schemaKey(keySchema), () => new WeakMap())
    const plans = entry(byValue, schemaKey(valueSchema), () => new Map<string, RecordPlan>())
    const isMap = valueSchema === null && value instanceof Map
    const name = isMap ? `${kind} ${JSON.stringify([...value.keys()])}` : kind
    return entry(plans, name, () => recordPlan(table, record, rules.records))
  }

  /**
   * DataError for a value that does not fit its column, with the table and the key in its facts. null: the
   * record leaves its row as it is.
   */
  change(planned: PlannedRecord, bound: BoundPlan): RowChange | null {
    if (planned.bound === bound) return planned.change
    try {
      return this.#change(planned, bound)
    } catch (error) {
      if (!(error instanceof DataError)) throw error
      const key = bound.keys.map(({ column }) => column.name).join(', ')
      const facts = { ...error.facts, table: planned.table, key, cause: error.cause }
      throw new DataError(error.message, facts)
    }
  }

  #change(from: PlannedRecord, bound: BoundPlan): RowChange | null {
    const { record, kind, rules } = from
    const { insertMode, keepsNulls, softDelete } = rules.records
    const { target, keys, columns, set } = bound
    if (kind === 'truncate') return { record, target, operation: 'truncate', set, row: [] }
    const isDelete = kind !== 'write' && softDelete === null
    const written = isDelete ? keys : columns
    const row = written.map(({ planned, writer }) => writer.write(planned.read(from)))
    if (isDelete) return { record, target, operation: 'delete', set, row }
    const operation = kind === 'write' ? insertMode : 'update'
    const lacksSome = row.includes(undefined) || (keepsNulls && row.includes(null, keys.length))
    const kept = lacksSome ? withoutSome(bound, row, keepsNulls) : { set, row }
    requireNewer(target, kept.set)
    if (operation === 'update' && kept.set.columns.length === 0) return null
    return { record, target, operation, set: kept.set, row: kept.row }
  }
}

/**
 * Whether nothing is written of it. Tombstones behind the deletes of an envelope have no row, where rows are
 * known by their values.
 */
function isSkipped({ kind, value }: UnwrappedRecord, settings: RecordSettings): boolean {
  const { deletes, skipsTombstones, keyMode, truncates } = settings
  if (kind === 'write') return false
  if (kind === 'truncate') return !truncates
  const canDelete = deletes && (keyMode === 'record_key' || (kind === 'delete' && value !== null))
  return !canDelete && skipsTombstones
}

/** Without it nobody could say whether the record is newer. */
function requireNewer({ newerBy = null }: RowTarget, { columns }: ColumnSet): void {
  if (newerBy === null || columns.includes(newerBy)) return
  throw new DataError(`The record has no value for column ${newerBy.name} of upsert.newer.by`, {
    column: newerBy.name
  })
}

function withoutSome(
  { target, keys, columns, mark }: BoundPlan,
  row: readonly unknown[],
  keepsNulls: boolean
): Pick<RowChange, 'set' | 'row'> {
  const given = new Map<TargetColumn, unknown>()
  for (const [index, bound] of columns.entries()) {
    const value = row[index]
    // A mark that is null says that the row is there.
    const isLeftOut = value === undefined || (keepsNulls && value === null && bound !== mark)
    if (index >= keys.length && !isLeftOut) given.set(bound.column, value)
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
