import type { Schema } from '../../../data/schema.ts'
import { ConnectError } from '../../../errors.ts'
import { databaseError, type Dialect, type TableId } from '../database/database.ts'
import { quoteName } from '../database/table-name.ts'
import { errorClassOf, type TargetTable } from '../database/writing.ts'
import type { PlannedColumn } from './record-plan.ts'

/** Errors about tables, in Confluent's words. They concern all records of a table: none may be dropped. */

/** A name as these messages have it: `"shop"."orders"`. */
function nameInMessage(dialect: Dialect, table: TableId): string {
  return dialect
    .nameParts(table)
    .filter((part) => part !== null)
    .map((part) => quoteName({ quotes: ['"', '"'] }, part))
    .join('.')
}

function structureError(message: string, cause?: unknown): ConnectError {
  return databaseError(message, { retriable: false, errorClass: 'structure', cause })
}

export function missingTable(dialect: Dialect, table: TableId): ConnectError {
  return structureError(
    `Table ${nameInMessage(dialect, table)} is missing and auto-creation is disabled`
  )
}

/** A column that cannot be added, or may not. */
export function missingColumns(
  dialect: Dialect,
  { id, kind }: TargetTable,
  columns: readonly PlannedColumn[],
  keys: ReadonlySet<PlannedColumn>
): ConnectError | null {
  const name = nameInMessage(dialect, id)
  const words = columns.map((column) => columnText(column, keys.has(column)))
  if (kind === 'view') {
    return structureError(
      `View ${name} is missing fields ([${words.join(', ')}]) and ALTER VIEW is unsupported`
    )
  }
  const refused = columns.findIndex(
    ({ schema }) => schema === null || (!schema.optional && schema.defaultValue === undefined)
  )
  if (refused === -1) return null
  if (columns[refused]?.schema === null) {
    return structureError(
      `Table ${name} has no column for ${columns[refused].name}, and a value without a schema says no type for one`
    )
  }
  return structureError(
    `Cannot ALTER TABLE ${name} to add missing field ${words[refused]}, as the field is not optional and does not have a default value`
  )
}

export function evolutionDisabled(
  dialect: Dialect,
  table: TableId,
  columns: readonly PlannedColumn[],
  keys: ReadonlySet<PlannedColumn>
): ConnectError {
  const words = columns.map((column) => columnText(column, keys.has(column)))
  return structureError(
    `Table ${nameInMessage(dialect, table)} is missing fields ([${words.join(', ')}]) and auto-evolution is disabled`
  )
}

/** What a session threw that was to make a table, with the name of that. */
export function creationFailed(dialect: Dialect, table: TableId, error: unknown): unknown {
  if (!(error instanceof ConnectError) || errorClassOf(error) === null) return error
  const { code, message, facts } = error
  const text = `Table ${nameInMessage(dialect, table)} was not made: ${message}`
  return new ConnectError(code, text, { ...facts, cause: error })
}

export function amendFailed(
  dialect: Dialect,
  table: TableId,
  columns: readonly PlannedColumn[],
  cause: unknown
): ConnectError {
  return structureError(
    `Failed to amend TABLE '${nameInMessage(dialect, table)}' to add missing fields: ${columns.map(({ name }) => name).join(', ')}`,
    cause
  )
}

export function withoutType({ name, schema }: PlannedColumn): ConnectError {
  return structureError(
    `${schema?.name ?? 'null'} (${schema?.type.toUpperCase() ?? 'null'}) type doesn't have a mapping to the SQL database column type (field ${name})`
  )
}

function columnText({ name, schema }: PlannedColumn, isKey: boolean): string {
  return `SinkRecordField{schema=${schemaText(schema)}, name='${name}', isPrimaryKey=${isKey}}`
}

function schemaText(schema: Schema | null): string {
  if (schema === null) return 'null'
  const type = schema.type.toUpperCase()
  return schema.name === undefined ? `Schema{${type}}` : `Schema{${schema.name}:${type}}`
}
