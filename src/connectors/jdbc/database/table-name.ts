import { ConfigError } from '../../../errors.ts'
import type { Dialect, TableId } from './database.ts'

/**
 * An identifier in the dialect's quotes; a closing quote inside it is doubled, so no name can leave its
 * quotes.
 */
export function quoteName({ quotes }: Pick<Dialect, 'quotes'>, name: string): string {
  const [open, close] = quotes
  return `${open}${name.replaceAll(close, close + close)}${close}`
}

/** The name in a source partition (and in messages): parts joined by dots, without quotes. */
export function tableName(dialect: Dialect, table: TableId): string {
  return dialect
    .nameParts(table)
    .filter((part) => part !== null)
    .join('.')
}

/**
 * The name as it stands in the `tables` key of a task, in the quotes that the tasks of a JVM worker
 * understand too.
 */
export function taskTableName(dialect: Dialect, table: TableId): string {
  const quotes = dialect.driverQuotes ?? dialect.quotes
  const parts = dialect.nameParts(table).filter((part) => part !== null)
  return parts.map((part) => quoteName({ quotes }, part)).join('.')
}

/** The name as it stands in SQL: parts quoted when `quoted`. */
export function tableSql(dialect: Dialect, table: TableId, quoted: boolean): string {
  return dialect
    .nameParts(table)
    .filter((part) => part !== null)
    .map((part) => (quoted ? quoteName(dialect, part) : (dialect.foldCase?.(part) ?? part)))
    .join('.')
}

/**
 * Takes a name apart: `t`, `s.t`, `"a.b"."c"`. Dots inside quotes belong to the name, a doubled closing quote
 * stands for one. Double quotes are understood by every dialect beside its own. ConfigError for an open quote
 * or an empty part.
 */
export function parseTableName(dialect: Dialect, text: string): TableId {
  const parts = splitName(dialect, text.trim(), '.')
  if (parts.length > 3 || parts.some((part) => part === '')) {
    throw new ConfigError(
      `'${text}' is not the name of a table: expected at most three parts separated by dots`
    )
  }
  const table = parts.at(-1) ?? ''
  if (parts.length === 3) return { catalog: parts[0] ?? null, schema: parts[1] ?? null, table }
  const qualifier = parts.length === 2 ? (parts[0] ?? null) : null
  return dialect.twoPartNamesHaveCatalog === true
    ? { catalog: qualifier, schema: null, table }
    : { catalog: null, schema: qualifier, table }
}

/**
 * Names a table may have that a list means by this entry: what stands behind its last dot, or, as names may
 * hold dots, behind any.
 */
export function bareNames(dialect: Dialect, entry: string): string[] {
  const parts = entry.split('.')
  const unquoted = splitName(dialect, entry, '.').at(-1) ?? ''
  return [...new Set([unquoted, ...parts.map((_, index) => parts.slice(index).join('.'))])]
}

/** Which parts of a name stand in quotes. */
export function quotedParts(dialect: Dialect, text: string): boolean[] {
  return cut(dialect, text.trim(), '.').map((part) => unquote(dialect, part.trim()) !== part.trim())
}

/** Names of a comma-separated list; commas inside quotes belong to the name. Items keep their quotes. */
export function splitTableList(dialect: Dialect, text: string): string[] {
  return cut(dialect, text, ',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function splitName(dialect: Dialect, text: string, separator: string): string[] {
  return cut(dialect, text, separator).map((part) => unquote(dialect, part.trim()))
}

function quotePairs(dialect: Dialect): readonly (readonly [string, string])[] {
  return dialect.quotes[0] === '"' ? [dialect.quotes] : [dialect.quotes, ['"', '"']]
}

function cut(dialect: Dialect, text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let closing: string | null = null
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (closing !== null) {
      if (character !== closing) continue
      if (text.charAt(at + 1) === closing) at += 1
      else closing = null
    } else if (character === separator) {
      parts.push(text.slice(start, at))
      start = at + 1
    } else if (text.slice(start, at).trim() === '' || separator === ',') {
      closing = quotePairs(dialect).find(([open]) => open === character)?.[1] ?? null
    }
  }
  if (closing !== null) throw new ConfigError(`'${text}' has a quote that is not closed`)
  parts.push(text.slice(start))
  return parts
}

function unquote(dialect: Dialect, part: string): string {
  for (const [open, close] of quotePairs(dialect)) {
    if (part.length >= 2 && part.startsWith(open) && part.endsWith(close)) {
      return part.slice(1, -1).replaceAll(close + close, close)
    }
  }
  return part
}
