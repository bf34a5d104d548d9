import type { ConfigDef, ConfigMap } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import { loggers } from '../../log.ts'
import type { OffsetChange } from '../../plugin/source.ts'
import { openConnection } from './connection-keeper.ts'
import { checkOffset, checkPartition } from './source-offset.ts'
import { sourceSettings } from './source-settings.ts'
import { suggestion } from './cursor-value.ts'
import { parseTableName, tableName } from './table-name.ts'

/** Whole check of offsets an operator wants to store; the database is given this long to name its tables. */
const DATABASE_LIMIT_MS = 10_000

/**
 * ConfigError for a partition or field that the connector would never look at, and for a table that does not exist. Deleting
 * an offset asks for nothing but a well-formed partition. Answers true: the offset topic is all there is to change.
 */
export async function checkOffsetChanges(
  config: ConfigMap,
  changes: readonly OffsetChange[],
  definition: ConfigDef
): Promise<boolean> {
  const settings = sourceSettings(config, definition)
  const written: string[] = []
  for (const { partition, offset } of changes) {
    // A reset deletes whatever is stored, whoever stored it.
    if (offset === null) continue
    const named = checkPartition(partition, settings.query !== null)
    checkOffset(offset, settings.mode)
    if (named !== 'query') written.push(named.table)
  }
  if (written.length === 0) return true
  const { dialect } = settings.connection
  const connection = await openConnection(
    settings.connection,
    loggers.get('io.confluent.connect.jdbc.JdbcSourceConnector'),
    AbortSignal.timeout(DATABASE_LIMIT_MS),
    DATABASE_LIMIT_MS
  )
  try {
    for (const name of written) {
      const bare = parseTableName(dialect, name).table
      const filter = { catalogPattern: null, schemaPattern: null, types: settings.tables.types }
      const alike = await connection.listTables({ ...filter, names: [bare] })
      const known = alike.flatMap((table) => {
        const full = tableName(dialect, table)
        const catalog = connection.catalog
        return [full, table.table, ...(catalog === undefined ? [] : [`${catalog}.${full}`])]
      })
      if (known.includes(name)) continue
      const all = await connection.listTables({ ...filter, names: null })
      const names = all.map((table) => tableName(dialect, table))
      throw new ConfigError(`There is no table ${name}${suggestion(name, names)}`)
    }
  } finally {
    await connection.close()
  }
  return true
}
