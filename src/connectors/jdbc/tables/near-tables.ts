import type { Connection, TableFilter, TableId } from '../database/database.ts'
import { tableName } from '../database/table-name.ts'
import { nearMisses } from '../database/near-names.ts'

/** So many tables are looked at each time: a dictionary may hold tens of thousands. */
const MOST_LOOKED_AT = 500

/**
 * Names of tables that a mistyped one may have meant, nearest first; at most three. Looks at tables whose
 * names begin alike, in the schema named, then elsewhere; a few at a time, never at all of them.
 */
export async function nearTables(
  connection: Connection,
  filter: Pick<TableFilter, 'catalogPattern' | 'schemaPattern' | 'types'>,
  wanted: TableId
): Promise<string[]> {
  const { dialect } = connection
  const { catalog, schema, table } = wanted
  const fold = dialect.foldCase ?? ((name: string) => name)
  const there = {
    catalogPattern: catalog ?? filter.catalogPattern,
    // A name, not a pattern.
    schemaPattern: schema === null ? filter.schemaPattern : fold(schema).replace(/[%_\\]/g, '\\$&'),
    types: filter.types
  }
  const [half, first] = [Math.ceil(table.length / 2), 1].map((letters) => table.slice(0, letters))
  for (const [place, prefix = ''] of [
    [there, half],
    [there, first],
    [filter, half]
  ] as const) {
    const { catalogPattern, schemaPattern, types } = place
    const some = await connection.listTables({
      catalogPattern,
      schemaPattern,
      types,
      names: null,
      prefix,
      atMost: MOST_LOOKED_AT
    })
    const bare = some.map((one) => one.table)
    const full = some.map((one) => tableName(dialect, one))
    // Each table once, spelled as the mistyped one was if that is alike.
    for (const known of schema === null ? [bare, full] : [full, bare]) {
      const near = nearMisses(tableName(dialect, wanted), [...new Set(known)])
      if (near.length > 0) return near
    }
  }
  return []
}
