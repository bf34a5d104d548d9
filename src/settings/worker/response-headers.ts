import { ConfigError } from '../../errors.ts'

/**
 * One rule of `response.http.headers.config`: `set` replaces a header, `add` adds to it; the value of a date
 * rule is milliseconds from the moment of an answer.
 */
export interface HeaderRule {
  readonly action: 'set' | 'add' | 'setDate' | 'addDate'
  readonly name: string
  readonly value: string
}

const ACTIONS = ['set', 'add', 'setDate', 'addDate'] as const

/** Splits at commas that are not inside double quotes; the quotes go. */
function splitRules(text: string): string[] {
  return (text.match(/(?:"[^"]*"|[^,"])+/g) ?? [])
    .map((rule) => rule.trim().replace(/^"|"$/g, '').trim())
    .filter((rule) => rule !== '')
}

/** Throws ConfigError with the texts of a JVM worker. */
function parseRule(rule: string): HeaderRule {
  const [, word, pair] = /^(\S+)\s+(.*)$/s.exec(rule) ?? []
  if (word === undefined || pair === undefined) {
    throw new ConfigError(
      `Invalid format of header config '${rule}'. Expected: '[action] [header name]:[header value]'`
    )
  }
  const action = ACTIONS.find((known) => known.toLowerCase() === word.toLowerCase())
  if (action === undefined) {
    throw new ConfigError(
      `Invalid header config action: '${word}'. Expected one of [${ACTIONS.join(', ')}]`
    )
  }
  const [name, value, ...more] = pair.split(':')
  if (name === undefined || value === undefined || more.length > 0) {
    throw new ConfigError(
      `Invalid format of header name and header value pair '${pair}'. Expected: '[header name]:[header value]'`
    )
  }
  const trimmed = name.trim()
  if (trimmed === '' || /\s/.test(trimmed)) {
    throw new ConfigError(
      `Invalid header name '${trimmed}'. The '[header name]' cannot contain whitespace`
    )
  }
  const text = value.trim()
  if (action.endsWith('Date') && !/^-?\d{1,15}$/.test(text)) {
    throw new ConfigError(
      `Invalid value ${text} for header ${trimmed} in response.http.headers.config: ${action} needs a number of milliseconds`
    )
  }
  return { action, name: trimmed, value: text }
}

/** The rules of `response.http.headers.config`, in order. */
export function parseHeaderRules(text: string): HeaderRule[] {
  return splitRules(text).map(parseRule)
}
