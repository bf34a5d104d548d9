import { ConfigError } from '../../../errors.ts'
import type { TableId } from '../database/database.ts'
import { tableName } from '../database/table-name.ts'
import type { TargetTable, WriteSession } from '../database/writing.ts'
import type { SinkSettings } from '../settings/sink-settings.ts'
import { madeTable } from './made-table.ts'
import { findTarget, tableIdOf } from './table-names.ts'
import { writingOf } from './writer-sessions.ts'

const TYPES: ReadonlySet<string> = new Set(['TABLE', 'PARTITIONED TABLE'])
const KEY = ['kafka_cluster', 'connector', 'topic', 'kafka_partition']
const COLUMNS = [...KEY, 'next_offset', 'epoch', 'owner', 'topic_id', 'updated_at']

/** Of positions: where they are kept, or why they cannot be. */
type OffsetsTable = { readonly table: TableId } | { readonly refused: string }

/**
 * Looks for the table of positions, and makes it where that is allowed; `makes` false: it may be missing.
 * Errors are those of the session.
 */
export async function offsetsTable(
  session: WriteSession,
  settings: SinkSettings,
  makes = true
): Promise<OffsetsTable> {
  const wish = settings.exactlyOnce?.table ?? ''
  const id = tableIdOf(session, wish, false)
  const statement = writingOf(settings).createOffsetsTable(id)
  try {
    let table = await findTarget(session, id, TYPES)
    if (table === null && settings.tables.creates) {
      if (!makes) return { table: id }
      table = await madeTable(
        () => session.execute(statement),
        () => findTarget(session, id, TYPES)
      )
    }
    if (table !== null) return usable(session, table)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { refused: error.message }
  }
  const name = tableName(session.dialect, id)
  return {
    refused: `table ${name}, which is to hold the positions, is missing. It is made with auto.create=true, or by ${statement}`
  }
}

function usable({ dialect }: WriteSession, table: TargetTable): OffsetsTable {
  const name = tableName(dialect, table.id)
  const refused = (why: string): OffsetsTable => ({
    refused: `table ${name} cannot hold the positions: ${why}`
  })
  if (table.kind !== 'table') return refused(`it is a ${table.kind}`)
  if (table.cannotRollBack !== undefined) return refused(table.cannotRollBack)
  const has = new Set(table.columns.map((column) => column.name.toLowerCase()))
  const lacking = COLUMNS.filter((column) => !has.has(column))
  if (lacking.length > 0) return refused(`it has no column ${lacking.join(', ')}`)
  const key = new Set(table.primaryKey.map((column) => column.toLowerCase()))
  if (key.size !== KEY.length || !KEY.every((column) => key.has(column))) {
    return refused(`its primary key is not (${KEY.join(', ')})`)
  }
  return { table: table.id }
}

/** Why a connector does not run that may not do without. */
export function requiredBut(why: string): ConfigError {
  return new ConfigError(`exactly.once.sink is required, but ${why}`)
}
