import { OF_ID, OF_TIMES } from './setting-of.ts'
import { RE2JS } from 're2js'
import { ConfigError } from '../../../errors.ts'

/** Tells names of tables that an expression matches as a whole. */
export interface TablePattern {
  test(name: string): boolean
}

const LONGEST_PATTERN = 10_000

/**
 * An expression in the syntax of RE2, as the JVM connector's are. I8: whatever it says, matching takes time
 * in proportion to the name. ConfigError when it is none.
 */
export function tablePattern(text: string): TablePattern {
  if (text.length > LONGEST_PATTERN) {
    throw new ConfigError(
      `Invalid regular expression: it has ${text.length} characters, more than ${LONGEST_PATTERN}`
    )
  }
  try {
    const regex = RE2JS.compile(text)
    return { test: (name) => regex.testExact(name) }
  } catch (error) {
    throw new ConfigError(`Invalid regular expression: ${text}`, { cause: error })
  }
}

/** Columns of the tables a pattern matches. */
export interface ColumnMapping {
  readonly pattern: TablePattern
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

/**
 * The columns mapped to a table. ConfigError unless exactly one pattern matches; `kind` is `timestamp` or
 * `incrementing`.
 */
export function mappedColumns(
  mappings: readonly ColumnMapping[],
  table: string,
  kind: 'timestamp' | 'incrementing'
): readonly string[] {
  const matching = mappings.filter(({ pattern }) => pattern.test(table))
  if (matching.length === 1) return matching[0]?.columns ?? []
  const problem =
    matching.length === 0
      ? 'does not match any of the provided regexes'
      : 'matches more than one of the provided regexes'
  throw new ConfigError(
    `Error while validating ${kind} column mappings: Included table '${table}' ${problem}`,
    kind === 'timestamp' ? OF_TIMES : OF_ID
  )
}
