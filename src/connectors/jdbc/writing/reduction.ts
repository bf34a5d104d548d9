import { compareKeys, keyText, looseKeyText, sortOrder } from './row-keys.ts'
import { overridden, type RowChange, type RowTarget, type RowUnit, unitOf } from './row-changes.ts'

/** What is left to do to the rows of one table. */
interface ReducedRows {
  /** In this order, before the writes. */
  readonly deletes: readonly RowUnit[]
  readonly writes: readonly RowUnit[]
}

/**
 * Folds the changes of each row of a table into one, so that the table ends as if every change had been made
 * by itself (I12): a later one overrides column by column, a delete clears what came before. Rows come sorted
 * by key, so that tasks that write to the same rows lock them in the same order.
 *
 * null: some keys differ only as a collation may not see. Then nobody here knows which of them are one row,
 * and every change has to be made by itself, in order.
 */
export function reduced(changes: readonly RowChange[]): ReducedRows | null {
  const units = new Map<string, RowUnit>()
  const withoutKey: RowUnit[] = []
  const loose = new Map<string, string>()
  for (const change of changes) {
    const columns = change.target.keyColumns
    const text = keyText(columns, change.row)
    if (text === null) {
      withoutKey.push(unitOf(change))
      continue
    }
    const looseText = looseKeyText(columns, change.row, text)
    const exact = loose.get(looseText)
    if (exact === undefined) loose.set(looseText, text)
    else if (exact !== text) return null
    const unit = units.get(text)
    if (unit === undefined) units.set(text, unitOf(change))
    else fold(unit, change)
  }
  const all = [...units.values(), ...withoutKey]
  const [first] = changes
  if (first !== undefined) sort(all, first.target)
  return {
    deletes: all.filter(({ deletes }) => deletes),
    writes: all.filter(({ write }) => write !== null)
  }
}

function fold(unit: RowUnit, change: RowChange): void {
  unit.changes.push(change)
  const { write } = unit
  if (change.operation === 'delete') {
    unit.deletes = true
    unit.write = null
  } else if (write !== null) {
    unit.write = overridden(change.target, write, change)
  } else if (change.operation !== 'update') {
    unit.write = change
  }
  // Else the row is gone: an update finds none.
}

function sort(units: RowUnit[], { table, keyColumns }: RowTarget): void {
  const order = sortOrder(keyColumns, table.primaryKey)
  const rowOf = ({ changes }: RowUnit): readonly unknown[] => changes[0]?.row ?? []
  units.sort((a, b) => compareKeys(rowOf(a), rowOf(b), order))
}
