import type { HeaderRule } from '../settings/worker/response-headers.ts'
import { ConfigError } from '../errors.ts'

/** The date actions take milliseconds from the moment of the answer. Throws ConfigError for anything else. */
export function checkDateRules(rules: readonly HeaderRule[]): readonly HeaderRule[] {
  const wrong = rules.find(
    (rule) => rule.action.endsWith('Date') && !/^-?\d{1,15}$/.test(rule.value)
  )
  if (wrong === undefined) return rules
  throw new ConfigError(
    `Invalid value ${wrong.value} for header ${wrong.name} in response.http.headers.config: ${wrong.action} needs a number of milliseconds`
  )
}

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
