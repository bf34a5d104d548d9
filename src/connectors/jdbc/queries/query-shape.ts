import { OF_ID, OF_TIMES } from '../settings/setting-of.ts'
import { ConfigError } from '../../../errors.ts'
import { checkIdColumn, findColumn, timestampColumn } from '../positions/cursor-value.ts'
import { suggestion } from '../database/near-names.ts'
import type { Column, Connection, TableId } from '../database/database.ts'
import { keyColumns } from '../records/record-key.ts'
import { checkPlaceholders, describableQuery } from '../sql/query-text.ts'
import { tableName } from '../database/table-name.ts'
import { limits, readyForMore } from './table-query.ts'
import type { TableSettings } from '../settings/table-settings.ts'
import { modeUsesId, modeUsesTimestamp } from '../database/mode.ts'
import {
  checkZones,
  columnSql,
  primaryKey,
  shapeOf,
  type TableShape,
  tableShape,
  wantedId,
  wantedTimestamps
} from './table-shape.ts'

/** The columns a query answers, wherever its bounds stand. */
export async function queryColumns(connection: Connection, query: string): Promise<Column[]> {
  return await connection.describeQuery(describableQuery(query))
}

/**
 * What every poll of a table (null: of a query) has in common, read as its settings say. ConfigError as of
 * the two.
 */
export async function readerShape(
  connection: Connection,
  table: TableId | null,
  settings: TableSettings
): Promise<TableShape> {
  const { query } = settings
  const shape =
    table === null || query !== null
      ? await queryShape(connection, query ?? '', settings, table)
      : await tableShape(connection, table, settings)
  const { guard } = settings.lateCommits
  if (settings.mode === 'bulk' || guard === 'off' || guard === 'window') return shape
  const whole = query === null ? null : describableQuery(query)
  const writersElsewhere = (await connection.writersElsewhere?.({ table, query: whole })) ?? null
  return { ...shape, writersElsewhere }
}

/**
 * What every poll of a query has in common; `table` when it stands for a table, whose primary key and mapped
 * columns are then known. ConfigError when a column is not in its result or cannot serve.
 */
async function queryShape(
  connection: Connection,
  query: string,
  settings: TableSettings,
  table: TableId | null
): Promise<TableShape> {
  const { mode, key } = settings
  const name = table === null ? null : tableName(connection.dialect, table)
  const ids = modeUsesId(mode) ? idName(settings, name) : null
  checkPlaceholders(query, mode, limits(settings.suffix))
  const unneeded = mode === 'bulk' && key.columns === null
  const columns = unneeded ? [] : await queryColumns(connection, query)
  const find = (wanted: string, kind: 'Timestamp' | 'Incrementing'): Column => {
    const column = findColumn(columns, wanted)
    if (column !== null) return column
    const known = columns.map((other) => other.name)
    throw new ConfigError(
      `${kind} column ${wanted} not found in the result of the query: ${known.join(', ')}${suggestion(wanted, known)}`,
      kind === 'Timestamp' ? OF_TIMES : OF_ID
    )
  }
  const times = modeUsesTimestamp(mode) ? timeNames(settings, name) : []
  const timestamps = times.map((wanted) => timestampColumn(find(wanted, 'Timestamp')))
  const id = ids === null ? null : find(ids, 'Incrementing')
  if (id !== null) checkIdColumn(id)
  checkZones(timestamps)
  const keys = table === null || unneeded ? [] : primaryKey(await connection.describeTable(table))
  return {
    ...shapeOf(connection, readyForMore(query), mode, settings),
    timestamps: timestamps.map((column) => ({
      sql: columnSql(connection, column.name, settings),
      column
    })),
    id: id === null ? null : { sql: columnSql(connection, id.name, settings), column: id },
    names: { timestamps: timestamps.map((column) => column.name), id: id?.name ?? null },
    keys,
    recordKey: keyColumns(columns, keys, 'the query', settings)
  }
}

function timeNames(settings: TableSettings, table: string | null): readonly string[] {
  return table === null ? settings.timestampColumns : wantedTimestamps(settings, table)
}

function idName(settings: TableSettings, table: string | null): string {
  const name = table === null ? settings.incrementingColumn : wantedId(settings, table)
  if (name !== null) return name
  throw new ConfigError(
    `'incrementing.column.name' must be provided when using mode 'incrementing' or 'timestamp+incrementing' with a custom query.`,
    OF_ID
  )
}
