import { OF_ID, OF_TIMES } from '../settings/setting-of.ts'
import { ConfigError } from '../../../errors.ts'
import { checkIdColumn, findColumn, timestampColumn, visible } from '../positions/cursor-value.ts'
import { suggestion, suggestionOf, suggestions } from '../database/near-names.ts'
import {
  type Column,
  type Connection,
  databaseError,
  type TableColumn,
  type TableId
} from '../database/database.ts'
import { nearTables } from '../tables/near-tables.ts'
import { keyColumns } from '../records/record-key.ts'
import { quoteName, tableName, tableSql } from '../database/table-name.ts'
import type { QueryShape } from './bound-query.ts'
import type { TableSettings } from '../settings/table-settings.ts'
import { type Mode, modeUsesId, modeUsesTimestamp } from '../database/mode.ts'
import { mappedColumns } from '../settings/table-pattern.ts'

/** A table or query, looked up in the database: what every poll of it has in common. */
export interface TableShape extends QueryShape {
  /** Cursor columns as the result spells them. */
  readonly names: { readonly timestamps: readonly string[]; readonly id: string | null }
  /** Columns that tell rows apart, for messages. */
  readonly keys: readonly string[]
  /** Columns of the record key, in its order; null: records have none. */
  readonly recordKey: readonly string[] | null
}

/**
 * ConfigError when one of the table's cursor columns does not exist, cannot serve, or may be null. That there
 * is no such table may pass.
 */
export async function tableShape(
  connection: Connection,
  table: TableId,
  settings: TableSettings
): Promise<TableShape> {
  const { dialect } = connection
  const columns = await connection.describeTable(table)
  const name = tableName(dialect, table)
  if (columns.length === 0) throw await missingTable(connection, table, settings)
  const { mode } = settings
  const timestamps = modeUsesTimestamp(mode) ? timestampColumns(columns, name, settings) : []
  const id = modeUsesId(mode) ? idColumn(columns, name, settings) : null
  if (settings.validateNonNull) checkNullable(name, timestamps, id)
  const from = tableSql(
    dialect,
    settings.qualified ? table : { catalog: null, schema: null, table: table.table },
    settings.quoted
  )
  const sqlOf = (column: Column): string =>
    `${from}.${columnSql(connection, column.name, settings)}`
  const key = primaryKey(columns)
  return {
    ...shapeOf(connection, `SELECT * FROM ${from}`, mode, settings),
    timestamps: timestamps.map((column) => ({
      sql: sqlOf(column),
      column: timestampColumn(column)
    })),
    id: id === null ? null : { sql: sqlOf(id), column: id },
    names: { timestamps: timestamps.map((column) => column.name), id: id?.name ?? null },
    keys: key.filter((part) =>
      columns.some((one) => one.name === part && one.isInvisible !== true)
    ),
    recordKey: keyColumns(columns, key, `table '${name}'`, settings)
  }
}

export function primaryKey(columns: readonly TableColumn[]): string[] {
  return columns
    .filter((column) => column.keyPosition !== null)
    .sort((a, b) => (a.keyPosition ?? 0) - (b.keyPosition ?? 0))
    .map((column) => column.name)
}

export function shapeOf(
  connection: Connection,
  select: string,
  mode: Mode,
  settings: TableSettings
): Pick<QueryShape, 'dialect' | 'select' | 'mode' | 'suffix'> {
  return { dialect: connection.dialect, select, mode, suffix: settings.suffix }
}

export function columnSql(connection: Connection, name: string, settings: TableSettings): string {
  return settings.quoted ? quoteName(connection.dialect, name) : name
}

/** Names of the timestamp columns configured for a table; ConfigError when there are none. */
export function wantedTimestamps(settings: TableSettings, table: string): readonly string[] {
  const { timestampMappings, timestampColumns, mode } = settings
  const wanted =
    timestampMappings !== null && timestampMappings.length > 0
      ? mappedColumns(timestampMappings, table, 'timestamp')
      : timestampColumns
  if (wanted.length > 0) return wanted
  throw new ConfigError(
    `Mode ${mode} needs timestamp.column.name, or timestamp.columns.mapping with table.include.list`,
    OF_TIMES
  )
}

/** Name of the id column configured for a table; null: its auto-increment column. */
export function wantedId(settings: TableSettings, table: string): string | null {
  const { incrementingMappings, incrementingColumn } = settings
  return incrementingMappings !== null && incrementingMappings.length > 0
    ? (mappedColumns(incrementingMappings, table, 'incrementing')[0] ?? null)
    : incrementingColumn
}

function timestampColumns(
  columns: readonly TableColumn[],
  table: string,
  settings: TableSettings
): TableColumn[] {
  const wanted = wantedTimestamps(settings, table)
  const known = columns.map((column) => column.name)
  const found = wanted.map((name) => ({ name, column: findColumn(columns, name) }))
  const missing = found.filter(({ column }) => column === null).map(({ name }) => name)
  if (missing.length > 0) {
    const hints = suggestions(missing, known)
    throw new ConfigError(
      `Timestamp columns: ${missing.join(', ')} do not exist in table '${table}'${hints}`,
      OF_TIMES
    )
  }
  const present = found.flatMap(({ column }) =>
    column === null ? [] : [visible(column, `table '${table}'`)]
  )
  checkZones(present)
  return present
}

function idColumn(
  columns: readonly TableColumn[],
  table: string,
  settings: TableSettings
): TableColumn {
  const wanted = wantedId(settings, table)
  if (wanted === null) {
    const automatic = columns.filter((column) => column.autoIncrement)
    if (automatic.length === 1 && automatic[0] !== undefined)
      return visible(automatic[0], `table '${table}'`)
    throw new ConfigError(
      `Table '${table}' has ${automatic.length === 0 ? 'no auto-increment column' : 'several auto-increment columns'}: set incrementing.column.name`,
      OF_ID
    )
  }
  const column = findColumn(columns, wanted)
  if (column === null) {
    const known = columns.map((other) => other.name)
    throw new ConfigError(
      `Incrementing column: ${wanted} does not exist in table '${table}'${suggestion(wanted, known)}`,
      OF_ID
    )
  }
  checkIdColumn(column)
  return visible(column, `table '${table}'`)
}

/** One bind value is compared with all of them: they must agree on what it means. */
export function checkZones(columns: readonly Column[]): void {
  const timestamps = columns.map(timestampColumn)
  if (new Set(timestamps.map((column) => column.hasZone)).size > 1) {
    throw new ConfigError(
      `Timestamp columns with and without a time zone cannot be mixed: ${timestamps.map((column) => `${column.name} ${column.databaseType}`).join(', ')}`,
      OF_TIMES
    )
  }
}

function checkNullable(
  table: string,
  timestamps: readonly TableColumn[],
  id: TableColumn | null
): void {
  if (id?.nullable === true) {
    throw new ConfigError(
      `Cannot make incremental queries using incrementing column ${id.name} on ${table} because this column is nullable.`,
      OF_ID
    )
  }
  if (timestamps.length > 0 && timestamps.every((column) => column.nullable === true)) {
    const names = timestamps.map((column) => column.name).join(',')
    throw new ConfigError(
      `Cannot make incremental queries using timestamp columns ${names} on ${table} because all of these columns are nullable.`,
      OF_TIMES
    )
  }
}

async function missingTable(
  connection: Connection,
  table: TableId,
  settings: TableSettings
): Promise<Error> {
  const wanted = tableName(connection.dialect, table)
  const filter = { catalogPattern: null, schemaPattern: null, types: settings.tableTypes }
  const near = await nearTables(connection, filter, table)
  // The connector saw it a moment ago: it is being replaced, or the connector will soon see that it is gone.
  return databaseError(
    `Table '${wanted}' does not exist, or the account has no right to see it${suggestionOf(near)}`,
    { retriable: true }
  )
}
