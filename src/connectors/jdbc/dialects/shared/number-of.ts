/** A number of a dictionary; null when it says none. */
export function numberOf(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}
