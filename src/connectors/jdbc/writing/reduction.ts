import type { TargetColumn, WriteOperation } from '../database/writing.ts'
import {
  compareKeys,
  compareValues,
  isFreeText,
  keyText,
  looseKeyText,
  sortOrder
} from './row-keys.ts'
import {
  firstOf,
  FoldedRow,
  isDeleted,
  overridden,
  type RowChange,
  type RowTarget,
  type RowUnit,
  valueIn,
  writeOf
} from './row-changes.ts'

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
 * null: some keys differ only as a collation may not see, so that nobody here knows which of them are one
 * row, or what is in the table decides what its changes come to. Then every change has to be made by itself,
 * in order.
 */
export function reduced(changes: readonly RowChange[]): ReducedRows | null {
  const units = new Map<string, RowUnit>()
  const withoutKey: RowUnit[] = []
  const [first] = changes
  if (first === undefined) return { deletes: [], writes: [] }
  const columns = first.target.keyColumns
  // Only in texts a collation may overlook something.
  const loose = columns.some(isFreeText) ? new Map<string, string>() : null
  for (const change of changes) {
    const text = keyText(columns, change.row)
    if (text === null) {
      withoutKey.push(change)
      continue
    }
    if (loose !== null) {
      const looseText = looseKeyText(columns, change.row, text)
      const exact = loose.get(looseText)
      if (exact === undefined) loose.set(looseText, text)
      else if (exact !== text) return null
    }
    const unit = units.get(text)
    if (unit === undefined) units.set(text, change)
    else {
      const folded = unit instanceof FoldedRow ? unit : new FoldedRow(unit)
      if (folded !== unit) units.set(text, folded)
      if (!fold(folded, change)) return null
    }
  }
  const all = [...units.values(), ...withoutKey]
  sort(all, first.target)
  return { deletes: all.filter(isDeleted), writes: all.filter((unit) => writeOf(unit) !== null) }
}

/** False: without the row in the table nobody knows what the two come to. */
function fold(unit: FoldedRow, change: RowChange): boolean {
  const { operation, target } = change
  const { write } = unit
  if (operation === 'delete') {
    unit.deletes = true
    unit.write = null
  } else if (write === null) {
    // Where the row is gone an update finds none.
    if (operation !== 'update') unit.write = change
  } else if (target.newerBy !== null && target.newerBy !== undefined) {
    if (write.operation !== operation || write.set !== change.set) return false
    if (isNewer(target.newerBy, change, write)) unit.write = change
  } else {
    const kept = foldedOperation(write, change)
    if (kept === null) return false
    const both = overridden(target, write, change)
    unit.write = both.operation === kept ? both : { ...both, operation: kept }
  }
  unit.changes.push(change)
  return true
}

/** What one statement has to be that does both; null: it depends on whether the row is there. */
function foldedOperation(
  before: NonNullable<FoldedRow['write']>,
  { operation, set }: RowChange
): WriteOperation | null {
  if (before.operation === operation) return operation
  // The row is there by then.
  if (operation === 'update') return before.operation
  const isCovered = before.set.columns.every((column) => set.columns.includes(column))
  return before.operation === 'update' && operation === 'upsert' && isCovered ? 'upsert' : null
}

/** As the database decides it between a record and a row (`upsert.newer.by`). */
function isNewer(
  column: TargetColumn,
  change: RowChange,
  before: NonNullable<FoldedRow['write']>
): boolean {
  const { target } = change
  const [mine, theirs] = [valueIn(target, change, column), valueIn(target, before, column)]
  if (theirs === null || theirs === undefined) return true
  if (mine === null || mine === undefined) return false
  return compareValues(column, mine, theirs) >= 0
}

function sort(units: RowUnit[], { table, keyColumns }: RowTarget): void {
  const order = sortOrder(keyColumns, table.primaryKey)
  units.sort((a, b) => compareKeys(firstOf(a).row, firstOf(b).row, order))
}
