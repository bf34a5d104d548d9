import { meaningOf } from '../../../data/source-partition.ts'
import type { Clock } from '../../../clock.ts'
import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import { ConfigError } from '../../../errors.ts'
import type { AlteredOffsets, OffsetChange } from '../../../plugin/source.ts'
import { withConnection } from '../sessions/one-question.ts'
import { suggestionOf } from '../database/near-names.ts'
import type { Connection, TableId } from '../database/database.ts'
import { nearTables } from '../tables/near-tables.ts'
import { UNNAMED_QUERY } from '../reading/reader-targets.ts'
import { requestedOffset } from './requested-offset.ts'
import { checkPartition, partitionText, tablePartition } from '../positions/source-offset.ts'
import { type SourceSettings, sourceSettings } from '../settings/source-settings.ts'
import { bareNames, parseTableName, tableName } from '../database/table-name.ts'
import { abortingAfter } from '../../../wait.ts'

/** Whole check of offsets an operator wants to store; the database is given this long to name its tables. */
const DATABASE_LIMIT_MS = 10_000

/**
 * Offsets of an operator as they are to be stored: tables by their full name, timestamps in numbers.
 * ConfigError for a partition or field that the connector would never look at, for a table that does not
 * exist, and for two offsets of one table. Deleting an offset asks for nothing but the partition: whatever is
 * stored, whoever stored it, can be reset. The offset topic is all there is to change.
 */
export async function alterOffsets(
  config: ConfigMap,
  changes: readonly OffsetChange[],
  { definition, clock }: { readonly definition: ConfigDef; readonly clock: Clock }
): Promise<AlteredOffsets> {
  const settings = sourceSettings(config, definition)
  const zone = settings.connection.timeZone
  const queries = new Map(
    settings.queries.map(({ name, settings: { mode } }) => [name ?? UNNAMED_QUERY, mode])
  )
  const wanted = changes.map(({ partition, offset }) => {
    const named =
      offset === null ? {} : checkPartition(partition, [...queries.keys()], settings.copiesTables)
    return { partition, offset, table: null, query: null, ...named }
  })
  const tables = wanted.flatMap(({ table }) => (table === null ? [] : [table]))
  const found =
    tables.length === 0 ? new Map<string, TableId>() : await fullNames(tables, settings, clock)
  const altered = wanted.map(({ partition, offset, table, query }) => {
    const id = table === null ? undefined : found.get(table)
    const mode = id === undefined ? queries.get(query ?? '') : settings.forTable(id).mode
    return {
      partition:
        id === undefined ? partition : tablePartition(tableName(settings.connection.dialect, id)),
      offset: offset === null ? null : requestedOffset(offset, mode ?? 'bulk', zone)
    }
  })
  checkDistinct(altered)
  return { complete: true, changes: altered }
}

function checkDistinct(changes: readonly OffsetChange[]): void {
  const seen = new Set<string>()
  for (const { partition } of changes) {
    const meaning = meaningOf(partition)
    if (seen.has(meaning)) {
      throw new ConfigError(`The partition ${partitionText(partition)} is given more than once`)
    }
    seen.add(meaning)
  }
}

/** Each name an operator wrote, and the table under whose name the connector keeps the offset. */
async function fullNames(
  written: readonly string[],
  settings: SourceSettings,
  clock: Clock
): Promise<Map<string, TableId>> {
  const look = (signal: AbortSignal) =>
    withConnection(settings.connection, { signal, clock }, async (connection) => {
      const names = new Map<string, TableId>()
      for (const name of written) names.set(name, await fullName(connection, name, settings))
      return names
    })
  return await abortingAfter(clock, DATABASE_LIMIT_MS, look)
}

async function fullName(
  connection: Connection,
  name: string,
  settings: SourceSettings
): Promise<TableId> {
  const { dialect } = connection
  const { types } = settings.tables
  const filter = { catalogPattern: null, schemaPattern: null, types }
  const alike = await connection.listTables({ ...filter, names: bareNames(dialect, name) })
  const exact = alike.find((table) => {
    const full = tableName(dialect, table)
    return full === name || `${connection.catalog}.${full}` === name
  })
  if (exact !== undefined) return exact
  const candidates = alike.filter((table) => table.table === name)
  const [only] = candidates
  if (candidates.length === 1 && only !== undefined) return only
  if (candidates.length > 1) {
    throw new ConfigError(
      `Several tables are named ${name}: ${candidates.map((table) => tableName(dialect, table)).join(', ')}`
    )
  }
  const near = await nearTables(connection, filter, parseTableName(dialect, name))
  throw new ConfigError(`There is no table ${name}${suggestionOf(near)}`)
}
