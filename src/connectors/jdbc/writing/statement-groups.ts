import type { WriteOperation, WriteRow, WriteShape } from '../database/writing.ts'
import { reduced } from './reduction.ts'
import { keyText, looseKeyText } from './row-keys.ts'
import {
  type ColumnSet,
  firstOf,
  keyOf,
  type RowChange,
  type RowTarget,
  type RowUnit,
  writeOf
} from './row-changes.ts'
import { parentsFirst } from './table-order.ts'

/** Rows of one shape that may go in one statement, and what they stand for. */
export interface StatementGroup {
  readonly shape: WriteShape
  readonly rows: readonly WriteRow[]
  /** Of each row. */
  readonly units: readonly RowUnit[]
  /** Of all groups of a batch: those that were refused, and written record by record as far as that went. */
  readonly refused: Set<RowUnit>
}

/** A group that is being filled. */
interface Draft extends StatementGroup {
  readonly rows: WriteRow[]
  readonly units: RowUnit[]
}

/**
 * The statements of a batch, each table in its own order unless one is given: deletes of children before
 * those of their parents, then what is written, parents before their children. Tables without references come
 * as their first records did.
 */
export function statementGroups(
  changes: readonly RowChange[],
  order: 'keyed' | 'arrival' | null
): StatementGroup[] {
  const byTable = Map.groupBy(changes, ({ target }) => target.table)
  const refused = new Set<RowUnit>()
  const deletes: StatementGroup[][] = []
  const writes: StatementGroup[][] = []
  for (const table of parentsFirst([...byTable.keys()])) {
    const all = byTable.get(table) ?? []
    const isKeyed = all.every(({ target }) => (order ?? target.order) === 'keyed')
    // What a truncate deletes need not be written.
    const from = isKeyed ? all.findLastIndex(({ operation }) => operation === 'truncate') : -1
    const mine = from === -1 ? all : all.slice(from + 1)
    const rows = isKeyed ? reducedRows(mine) : null
    if (from !== -1) deletes.push(inOrder(all.slice(from, from + 1), refused))
    if (rows !== null) {
      deletes.push(grouped(rows.deletes, 'delete', refused))
      writes.push(grouped(rows.writes, 'write', refused))
    } else {
      const groups = inOrder(mine, refused)
      const onlyDeletes = groups.every(({ shape }) => REMOVALS.has(shape.operation))
      ;(onlyDeletes ? deletes : writes).push(groups)
    }
  }
  return [...deletes.reverse().flat(), ...writes.flat()]
}

const REMOVALS: ReadonlySet<WriteOperation> = new Set(['delete', 'truncate'])

/** null: they are not reduced, for not all of them name their key alike. */
function reducedRows(changes: readonly RowChange[]): ReturnType<typeof reduced> {
  const [first] = changes
  const sameKey = changes.every(
    ({ target }) => target.keyColumns.length > 0 && target === first?.target
  )
  return sameKey ? reduced(changes) : null
}

/** Rows of one shape together, for no two are the same row. */
function grouped(
  units: readonly RowUnit[],
  part: 'delete' | 'write',
  refused: Set<RowUnit>
): StatementGroup[] {
  const groups = new Map<WriteOperation, Map<ColumnSet | null, Draft>>()
  for (const unit of units) {
    const change = firstOf(unit)
    const write = part === 'write' ? writeOf(unit) : null
    const operation = write?.operation ?? 'delete'
    const set = write?.set ?? null
    let ofOperation = groups.get(operation)
    if (ofOperation === undefined) {
      ofOperation = new Map()
      groups.set(operation, ofOperation)
    }
    let group = ofOperation.get(set)
    if (group === undefined) {
      group = draft(change.target, operation, set, refused)
      ofOperation.set(set, group)
    }
    group.rows.push(write === null ? keyOf(change) : write.row)
    group.units.push(unit)
  }
  return [...groups.values()].flatMap((ofOperation) => [...ofOperation.values()])
}

function draft(
  target: RowTarget,
  operation: WriteOperation,
  set: ColumnSet | null,
  refused: Set<RowUnit>
): Draft {
  return { shape: shapeOf(target, operation, set), rows: [], units: [], refused }
}

const shapes = new WeakMap<ColumnSet, Map<string, WriteShape>>()
const deleteShapes = new WeakMap<RowTarget, WriteShape>()

/** The same object each time, so that dialects can keep a statement for it. */
export function shapeOf(
  target: RowTarget,
  operation: WriteOperation,
  set: ColumnSet | null
): WriteShape {
  const { table, keyColumns } = target
  const newerBy = operation === 'upsert' ? (target.newerBy ?? null) : null
  const make = (): WriteShape => ({
    table,
    operation,
    columns: [...keyColumns, ...(set?.columns ?? [])],
    keyColumns: keyColumns.length,
    ...(newerBy === null ? {} : { newerBy })
  })
  if (set === null) {
    const shape = deleteShapes.get(target) ?? make()
    deleteShapes.set(target, shape)
    return shape
  }
  const ofSet = shapes.get(set) ?? new Map<string, WriteShape>()
  shapes.set(set, ofSet)
  const keys = keyColumns.map((column) => column.name).join('\0')
  const name = `${operation} ${newerBy?.name ?? ''}\0${keys}`
  const shape = ofSet.get(name) ?? make()
  ofSet.set(name, shape)
  return shape
}

/**
 * Every change by itself, in order; runs of one shape go together while no row comes twice among them, which
 * only inserts may.
 */
function inOrder(changes: readonly RowChange[], refused: Set<RowUnit>): StatementGroup[] {
  const groups: Draft[] = []
  let current: Draft | null = null
  let last: RowChange | null = null
  let seen = new Set<string>()
  for (const change of changes) {
    const { target, operation, set, row } = change
    const isAlike = last?.set === set && last.operation === operation && last.target === target
    const text = operation === 'insert' ? null : rowText(change)
    last = change
    const isNew = !isAlike || operation === 'truncate' || (text !== null && seen.has(text))
    if (current === null || isNew) {
      current = draft(target, operation, operation === 'delete' ? null : set, refused)
      groups.push(current)
      seen = new Set()
    }
    if (text !== null) seen.add(text)
    current.rows.push(row)
    current.units.push(change)
  }
  return groups
}

function rowText({ target, row }: RowChange): string | null {
  const text = keyText(target.keyColumns, row)
  return text === null ? null : looseKeyText(target.keyColumns, row, text)
}
