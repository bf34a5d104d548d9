import type { Finding } from '../../database/database.ts'
import type { OracleQuestions } from './questions.ts'

const VIEWS = [
  ['V$TRANSACTION', 'open transactions of others cannot be seen'],
  ['GV$TRANSACTION', 'open transactions on other instances of a cluster cannot be seen'],
  ['GV$LOCK', 'a statement of somebody else is not seen before its first change']
] as const

/** Version, time zones, and whether transactions of others can be seen. */
export async function oracleFindings(
  questions: OracleQuestions,
  version: string
): Promise<Finding[]> {
  const findings: Finding[] = [{ level: 'info', text: `Oracle ${version}` }]
  const zones = await questions.askIfAllowed('its time zones are not known', [
    {
      sql: `SELECT SESSIONTIMEZONE, DBTIMEZONE, TO_CHAR(SYSTIMESTAMP, 'TZH:TZM') FROM DUAL`,
      binds: []
    }
  ])
  const [ofSession, ofDatabase, ofHost] = (zones?.[0] ?? []).map(String)
  if (zones !== null) {
    findings.push({
      level: 'info',
      text: `Time zones: session ${ofSession}, database ${ofDatabase}, host of the database ${ofHost}`
    })
  }
  for (const [view, loss] of VIEWS) {
    findings.push({ level: 'info', text: await access(questions, view, loss) })
  }
  return findings
}

/** Nothing here needs these views: who looks into late rows does. */
async function access(questions: OracleQuestions, view: string, loss: string): Promise<string> {
  const refused = await questions.refusalOf(`SELECT 1 FROM ${view}`)
  return refused === null
    ? `${view} may be read`
    : `${view} may not be read, so ${loss}: ${refused}`
}
