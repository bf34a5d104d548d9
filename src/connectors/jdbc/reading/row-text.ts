import type { TableShape } from '../queries/table-shape.ts'

/**
 * Which row, for messages: `id=7`. The columns that tell rows apart: the table's key, else those of the
 * cursor, else the first. `shape` null: not looked up yet.
 */
export function rowText(
  shape: TableShape | null,
  columns: readonly string[],
  valueAt: (index: number) => string
): string {
  const { names = { timestamps: [], id: null }, keys = [] } = shape ?? {}
  const cursors = [...(names.id === null ? [] : [names.id]), ...names.timestamps]
  const wanted = keys.length > 0 ? keys : cursors
  return columns
    .map((name, index) => ({ name, index }))
    .filter(({ name, index }) => (wanted.length > 0 ? wanted.includes(name) : index === 0))
    .map(({ name, index }) => `${name}=${valueAt(index)}`)
    .join(', ')
}
