import { ConfigError } from '../../../errors.ts'
import type { Connection, TableId } from '../database/database.ts'
import { parseTableName, quotedParts, tableName } from '../database/table-name.ts'
import type { TargetTable, WriteSession } from '../database/writing.ts'

type Asked = Pick<WriteSession, 'dialect' | 'describeTarget'> & Pick<Connection, 'listTables'>

/**
 * The name of a table taken apart; where names are not quoted the database folds what has no quotes of its
 * own. ConfigError for what is no name.
 */
export function tableIdOf(
  { dialect }: Pick<Connection, 'dialect'>,
  text: string,
  quoted: boolean
): TableId {
  const id = parseTableName(dialect, text)
  const { foldCase } = dialect
  if (quoted || foldCase === undefined) return id
  const isQuoted = quotedParts(dialect, text)
  const fold = (part: string, fromEnd: number): string =>
    isQuoted.at(-fromEnd) === true ? part : foldCase(part)
  return {
    catalog: id.catalog,
    schema: id.schema === null ? null : fold(id.schema, 2),
    table: fold(id.table, 1)
  }
}

/**
 * The table that a name means: the one spelled so, or else the only one that differs from it in case alone.
 * null: there is none. ConfigError names those that are there where there are several.
 */
export async function findTarget(
  session: Asked,
  wanted: TableId,
  types: ReadonlySet<string>
): Promise<TargetTable | null> {
  const exact = await session.describeTarget(wanted)
  if (exact !== null) return usable(session, exact, types)
  const candidates: TargetTable[] = []
  for (const id of await spellings(session, wanted, types)) {
    const table = await session.describeTarget(id)
    if (table !== null) candidates.push(table)
  }
  const [only, ...more] = candidates
  if (only === undefined) return null
  if (more.length === 0) return usable(session, only, types)
  const names = candidates.map(({ id }) => tableName(session.dialect, id))
  throw new ConfigError(
    `Table ${tableName(session.dialect, wanted)} may be ${names.join(' or ')}: they differ in case alone`
  )
}

/** Other spellings of a name that are there. Where it names no schema, neither do they. */
async function spellings(
  session: Asked,
  { catalog, schema, table }: TableId,
  types: ReadonlySet<string>
): Promise<TableId[]> {
  const listed = await session.listTables({
    catalogPattern: catalog,
    schemaPattern: null,
    types: [...new Set([...types, 'TABLE', 'PARTITIONED TABLE'])],
    names: [table]
  })
  const same = (a: string | null, b: string | null): boolean =>
    a?.toLowerCase() === b?.toLowerCase()
  const found = new Map<string, TableId>()
  for (const one of listed) {
    if (!same(one.table, table) || (schema !== null && !same(one.schema, schema))) continue
    const id = { catalog, schema: schema === null ? null : one.schema, table: one.table }
    if (id.table !== table || id.schema !== schema) found.set(JSON.stringify(id), id)
  }
  return [...found.values()]
}

function usable(
  { dialect }: Pick<Connection, 'dialect'>,
  table: TargetTable,
  types: ReadonlySet<string>
): TargetTable {
  if (table.kind !== 'view' || types.has('VIEW')) return table
  throw new ConfigError(
    `${tableName(dialect, table.id)} is a view, and table.types does not name VIEW`
  )
}
