/**
 * Whether a query may answer null for a column that its table declares NOT NULL: databases that tell a
 * result's columns by their table's dictionary do not say so. Words in texts and comments count too: the
 * columns are then optional, which is never wrong.
 */
export function hasOuterJoin(sql: string): boolean {
  return /\b(?:left|right|full)\s+(?:outer\s+)?join\b/i.test(sql)
}
