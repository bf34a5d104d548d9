import { jsonString } from './json-string.ts'

/**
 * The same text for partitions, or offsets, of the same meaning: whatever the order of their fields, 1 or
 * 1.0, number or bigint. Only for comparing, never stored.
 */
export function meaningOf(map: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
  return fields.map(([name, value]) => `${jsonString(name)}:${meaningOfValue(value)}`).join()
}

function meaningOfValue(value: unknown): string {
  if (typeof value === 'string') return jsonString(value)
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value).toString()
  return String(value)
}
