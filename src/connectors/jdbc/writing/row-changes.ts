import type { SinkRecord } from '../../../data/record.ts'
import type { TargetColumn, TargetTable, WriteOperation, WriteRow } from '../database/writing.ts'

/** Columns that rows have a value for, beside their key. The same object for the same columns of a table. */
export interface ColumnSet {
  readonly columns: readonly TargetColumn[]
}

/** What is done to one row, in the forms of its columns. */
interface RowWrite {
  readonly operation: WriteOperation
  readonly set: ColumnSet
  /** Its key, and behind it the values of `set`; of a delete only the key. */
  readonly row: WriteRow
}

/** What one record does to one row. */
export interface RowChange extends RowWrite {
  readonly record: SinkRecord
  readonly target: RowTarget
}

/** A table as records write to it: with these columns as their key. */
export interface RowTarget {
  readonly table: TargetTable
  readonly keyColumns: readonly TargetColumn[]
  readonly sets: ColumnSets
  /** How its rows are written where nothing else is said. */
  readonly order?: 'keyed' | 'arrival'
  /** An upsert leaves a row as it is whose value there is larger. */
  readonly newerBy?: TargetColumn | null
}

/** What several records do to one row. */
export class FoldedRow {
  /** In order. */
  readonly changes: RowChange[]
  /** The row is deleted before it is written, or only deleted. */
  deletes: boolean
  /** null: it is only deleted. */
  write: RowWrite | null

  constructor(first: RowChange) {
    this.changes = [first]
    this.deletes = isDeleted(first)
    this.write = writeOf(first)
  }
}

/** What is done to a row in the end, by one record or by several. */
export type RowUnit = RowChange | FoldedRow

/** In order. */
export function changesOf(unit: RowUnit): readonly RowChange[] {
  return unit instanceof FoldedRow ? unit.changes : [unit]
}

/** Whether the row is deleted before it is written, or only deleted. */
export function isDeleted(unit: RowUnit): boolean {
  return unit instanceof FoldedRow ? unit.deletes : unit.operation === 'delete'
}

/** null: the row is only deleted. */
export function writeOf(unit: RowUnit): RowWrite | null {
  if (unit instanceof FoldedRow) return unit.write
  return unit.operation === 'delete' ? null : unit
}

/** The change that came first. */
export function firstOf(unit: RowUnit): RowChange {
  return unit instanceof FoldedRow ? (unit.changes[0] as RowChange) : unit
}

/** The sets of columns of one table. */
export class ColumnSets {
  readonly #sets = new Map<string, ColumnSet>()
  readonly #unions = new Map<ColumnSet, Map<ColumnSet, ColumnSet>>()

  /** In this order if they are new. */
  of(columns: readonly TargetColumn[]): ColumnSet {
    const name = columns
      .map((column) => column.name)
      .sort()
      .join('\0')
    let set = this.#sets.get(name)
    if (set === undefined) {
      set = { columns }
      this.#sets.set(name, set)
    }
    return set
  }

  union(a: ColumnSet, b: ColumnSet): ColumnSet {
    if (a === b) return a
    let known = this.#unions.get(a)
    if (known === undefined) {
      known = new Map()
      this.#unions.set(a, known)
    }
    let union = known.get(b)
    if (union === undefined) {
      const more = b.columns.filter((column) => !a.columns.includes(column))
      union = this.of([...a.columns, ...more])
      known.set(b, union)
    }
    return union
  }
}

/** The value that a row has for a column that is none of its key; undefined: it has none. */
export function valueIn(
  { keyColumns }: RowTarget,
  { set, row }: RowWrite,
  column: TargetColumn
): unknown {
  const at = set.columns.indexOf(column)
  return at === -1 ? undefined : row[keyColumns.length + at]
}

/** Of a row that a later change overrides, column by column; its key stays as it was spelled first. */
export function overridden({ keyColumns, sets }: RowTarget, row: RowWrite, by: RowWrite): RowWrite {
  const set = sets.union(row.set, by.set)
  const keys = keyColumns.length
  if (set === by.set && keyColumns.every((_, index) => row.row[index] === by.row[index])) return by
  const values = set.columns.map((column) => {
    const at = by.set.columns.indexOf(column)
    return at === -1 ? row.row[keys + row.set.columns.indexOf(column)] : by.row[keys + at]
  })
  return { operation: by.operation, set, row: [...row.row.slice(0, keys), ...values] }
}

/** The key of the row that is changed. */
export function keyOf({ operation, target, row }: RowChange): WriteRow {
  return operation === 'delete' ? row : row.slice(0, target.keyColumns.length)
}
