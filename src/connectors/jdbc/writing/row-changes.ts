import type { SinkRecord } from '../../../data/record.ts'
import type { TargetColumn, TargetTable, WriteOperation, WriteRow } from '../database/writing.ts'

/** Columns that rows have a value for, beside their key. The same object for the same columns of a table. */
export interface ColumnSet {
  readonly columns: readonly TargetColumn[]
}

/** What one record does to one row, in the forms of its columns. */
export interface RowChange {
  readonly record: SinkRecord
  readonly target: RowTarget
  readonly operation: WriteOperation
  readonly key: WriteRow
  readonly set: ColumnSet
  readonly values: WriteRow
}

/** A table as records write to it: with these columns as their key. */
export interface RowTarget {
  readonly table: TargetTable
  readonly keyColumns: readonly TargetColumn[]
  readonly sets: ColumnSets
}

/** What is done to a row in the end, by one record or by several. */
export interface RowUnit {
  /** In order. */
  readonly changes: RowChange[]
  /** The row is deleted before it is written, or only deleted. */
  deletes: boolean
  /** null: it is only deleted. */
  write: {
    readonly operation: WriteOperation
    readonly set: ColumnSet
    readonly values: WriteRow
  } | null
  /** Written in another way already, record by record. */
  isDone: boolean
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

/** Values of one set of columns in the order of another that holds them all; `missing` for the others. */
export function valuesIn(
  set: ColumnSet,
  from: ColumnSet,
  values: WriteRow,
  missing: WriteRow
): WriteRow {
  if (set === from) return values
  return set.columns.map((column, index) => {
    const at = from.columns.indexOf(column)
    return at === -1 ? missing[index] : values[at]
  })
}

export function unitOf(change: RowChange): RowUnit {
  const { operation, set, values } = change
  const isDelete = operation === 'delete'
  return {
    changes: [change],
    deletes: isDelete,
    write: isDelete ? null : { operation, set, values },
    isDone: false
  }
}
