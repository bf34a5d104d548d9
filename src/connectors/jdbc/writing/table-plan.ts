import { ConfigError, DataError } from '../../../errors.ts'
import type { TargetColumn, TargetTable } from '../database/writing.ts'
import type { TableRules } from '../settings/table-rules.ts'
import { type ValueWriter, valueWriter } from '../written-values/value-writer.ts'
import type { PlannedColumn, RecordPlan } from './record-plan.ts'
import { type ColumnSet, ColumnSets, type RowTarget } from './row-changes.ts'
import { markWriter } from './soft-delete.ts'

/** A column of records and the one of the table it goes to. */
interface BoundColumn {
  readonly planned: PlannedColumn
  readonly column: TargetColumn
  readonly writer: ValueWriter
}

/** How records of a plan become rows of a table that has all their columns. */
export interface BoundPlan {
  readonly rules: TableRules
  readonly target: RowTarget
  readonly keys: readonly BoundColumn[]
  /** The keys, and behind them all others: the columns of a row. */
  readonly columns: readonly BoundColumn[]
  /** The columns that are not of the key, in their order. */
  readonly set: ColumnSet
  /** The one of `columns` that is a mark. */
  readonly mark: BoundColumn | null
}

interface TableParts {
  readonly sets: ColumnSets
  readonly targets: Map<string, RowTarget>
}

const parts = new WeakMap<TargetTable, TableParts>()

/** The columns of a plan that a table lacks. ConfigError where two columns could be meant. */
export function lackingColumns(table: TargetTable, plan: RecordPlan): PlannedColumn[] {
  return plan.inOrder.filter(({ name }) => columnNamed(table, name) === null)
}

/**
 * A table that lacks none of the plan's columns. Columns that the database computes are not written; as part
 * of a key they find rows where nothing but that is asked. ConfigError where the rules want what the table
 * does not have.
 */
export function boundPlan(table: TargetTable, plan: RecordPlan, rules: TableRules): BoundPlan {
  const { softDelete, newerBy } = rules.records
  const computedKey = computedKeyUse(table, plan, rules)
  const bind = (columns: readonly PlannedColumn[], isKey: boolean): BoundColumn[] =>
    columns.flatMap((planned) => {
      const column = columnNamed(table, planned.name)
      if (column === null) return []
      if (column.isGenerated && !(isKey && computedKey === 'finds')) return []
      const { schema, timestampDigits } = planned
      const roundsExcess = rules.values.roundsExcess && !(isKey && isExactKey(column, plan, rules))
      const values = { ...rules.values, roundsExcess }
      const writer =
        planned === plan.mark && softDelete !== null
          ? markWriter(column, softDelete, values)
          : valueWriter(schema, column, values, timestampDigits)
      return [{ planned, column, writer }]
    })
  const keys = bind(plan.keys, true).map(ofKey)
  const others = bind(plan.others, false)
  requireDistinct(table, [...keys, ...others])
  const target = targetOf(
    table,
    keys.map(({ column }) => column),
    {
      // Rows whose keys are not known whole cannot be told to be the same.
      order: computedKey === null ? rules.order : 'arrival',
      newerBy:
        newerBy === null || plan.kind !== 'write' ? null : newerColumn(table, newerBy, others)
    }
  )
  const set = target.sets.of(others.map(({ column }) => column))
  // Another plan may have made the set, in an order of its own.
  const place = new Map(set.columns.map((column, index) => [column, index]))
  others.sort((a, b) => (place.get(a.column) ?? 0) - (place.get(b.column) ?? 0))
  const mark = others.find(({ planned }) => planned === plan.mark) ?? null
  return { rules, target, keys, columns: [...keys, ...others], set, mark }
}

/**
 * Whether a key that its column does not hold digit by digit is an error. Rounded it would find a row of
 * another key: one that is deleted or changed in its place. Times may be rounded where rows are made the same
 * way, and new rows are refused by the database where they meet others.
 */
function isExactKey(
  { type }: TargetColumn,
  { kind }: RecordPlan,
  { records: { insertMode } }: TableRules
): boolean {
  if (insertMode === 'insert' && kind === 'write') return false
  return insertMode === 'update' || type.kind === 'integer' || type.kind === 'decimal'
}

/**
 * What a key is good for that the database computes a column of: it finds rows, or is left out of new ones;
 * null: it computes none. ConfigError where rows are to be found and made by it: without that column other
 * rows would be found, and with it none could be made.
 */
function computedKeyUse(
  table: TargetTable,
  { kind, keys }: RecordPlan,
  { records: { insertMode, softDelete } }: TableRules
): 'finds' | 'left out' | null {
  const computed = keys.find(({ name }) => columnNamed(table, name)?.isGenerated === true)
  if (computed === undefined) return null
  if (insertMode === 'update' || (kind === 'delete' && softDelete === null)) return 'finds'
  if (insertMode === 'insert' && kind === 'write') return 'left out'
  throw new ConfigError(
    `The database computes column ${computed.name} of table ${table.id.table}: it cannot be part of a key that rows are written with (pk.mode, pk.fields), only of one that finds them for updates and deletes`
  )
}

/** Without its key no row is known. */
function ofKey(bound: BoundColumn): BoundColumn {
  const { column, writer } = bound
  const write = (value: unknown): unknown => {
    const written = writer.write(value)
    if (written !== undefined) return written
    throw new DataError(`Column ${column.name} is part of the key, and its value is null`, {
      column: column.name
    })
  }
  return { ...bound, writer: { ...writer, write } }
}

/** The column with this name, or the only one that differs from it in case alone. */
function columnNamed(table: TargetTable, wanted: string): TargetColumn | null {
  const name = cutName(wanted, table.nameBytes)
  const exact = table.columns.find((column) => column.name === name)
  if (exact !== undefined) return exact
  const lower = name.toLowerCase()
  const [only = null, ...more] = table.columns.filter(
    (column) => column.name.toLowerCase() === lower
  )
  if (more.length === 0) return only
  const names = [only, ...more].map((column) => column?.name)
  throw new ConfigError(
    `Field ${wanted} may be column ${names.join(' or ')} of table ${table.id.table}: they differ in case alone`
  )
}

/** As the database cuts it: no character in two. */
function cutName(name: string, limit = Number.POSITIVE_INFINITY): string {
  if (name.length * 3 <= limit || Buffer.byteLength(name) <= limit) return name
  const { read } = new TextEncoder().encodeInto(name, new Uint8Array(limit))
  return name.slice(0, read)
}

const COMPARABLE = /^(?:integer|float|decimal|date|time|timestamp)$/

/** The column of `upsert.newer.by`: databases and we have to agree on which of two values is larger. */
function newerColumn(
  table: TargetTable,
  name: string,
  others: readonly BoundColumn[]
): TargetColumn {
  const column = columnNamed(table, name)
  const where = `upsert.newer.by: column ${name} of table ${table.id.table}`
  if (column === null) throw new ConfigError(`${where} does not exist`)
  if (!COMPARABLE.test(column.type.kind)) {
    throw new ConfigError(`${where} (${column.databaseType}) is neither a number nor a time`)
  }
  if (!others.some((bound) => bound.column === column)) {
    throw new ConfigError(`${where} is no field of its records, or part of their key`)
  }
  return column
}

function requireDistinct(table: TargetTable, bound: readonly BoundColumn[]): void {
  const fields = new Map<TargetColumn, string>()
  for (const { column, planned } of bound) {
    const other = fields.get(column)
    if (other !== undefined) {
      throw new ConfigError(
        `Fields ${other} and ${planned.name} both go to column ${column.name} of table ${table.id.table}`
      )
    }
    fields.set(column, planned.name)
  }
}

function targetOf(
  table: TargetTable,
  keyColumns: readonly TargetColumn[],
  how: Required<Pick<RowTarget, 'order' | 'newerBy'>>
): RowTarget {
  let known = parts.get(table)
  if (known === undefined) {
    known = { sets: new ColumnSets(), targets: new Map() }
    parts.set(table, known)
  }
  const names = keyColumns.map((column) => column.name)
  const name = JSON.stringify([how.order, how.newerBy?.name, ...names])
  let target = known.targets.get(name)
  if (target === undefined) {
    target = { table, keyColumns, sets: known.sets, ...how }
    known.targets.set(name, target)
  }
  return target
}
