import { ConfigError } from '../errors.ts'

/** One entry of `response.http.headers.config`. */
export interface HeaderRule {
  action: 'set' | 'add' | 'setDate' | 'addDate'
  name: string
  value: string
}

const actions = ['set', 'add', 'setDate', 'addDate'] as const

/** Parses `[action] [name]:[value], …`; double quotes protect commas. Throws ConfigError with Kafka's texts. */
export function headerRules(text: string): HeaderRule[] {
  return splitOutsideQuotes(text).map((entry) => headerRule(entry))
}

function headerRule(entry: string): HeaderRule {
  const blank = /\s/.exec(entry)?.index
  if (blank === undefined) {
    throw new ConfigError(
      `Invalid format of header config '${entry}'. Expected: '[action] [header name]:[header value]'`
    )
  }
  const word = entry.slice(0, blank)
  const action = actions.find((known) => known.toLowerCase() === word.toLowerCase())
  if (action === undefined) {
    throw new ConfigError(
      `Invalid header config action: '${word}'. Expected one of [${actions.join(', ')}]`
    )
  }
  const pair = entry.slice(blank).trim()
  const [name = '', value, ...more] = pair.split(':')
  if (value === undefined || more.length > 0) {
    throw new ConfigError(
      `Invalid format of header name and header value pair '${pair}'. Expected: '[header name]:[header value]'`
    )
  }
  if (name.trim() === '' || /\s/.test(name)) {
    throw new ConfigError(
      `Invalid header name '${name}'. The '[header name]' cannot contain whitespace`
    )
  }
  if (action.endsWith('Date') && !/^\s*-?\d+\s*$/.test(value)) {
    throw new ConfigError(`Invalid header value '${value.trim()}': ${action} needs milliseconds`)
  }
  return { action, name, value: value.trim() }
}

/** Headers of one answer; the date actions name a moment that many milliseconds from `now`. */
export function headersOf(rules: readonly HeaderRule[], now: number): Map<string, string[]> {
  const headers = new Map<string, string[]>()
  for (const { action, name, value } of rules) {
    const text = action.endsWith('Date') ? new Date(now + Number(value)).toUTCString() : value
    const earlier = action.startsWith('add') ? (headers.get(name) ?? []) : []
    headers.set(name, [...earlier, text])
  }
  return headers
}

function splitOutsideQuotes(text: string): string[] {
  const parts = text.match(/(?:[^,"]|"[^"]*")+/g) ?? []
  return parts.map((part) => part.replaceAll('"', '').trim()).filter((part) => part !== '')
}
