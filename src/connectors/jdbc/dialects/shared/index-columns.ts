import type { Row } from '../../database/database.ts'

/**
 * Rows of (index, column or null for an expression), in the order of the columns, as the list of columns of
 * each index.
 */
export function indexColumns(rows: readonly Row[]): (string | null)[][] {
  const indexes = new Map<string, (string | null)[]>()
  for (const [index, column] of rows) {
    const columns = indexes.get(String(index)) ?? []
    columns.push(column === null || column === undefined ? null : String(column))
    indexes.set(String(index), columns)
  }
  return [...indexes.values()]
}
