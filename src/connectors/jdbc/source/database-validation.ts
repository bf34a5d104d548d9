import { settingOf } from '../settings/setting-of.ts'
import type { Clock } from '../../../clock.ts'
import { ConfigError, messageOf } from '../../../errors.ts'
import { loggers } from '../../../log.ts'
import type { Column, Connection, TableId } from '../database/database.ts'
import { driverCodes } from '../dialects/shared/driver-codes.ts'
import { withConnection } from '../sessions/one-question.ts'
import { queryColumns, readerShape } from '../queries/query-shape.ts'
import { sqlStretches } from '../sql/sql-stretches.ts'
import { appendedForm } from '../queries/table-query.ts'
import type { TableShape } from '../queries/table-shape.ts'
import type { JdbcSourceConfig } from '../settings/source-config.ts'
import type { ConnectionSettings, NamedQuery, SourceSettings } from '../settings/source-settings.ts'
import { idleGroups, selectTables } from '../tables/table-selection.ts'
import type { TableSettings } from '../settings/table-settings.ts'
import { topicOfQuery, topicOfTable } from '../tables/target-topic.ts'

type Key = keyof JdbcSourceConfig
/** A key and what is wrong with it. */
export type Problem = readonly [key: Key, text: string]

/** How many of the selected tables are looked at while a configuration is checked. */
const MOST_CHECKED_TABLES = 20
/**
 * How many tables patterns are tried on meanwhile: somebody waits for the answer, and a dictionary may hold
 * tens of thousands.
 */
const MOST_LISTED_TABLES = 1000

/**
 * What the database says of a configuration; `settings` null: of its connection only, since other keys are
 * wrong.
 */
export async function databaseProblems(
  target: ConnectionSettings,
  settings: SourceSettings | null,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock }
): Promise<Problem[]> {
  const log = loggers.get('io.confluent.connect.jdbc.validation')
  let opened = false
  try {
    return await withConnection(target, { signal, clock, log }, async (connection) => {
      opened = true
      return settings === null ? [] : await problemsOf(connection, settings)
    })
  } catch (error) {
    if (opened) throw error
    const text = messageOf(error)
    const shown = error instanceof ConfigError ? text : `Could not connect to database. ${text}`
    return [['connection.url', shown]]
  }
}

async function problemsOf(connection: Connection, settings: SourceSettings): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const query of settings.queries) problems.push(...(await queryProblems(connection, query)))
  if (settings.copiesTables) problems.push(...(await tableProblems(connection, settings)))
  return problems
}

async function queryProblems(
  connection: Connection,
  { name, settings }: NamedQuery
): Promise<Problem[]> {
  const { query, queryIsMasked } = settings
  const key = queryIsMasked ? 'query.masked' : 'query'
  const at = (own: Key, text: string): Problem =>
    name === null ? [own, text] : ['queries', `queries.${name}.${own}: ${text}`]
  try {
    topicOfQuery(name, settings.topics)
    checkNames(await queryColumns(connection, query ?? ''))
    const shape = await readerShape(connection, null, settings)
    const problem = await appendedProblem(connection, shape)
    if (problem === null) return []
    return [at(key, queryIsMasked ? APPENDED : `${APPENDED}: ${problem}`)]
  } catch (error) {
    if (error instanceof ConfigError) return [at(settingOf(error) ?? key, error.message)]
    const { state, number } = driverCodes(error)
    const shown = queryIsMasked ? '' : `: ${messageOf(error)}`
    return [
      at(
        key,
        `The configured query is not valid and has database/connection errors. Please provide the correct query by validating the query syntax and the existing table/column names with the database being connected (SQLState: ${state}, errorCode: ${number})${shown}${hasQuestionMark(query ?? '') ? BOUNDS_HINT : ''}`
      )
    ]
  }
}

const APPENDED =
  'The query is not valid with what its mode appends (WHERE … ORDER BY …). Put SELECT * FROM (…) t around one that has a WHERE, GROUP BY, ORDER BY, LIMIT or UNION of its own, or write ${bounds} where the condition belongs'

async function appendedProblem(connection: Connection, shape: TableShape): Promise<string | null> {
  const sql = appendedForm(shape)
  if (sql === null) return null
  try {
    await connection.describeQuery(sql)
    return null
  } catch (error) {
    return messageOf(error)
  }
}

/** Drivers of JDBC take a `?` for the place of a value. */
const BOUNDS_HINT =
  '. Where a ? stood for a bound of the poll, write ${bounds} for the whole condition or ${incrementing.from}, ${timestamp.from} and ${timestamp.to} for single ones'

function hasQuestionMark(query: string): boolean {
  return sqlStretches(query).some(({ kind, text }) => kind === 'code' && text.includes('?'))
}

/** A record cannot have two fields of one name. */
function checkNames(columns: readonly Column[]): void {
  const seen = new Set<string>()
  for (const { name } of columns) {
    if (seen.has(name)) {
      throw new ConfigError(
        `The query answers two columns named ${name}; give one of them another name with AS`
      )
    }
    seen.add(name)
  }
}

/** Tables that are not there yet may come later; those that are must have the columns named. */
async function tableProblems(connection: Connection, settings: SourceSettings): Promise<Problem[]> {
  const problems: Problem[] = []
  try {
    const selected = await selectTables(connection, settings.tables, MOST_LISTED_TABLES)
    for (const text of idleGroups(settings, connection.dialect, selected)) {
      problems.push(['table.settings', text])
    }
    for (const table of firstOf(selected.tables, settings)) {
      await checkTable(connection, table, settings.forTable(table))
    }
  } catch (error) {
    problems.push(
      error instanceof ConfigError
        ? [settingOf(error) ?? 'table.whitelist', error.message]
        : ['connection.url', `Could not read the tables of the database. ${messageOf(error)}`]
    )
  }
  return problems
}

/** Some tables to look at, one of each group among them. */
function firstOf(tables: readonly TableId[], { groups }: SourceSettings): TableId[] {
  const ofGroups = groups.flatMap(({ has }) => tables.find(has) ?? [])
  return [...new Set([...ofGroups, ...tables])].slice(0, MOST_CHECKED_TABLES)
}

async function checkTable(
  connection: Connection,
  table: TableId,
  settings: TableSettings
): Promise<void> {
  topicOfTable(connection.dialect, table, settings.topics, connection.catalog ?? null)
  await readerShape(connection, table, settings)
}
