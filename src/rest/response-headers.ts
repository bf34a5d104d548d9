import type { HeaderRule } from '../settings/worker/response-headers.ts'

/** Headers of one answer; `now` is epoch milliseconds. */
export function headersOf(rules: readonly HeaderRule[], now: number): Map<string, string[]> {
  const headers = new Map<string, string[]>()
  for (const { action, name, value } of rules) {
    const text = action.endsWith('Date') ? new Date(now + Number(value)).toUTCString() : value
    const earlier = action.startsWith('add') ? (headers.get(name) ?? []) : []
    headers.set(name, [...earlier, text])
  }
  return headers
}
