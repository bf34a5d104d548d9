import type { Connection, Dialect, TableId } from '../database/database.ts'
import { suggestions } from '../database/near-names.ts'
import { nearTables } from './near-tables.ts'
import type { SourceSettings, TableSelection } from '../settings/source-settings.ts'
import {
  bareNames,
  parseTableName,
  quoteName,
  tableName,
  tableSql
} from '../database/table-name.ts'

/** Tables to copy, and entries of the whitelist that no table answers to. */
export interface SelectedTables {
  readonly tables: readonly TableId[]
  readonly missing: readonly string[]
  /** Every table the configuration selects is there, none was left out because there are too many. */
  readonly complete: boolean
}

/**
 * Asks the database for the tables a configuration selects. With a whitelist only those names are looked up,
 * never all; without one `atMost` bounds how many are looked at.
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
    const names = whitelist.flatMap((entry) => bareNames(dialect, entry))
    const listed = await connection.listTables({ ...filter, names })
    const found = whitelist.map((entry) => ({ entry, matches: matching(dialect, listed, entry) }))
    const wanted = new Set(found.flatMap(({ matches }) => matches))
    const missing = found.filter(({ matches }) => matches.length === 0).map(({ entry }) => entry)
    return {
      tables: listed.filter((table) => wanted.has(table)),
      missing,
      complete: true
    }
  }
  const limit = atMost === undefined ? {} : { atMost }
  const listed = await connection.listTables({ ...filter, ...limit, names: null })
  const complete = listed.length < (atMost ?? Infinity)
  if (blacklist.length > 0) {
    const unwanted = new Set(blacklist.flatMap((entry) => matching(dialect, listed, entry)))
    return { tables: listed.filter((table) => !unwanted.has(table)), missing: [], complete }
  }
  const tables = listed.filter((table) => {
    const name = tableName(dialect, table)
    const included = include.length === 0 || include.some((pattern) => pattern.test(name))
    return included && !exclude.some((pattern) => pattern.test(name))
  })
  return { tables, missing: [], complete }
}

/**
 * Tables an entry of a list means: those whose qualified name (quoted or not) or bare name it is. Failing
 * that, the only one by its schema where names have a catalog in front, or the only one that differs from it
 * in case alone.
 */
function matching(dialect: Dialect, tables: readonly TableId[], entry: string): TableId[] {
  const forms = (table: TableId): string[] => [
    tableName(dialect, table),
    tableSql(dialect, table, true),
    table.table,
    quoteName(dialect, table.table)
  ]
  const written = tables.filter((table) => forms(table).includes(entry))
  if (written.length > 0) return written
  const wanted = parseTableName(dialect, entry)
  const normal = [wanted.catalog, wanted.schema, wanted.table]
    .filter((part) => part !== null)
    .join('.')
  const exact = tables.filter((table) => forms(table).includes(normal))
  if (exact.length > 0) return exact
  const ofSchema = (table: TableId): string => dialect.nameParts(table).slice(-2).join('.')
  const within = tables.filter((table) => ofSchema(table) === normal)
  if (within.length === 1) return within
  const alike = tables.filter((table) =>
    [...forms(table), ofSchema(table)].some((name) => name.toLowerCase() === normal.toLowerCase())
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

/**
 * Groups of `table.settings` in which no table is, a sentence each. Tables that are only missing from the
 * database may come.
 */
export function idleGroups(
  { groups }: SourceSettings,
  dialect: Dialect,
  { tables, missing, complete }: SelectedTables
): string[] {
  if (!complete) return []
  const expected: TableId[] = missing.map((name) => parseTableName(dialect, name))
  const names = [...new Set(tables.flatMap((table) => [table.table, tableName(dialect, table)]))]
  return groups
    .filter(({ has }) => ![...tables, ...expected].some(has))
    .map(({ name, wanted }) => {
      const hints = suggestions(wanted, names)
      return `table.settings.${name} matches none of the tables to copy (${wanted.join(', ')})${hints}`
    })
}
