import { isRetriable, messageOf } from '../../../../errors.ts'
import type { Finding, IsolationMode, Row } from '../../database/database.ts'

type Ask = (sql: string) => Promise<Row[]>

const FACTS = `SELECT CONVERT(varchar(128), SERVERPROPERTY('ProductVersion')), CONVERT(varchar(6), RIGHT(CONVERT(varchar(40), SYSDATETIMEOFFSET()), 6))`

const ROW_VERSIONS = `SELECT CONVERT(int, is_read_committed_snapshot_on), CONVERT(int, snapshot_isolation_state) FROM sys.databases WHERE database_id = DB_ID()`

/** Version and time zone, and whether readers and writers wait for each other. */
export async function sqlServerFindings(ask: Ask, isolation: IsolationMode): Promise<Finding[]> {
  const findings: Finding[] = []
  const [[version, zone] = []] = await answered(ask, FACTS, findings)
  if (version !== undefined) {
    findings.push({ level: 'info', text: `SQL Server ${String(version)}` })
    findings.push({ level: 'info', text: `Time zone of the server: ${String(zone)}` })
  }
  const [row] = await answered(ask, ROW_VERSIONS, findings)
  if (row !== undefined) findings.push(...lockFinding(row, isolation))
  return findings
}

function lockFinding([committedSnapshot, snapshot]: Row, isolation: IsolationMode): Finding[] {
  const isVersioned =
    isolation === 'SQL_SERVER_SNAPSHOT' ||
    isolation === 'READ_UNCOMMITTED' ||
    ((isolation === 'DEFAULT' || isolation === 'READ_COMMITTED') && Number(committedSnapshot) === 1)
  if (isVersioned) {
    return [{ level: 'info', text: 'reading waits for no writer, and writers wait for no reader' }]
  }
  const way =
    Number(snapshot) === 1
      ? 'set transaction.isolation.mode=SQL_SERVER_SNAPSHOT, which this database allows'
      : 'set READ_COMMITTED_SNAPSHOT on for the database, or ALLOW_SNAPSHOT_ISOLATION and transaction.isolation.mode=SQL_SERVER_SNAPSHOT'
  return [
    {
      level: 'warn',
      text: `reading waits for the locks of open transactions, all tables of a task with it, and writers wait for reading: ${way}`
    }
  ]
}

async function answered(ask: Ask, sql: string, findings: Finding[]): Promise<Row[]> {
  try {
    return await ask(sql)
  } catch (error) {
    if (isRetriable(error)) throw error
    findings.push({ level: 'info', text: `a question was refused: ${messageOf(error)}` })
    return []
  }
}
