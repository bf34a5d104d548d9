import { ConfigError } from '../../errors.ts'
import type { Connection, Dialect, TableId } from './database.ts'
import type { TableSelection } from './source-settings.ts'
import { nearTables } from './near-tables.ts'
import { parseTableName, quoteName, tableName, tableSql } from './table-name.ts'

/** Tables to copy, and entries of the whitelist that no table answers to. */
export interface SelectedTables {
  readonly tables: readonly TableId[]
  readonly missing: readonly string[]
}

/**
 * Asks the database for the tables a configuration selects. With a whitelist only those names are looked up, never all; without one
 * `atMost` bounds how many are looked at.
 */
export async function selectTables(
  connection: Connection,
  selection: TableSelection,
  atMost?: number
): Promise<SelectedTables> {
  const { dialect } = connection
  const { whitelist, blacklist, include, exclude } = selection
  const filter = {
    catalogPattern: selection.catalogPattern,
    schemaPattern: selection.schemaPattern,
    types: selection.types
  }
  if (whitelist.length > 0) {
    const names = whitelist.map((entry) => parseTableName(dialect, entry).table)
    const listed = await connection.listTables({ ...filter, names })
    const found = whitelist.map((entry) => ({ entry, matches: matching(dialect, listed, entry) }))
    const wanted = new Set(found.flatMap(({ matches }) => matches))
    const missing = found.filter(({ matches }) => matches.length === 0).map(({ entry }) => entry)
    return {
      tables: listed.filter((table) => wanted.has(table)),
      missing
    }
  }
  const limit = atMost === undefined ? {} : { atMost }
  const listed = await connection.listTables({ ...filter, ...limit, names: null })
  if (blacklist.length > 0) {
    const unwanted = new Set(blacklist.flatMap((entry) => matching(dialect, listed, entry)))
    return { tables: listed.filter((table) => !unwanted.has(table)), missing: [] }
  }
  const tables = listed.filter((table) => {
    const name = tableName(dialect, table)
    const included = include.length === 0 || include.some((pattern) => pattern.test(name))
    return included && !exclude.some((pattern) => pattern.test(name))
  })
  return { tables, missing: [] }
}

/**
 * Tables an entry of a list means: those whose qualified name (quoted or not) or bare name it is. Failing that, the only
 * ones that differ from it in case alone.
 */
function matching(dialect: Dialect, tables: readonly TableId[], entry: string): TableId[] {
  const forms = (table: TableId): string[] => [
    tableName(dialect, table),
    tableSql(dialect, table, true),
    table.table,
    quoteName(dialect, table.table)
  ]
  const wanted = parseTableName(dialect, entry)
  const normal = [wanted.catalog, wanted.schema, wanted.table]
    .filter((part) => part !== null)
    .join('.')
  const exact = tables.filter((table) => {
    const names = forms(table)
    return names.includes(entry) || names.includes(normal)
  })
  if (exact.length > 0) return exact
  const alike = tables.filter((table) =>
    forms(table).some((name) => name.toLowerCase() === normal.toLowerCase())
  )
  return alike.length === 1 ? alike : []
}

/** For so many missing names others are suggested. */
const MOST_HINTS = 10

/** `x (did you mean y?), z`. Asks the database for each name: not for each look at it. */
export async function missingText(
  connection: Connection,
  selection: TableSelection,
  missing: readonly string[]
): Promise<string> {
  const texts: string[] = []
  for (const [index, name] of missing.entries()) {
    const table = parseTableName(connection.dialect, name)
    const near = index < MOST_HINTS ? await nearTables(connection, selection, table) : []
    texts.push(near.length === 0 ? name : `${name} (did you mean ${near.join(' or ')}?)`)
  }
  return texts.join(', ')
}

/** ConfigError when two tables would write to the same topic. */
export function checkDuplicates(dialect: Dialect, tables: readonly TableId[]): void {
  const byName = new Map<string, string[]>()
  for (const table of tables) {
    const names = byName.get(table.table) ?? []
    names.push(tableName(dialect, table))
    byName.set(table.table, names)
  }
  const duplicates = [...byName.values()].filter((names) => names.length > 1)
  if (duplicates.length === 0) return
  throw new ConfigError(
    `The connector uses the unqualified table name as the topic name and has detected duplicate unqualified table names. Rows of different tables would mix in one topic. Name one table of each of these in the filter: ${duplicates.map((names) => `[${names.join(', ')}]`).join(', ')}`
  )
}
