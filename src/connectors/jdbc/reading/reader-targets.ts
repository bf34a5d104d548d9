import { ConfigError } from '../../../errors.ts'
import type { ConfigMap } from '../../../config/config-def.ts'
import { parseConfig } from '../../../config/config-def.ts'
import type { SourcePartition } from '../../../data/record.ts'
import type { Connection, TableId } from '../database/database.ts'
import { jdbcTaskConfig } from '../settings/source-config.ts'
import { queryPartition, storedPartitions, tablePartition } from '../positions/source-offset.ts'
import type { NamedQuery, SourceSettings } from '../settings/source-settings.ts'
import { parseTableName, splitTableList, tableName } from '../database/table-name.ts'
import type { ReaderTarget } from './table-reader.ts'
import { topicOfQuery, topicOfTable } from '../tables/target-topic.ts'

/** What a task has to read. */
export interface TaskWork {
  readonly tables: readonly TableId[]
  readonly queries: readonly NamedQuery[]
  /** The tables are not known yet: the connector will send others. */
  readonly waitsForTables: boolean
}

/** How the unnamed query is called in a task's list of queries: no other may have the name beside it. */
export const UNNAMED_QUERY = 'query'

export function taskWork(config: ConfigMap, settings: SourceSettings): TaskWork {
  const { dialect } = settings.connection
  const task = parseConfig(jdbcTaskConfig, config)
  const tables = splitTableList(dialect, task.tables).map((name) => parseTableName(dialect, name))
  if (tables.length > 0 && !settings.copiesTables) {
    throw new ConfigError('query may not be combined with whole-table copying settings.')
  }
  const own = config.get('task.queries')?.split(',')
  return {
    tables,
    queries: settings.queries.filter(
      ({ name }) => own === undefined || own.includes(name ?? UNNAMED_QUERY)
    ),
    waitsForTables: settings.copiesTables && tables.length === 0 && !task['tables.fetched']
  }
}

/** ConfigError for a table or query whose topic cannot be named. */
export function readerTargets(
  { tables, queries }: TaskWork,
  settings: SourceSettings,
  connection: Connection
): ReaderTarget[] {
  return [
    ...tables.map((table) => tableTarget(table, settings, connection)),
    ...queries.map(queryTarget)
  ]
}

function tableTarget(
  table: TableId,
  source: SourceSettings,
  { dialect, catalog }: Connection
): ReaderTarget {
  const name = tableName(dialect, table)
  const settings = source.forTable(table)
  return {
    table,
    name: `table ${name}`,
    schemaName: table.table,
    topic: topicOfTable(dialect, table, settings.topics, catalog ?? null),
    // Bulk keeps no offsets; its partition is the bare name, as in the JVM connector.
    partition: settings.mode === 'bulk' ? { table: table.table } : tablePartition(name),
    settings
  }
}

function queryTarget({ name, settings }: NamedQuery): ReaderTarget {
  return {
    table: null,
    name: name === null ? 'the query' : `query ${name}`,
    schemaName: name,
    topic: topicOfQuery(name, settings.topics),
    partition: queryPartition(name ?? UNNAMED_QUERY),
    settings
  }
}

/** Partitions under which the offset of a target may be stored, best first. */
export function partitionsOf(
  { table, partition, settings }: ReaderTarget,
  { dialect, catalog }: Connection
): readonly SourcePartition[] {
  if (table === null) return [partition]
  // I6: with a template tables of one name stand side by side, and an old bare name may mean another of them.
  const bareName = settings.topics.template === null ? table.table : null
  return storedPartitions(tableName(dialect, table), bareName, catalog ?? null)
}
