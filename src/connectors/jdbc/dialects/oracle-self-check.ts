import { messageOf } from '../../../errors.ts'
import type { Column, Finding, Row, TableId } from '../database.ts'
import { indexColumns } from './index-columns.ts'

/** What is asked of a session. */
interface Session {
  ask(sql: string, binds?: readonly unknown[]): Promise<Row[]>
  describeQuery(sql: string): Promise<Column[]>
}

const INDEX_COLUMNS = `SELECT c.index_owner || '.' || c.index_name, c.column_name
FROM all_ind_columns c JOIN all_indexes i ON i.owner = c.index_owner AND i.index_name = c.index_name
WHERE c.table_name = :1 AND c.table_owner = %owner AND i.status <> 'UNUSABLE' AND i.visibility = 'VISIBLE'
ORDER BY 1, c.column_position`

const IS_TABLE = `SELECT 1 FROM all_tables WHERE table_name = :1 AND owner = %owner`

/** Version, time zones, and whether transactions of others can be seen. */
export async function oracleFindings(session: Session, version: string): Promise<Finding[]> {
  const [zones = []] = await session.ask(
    `SELECT SESSIONTIMEZONE, DBTIMEZONE, TO_CHAR(SYSTIMESTAMP, 'TZH:TZM') FROM DUAL`
  )
  const [ofSession, ofDatabase, ofHost] = zones.map(String)
  const findings: Finding[] = [
    { level: 'info', text: `Oracle ${version}` },
    {
      level: 'info',
      text: `Time zones: session ${ofSession}, database ${ofDatabase}, host of the database ${ofHost}`
    }
  ]
  for (const view of ['V$TRANSACTION', 'GV$TRANSACTION']) {
    findings.push({ level: 'info', text: await access(session, view) })
  }
  return findings
}

/** Nothing here needs these views: who looks into late rows does. */
async function access(session: Session, view: string): Promise<string> {
  try {
    // Described, not run: that asks for the privilege alone.
    await session.describeQuery(`SELECT 1 FROM ${view}`)
    return `${view} may be read`
  } catch (error) {
    return `${view} may not be read, so open transactions of others cannot be seen: ${messageOf(error)}`
  }
}

/** The indexes of a table, of the current schema when none is named; null when it is no table. */
export async function oracleIndexes(
  session: Session,
  { schema, table }: TableId
): Promise<(string | null)[][] | null> {
  const owner = schema === null ? `SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')` : ':2'
  const binds = schema === null ? [table] : [table, schema]
  const rows = await session.ask(INDEX_COLUMNS.replace('%owner', owner), binds)
  if (rows.length === 0) {
    const [found] = await session.ask(IS_TABLE.replace('%owner', owner), binds)
    return found === undefined ? null : []
  }
  // Expressions, and columns in descending order, are hidden columns with names like these.
  return indexColumns(
    rows.map(([index, column]) => [index, /^SYS_NC\d+\$$/.test(String(column)) ? null : column])
  )
}
