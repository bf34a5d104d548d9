import type { Row, TableId } from '../../database/database.ts'
import type { OracleQuestion } from './questions.ts'

interface Questions {
  askIfAllowed(loss: string, question: OracleQuestion): Promise<Row[] | null>
}

const LOSS = 'how ids are handed out is not looked at'

/**
 * Options as text, shown to everybody who sees the table; the sequence behind an identity column may not be
 * shown.
 */
const identity = (owner: string, table: string, column: string): OracleQuestion => [
  {
    sql: 'SELECT IDENTITY_OPTIONS FROM ALL_TAB_IDENTITY_COLS WHERE OWNER = :1 AND TABLE_NAME = :2 AND COLUMN_NAME = :3',
    binds: [owner, table, column]
  }
]

const INSTANCES: OracleQuestion = [
  { sql: 'SELECT COUNT(*) FROM GV$INSTANCE', binds: [] },
  { sql: 'SELECT COUNT(*) FROM V$ACTIVE_INSTANCES', binds: [] }
]

/**
 * On one instance a sequence is handed out in order, however much of it is cached. In a cluster each instance
 * has numbers of its own unless the sequence says ORDER; where it cannot be known whether there are others,
 * that is said.
 */
export async function oracleIdHazards(
  questions: Questions,
  owner: string,
  { table }: TableId,
  column: string
): Promise<string[]> {
  const [[options] = []] =
    (await questions.askIfAllowed(LOSS, identity(owner, table, column))) ?? []
  if (options === undefined) return []
  const text = String(options)
  const option = (name: string): string =>
    new RegExp(`${name}:\\s*([^,\\s]+)`).exec(text)?.[1] ?? ''
  const cycles =
    option('CYCLE_FLAG') === 'Y' ? [`identity column ${column} begins anew (CYCLE)`] : []
  const cache = Number(option('CACHE_SIZE'))
  if (!(cache > 1) || option('ORDER_FLAG') === 'Y') return cycles
  const [[count] = []] =
    (await questions.askIfAllowed('whether there are more instances is not known', INSTANCES)) ?? []
  if (count !== undefined && Number(count) < 2) return cycles
  const where =
    count === undefined ? 'if the database is a cluster, each instance' : 'each instance'
  return [
    ...cycles,
    `identity column ${column}: ${where} hands out blocks of ${cache} ids of its own (CACHE ${cache} NOORDER)`
  ]
}
