import type { TableId } from '../database/database.ts'
import type { TargetTable } from '../database/writing.ts'

/**
 * Tables in an order in which rows that others refer to are there first: parents before their children, else
 * as they came. In a circle of references tables stay as they came.
 */
export function parentsFirst(tables: readonly TargetTable[]): TargetTable[] {
  const byName = new Map(tables.map((table) => [nameOf(table.id), table]))
  const ordered = new Set<TargetTable>()
  const open = new Set<TargetTable>()
  const visit = (table: TargetTable): void => {
    if (ordered.has(table) || open.has(table)) return
    open.add(table)
    for (const parent of table.parents) {
      const known = byName.get(nameOf(parent))
      if (known !== undefined) visit(known)
    }
    open.delete(table)
    ordered.add(table)
  }
  for (const table of tables) visit(table)
  return [...ordered]
}

const nameOf = ({ catalog, schema, table }: TableId): string =>
  JSON.stringify([catalog, schema, table])
