import { ConfigError } from '../../../errors.ts'

/** A regular expression that has to match the whole name; Java's leading `(?i)` is understood. ConfigError when it is none. */
export function tablePattern(text: string): RegExp {
  const ignoreCase = text.startsWith('(?i)')
  const source = ignoreCase ? text.slice(4) : text
  try {
    return new RegExp(`^(?:${source})$`, ignoreCase ? 'is' : 's')
  } catch (error) {
    throw new ConfigError(`Invalid regular expression: ${text}`, { cause: error })
  }
}

/** Columns of the tables a pattern matches. */
export interface ColumnMapping {
  readonly pattern: RegExp
  readonly columns: readonly string[]
}

/** `regex:[c1|c2]` → pattern and columns. ConfigError in the JVM connector's words. */
export function parseColumnsMapping(text: string): ColumnMapping {
  const colon = text.lastIndexOf(':')
  if (colon <= 0) throw new ConfigError("Invalid format. Expected 'regex:[col1|col2|...]'")
  const list = text.slice(colon + 1).trim()
  if (!list.startsWith('[') || !list.endsWith(']')) {
    throw new ConfigError('Columns list must be enclosed in square brackets')
  }
  const inner = list.slice(1, -1).trim()
  if (inner === '') throw new ConfigError('Columns list cannot be empty')
  const columns = inner.split('|').map((column) => column.trim())
  if (columns.includes('')) throw new ConfigError('Every column name should be non-empty string')
  return { pattern: tablePattern(text.slice(0, colon).trim()), columns }
}

/** `regex:column` → pattern and the one column. ConfigError in the JVM connector's words. */
export function parseColumnMapping(text: string): ColumnMapping {
  const colon = text.lastIndexOf(':')
  if (colon <= 0) throw new ConfigError("Invalid format. Expected 'regex:columnName'")
  const column = text.slice(colon + 1).trim()
  if (column === '') throw new ConfigError('Column name cannot be empty')
  return { pattern: tablePattern(text.slice(0, colon).trim()), columns: [column] }
}

/** The columns mapped to a table. ConfigError unless exactly one pattern matches; `kind` is `timestamp` or `incrementing`. */
export function mappedColumns(
  mappings: readonly ColumnMapping[],
  table: string,
  kind: string
): readonly string[] {
  const matching = mappings.filter(({ pattern }) => pattern.test(table))
  if (matching.length === 1) return matching[0]?.columns ?? []
  const problem =
    matching.length === 0
      ? 'does not match any of the provided regexes'
      : 'matches more than one of the provided regexes'
  throw new ConfigError(
    `Error while validating ${kind} column mappings: Included table '${table}' ${problem}`
  )
}
