import {
  type CheckedValue,
  type ConfigDef,
  type ConfigMap,
  checkConfig
} from '../../config/config-def.ts'
import { ConfigError, ConnectError, messageOf } from '../../errors.ts'
import { loggers } from '../../log.ts'
import { openConnection } from './connection-keeper.ts'
import type { Connection } from './database.ts'
import { isolationProblem } from './dialects/dialects.ts'
import type { JdbcSourceConfig } from './source-config.ts'
import { connectionSettings, type SourceSettings, sourceSettings } from './source-settings.ts'
import { selectTables } from './table-selection.ts'
import { modeUsesId, modeUsesTimestamp, type TableSettings } from './table-settings.ts'
import { queryShape, tableShape } from './table-shape.ts'

type Key = keyof JdbcSourceConfig
type Problem = readonly [key: Key, text: string]

const FILTERS = [
  'table.whitelist',
  'table.blacklist',
  'table.include.list',
  'table.exclude.list'
] as const
const MAPPINGS = ['timestamp.columns.mapping', 'incrementing.column.mapping'] as const
const NEW_KEYS = ['table.include.list', 'table.exclude.list', ...MAPPINGS] as const
const LEGACY_KEYS = [
  'table.whitelist',
  'table.blacklist',
  'timestamp.column.name',
  'incrementing.column.name'
] as const
/** How many of the selected tables are looked at while a configuration is checked. */
const MOST_CHECKED_TABLES = 20
/** How many tables patterns are tried on meanwhile: somebody waits for the answer, and a dictionary may hold tens of thousands. */
const MOST_LISTED_TABLES = 1000

/** ConfigError for combinations of keys that cannot work; a filter may be absent, as in configurations of older versions. */
export function checkCombinations(config: ConfigMap, definition: ConfigDef): void {
  const problems = combinationProblems(checkConfig(definition, config))
  if (problems.length > 0) {
    throw new ConfigError(problems.map(([key, text]) => `${key}: ${text}`).join('\n'), {
      problems: problems.map(([, text]) => text)
    })
  }
}

/** Adds what is wrong beyond single keys to the values checked: combinations of keys, and what the database says. */
export async function validateSource(
  config: ConfigMap,
  checked: Map<string, CheckedValue>,
  signal: AbortSignal,
  options: { definition: ConfigDef; filterRequired: boolean }
): Promise<void> {
  const add = ([key, text]: Problem): void => void checked.get(key)?.errors.push(text)
  combinationProblems(checked).forEach(add)
  if (options.filterRequired) filterProblems(checked).forEach(add)
  const problems = await databaseProblems(config, checked, signal, options.definition)
  problems.forEach(add)
}

function valuesOf(checked: ReadonlyMap<string, CheckedValue>): JdbcSourceConfig {
  const values = Object.create(null) as Record<string, unknown>
  for (const [name, { value }] of checked) values[name] = value
  return values as JdbcSourceConfig
}

function isSet(value: unknown): boolean {
  if (value === null || value === undefined) return false
  return Array.isArray(value) ? value.length > 0 : String(value) !== ''
}

function queryKeys(values: JdbcSourceConfig): ('query' | 'query.masked')[] {
  const masked = values['query.masked']
  return [
    ...(isSet(values.query) ? (['query'] as const) : []),
    ...(masked !== null && masked.value !== '' ? (['query.masked'] as const) : [])
  ]
}

function combinationProblems(checked: ReadonlyMap<string, CheckedValue>): Problem[] {
  const values = valuesOf(checked)
  const given = <K extends Key>(keys: readonly K[]): K[] => keys.filter((key) => isSet(values[key]))
  const problems: Problem[] = []
  const queries = queryKeys(values)
  if (values.mode === '') problems.push(['mode', 'Query mode must be specified'])
  if (queries.length === 2) {
    const text = `Both 'query' and 'query.masked' configs cannot be set at the same time. Please use only one of them.`
    problems.push(['query', text], ['query.masked', text])
  }
  const filters = given(FILTERS)
  const [queryKey] = queries
  if (queryKey !== undefined && filters.length > 0) {
    problems.push([
      queryKey,
      `Do not specify table filtering configs with 'query'. Remove ${FILTERS.join(' / ')}.`
    ])
  }
  const news = given(NEW_KEYS)
  const legacy = given(LEGACY_KEYS)
  if (news.length > 0 && legacy.length > 0) {
    const text = `Cannot mix legacy and new configuration approaches. Use either ${LEGACY_KEYS.join(', ')} or ${NEW_KEYS.join(', ')}.`
    for (const key of [...legacy, ...news]) problems.push([key, text])
  }
  if (isSet(values['table.exclude.list']) && !isSet(values['table.include.list'])) {
    problems.push([
      'table.exclude.list',
      'table.exclude.list cannot be used without table.include.list. Name the tables to include first.'
    ])
  }
  problems.push(...columnProblems(values, queryKey !== undefined, news.length > 0))
  const isolation = isolationProblem(
    values['transaction.isolation.mode'],
    values['connection.url'] ?? ''
  )
  if (isolation !== null) problems.push(['transaction.isolation.mode', isolation])
  return problems
}

function columnProblems(values: JdbcSourceConfig, isQuery: boolean, isNew: boolean): Problem[] {
  const problems: Problem[] = []
  const { mode } = values
  if (mode === '' || mode === null) return problems
  const usesTimestamp = modeUsesTimestamp(mode)
  const usesId = modeUsesId(mode)
  if (isQuery) {
    if (usesId && !isSet(values['incrementing.column.name'])) {
      problems.push([
        'incrementing.column.name',
        `'incrementing.column.name' must be provided when using mode 'incrementing' or 'timestamp+incrementing' with a custom query. There is no table to find an auto-increment column in.`
      ])
    }
    return problems
  }
  if (!isNew) {
    if (usesTimestamp && !isSet(values['timestamp.column.name'])) {
      problems.push([
        'timestamp.column.name',
        `Timestamp column configuration must be provided when using mode 'timestamp' or 'timestamp+incrementing'. Provide 'timestamp.column.name'.`
      ])
    }
    return problems
  }
  const timestamps = isSet(values['timestamp.columns.mapping'])
  const ids = isSet(values['incrementing.column.mapping'])
  if (usesTimestamp && !timestamps) {
    problems.push([
      'mode',
      `Timestamp column configuration must be provided when using mode 'timestamp' or 'timestamp+incrementing'. Provide 'timestamp.columns.mapping'.`
    ])
  }
  if (usesId && !ids) {
    problems.push([
      'mode',
      `Incrementing column configuration must be provided when using mode 'incrementing' or 'timestamp+incrementing'. Provide 'incrementing.column.mapping'.`
    ])
  }
  if (!usesTimestamp && timestamps) {
    problems.push([
      'mode',
      `Timestamp column configurations should not be provided if mode is not 'timestamp' or 'timestamp+incrementing'.`
    ])
  }
  if (!usesId && ids) {
    problems.push([
      'mode',
      `Incrementing column configurations should not be provided if mode is not 'incrementing' or 'timestamp+incrementing'.`
    ])
  }
  return problems
}

/** As the JVM connector since 10.9: a new configuration says which tables it means. */
function filterProblems(checked: ReadonlyMap<string, CheckedValue>): Problem[] {
  const values = valuesOf(checked)
  const said = [...FILTERS, 'timestamp.column.name', 'incrementing.column.name'] as const
  if (queryKeys(values).length > 0 || said.some((key) => isSet(values[key]))) return []
  const text = `At least one table filtering configuration is required. Provide one of: ${FILTERS.slice(0, 3).join(', ')}. To copy every table, set table.include.list=.*`
  return FILTERS.map((key): Problem => [key, text])
}

async function databaseProblems(
  config: ConfigMap,
  checked: ReadonlyMap<string, CheckedValue>,
  signal: AbortSignal,
  definition: ConfigDef
): Promise<Problem[]> {
  const values = valuesOf(checked)
  const clean = [...checked.values()].every(({ errors }) => errors.length === 0)
  if ((checked.get('connection.url')?.errors.length ?? 0) > 0) return []
  let connection: Connection
  try {
    const settings = clean
      ? sourceSettings(config, definition).connection
      : connectionSettings(values, config)
    connection = await openConnection(
      settings,
      loggers.get('io.confluent.connect.jdbc.validation'),
      signal
    )
  } catch (error) {
    const text = messageOf(error)
    return [
      [
        'connection.url',
        error instanceof ConfigError ? text : `Could not connect to database. ${text}`
      ]
    ]
  }
  const stop = (): void => connection.abort()
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (!clean) return []
    const settings = sourceSettings(config, definition)
    const { query } = settings.defaults
    return query === null
      ? await tableProblems(connection, settings)
      : await queryProblems(connection, settings.defaults, query)
  } finally {
    signal.removeEventListener('abort', stop)
    await connection.close()
  }
}

async function queryProblems(
  connection: Connection,
  settings: TableSettings,
  query: string
): Promise<Problem[]> {
  const key = settings.queryIsMasked ? 'query.masked' : 'query'
  try {
    await connection.describeQuery(query)
    await queryShape(connection, query, settings)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return [[columnKey(error.message), error.message]]
    const code = error instanceof ConnectError ? (error.facts['code'] ?? '') : ''
    return [
      [
        key,
        `The configured query is not valid and has database/connection errors. Please provide the correct query by validating the query syntax and the existing table/column names with the database being connected (SQLState: ${String(code)}, errorCode: 0)${settings.queryIsMasked ? '' : `: ${messageOf(error)}`}`
      ]
    ]
  }
}

/** Tables that are not there yet may come later; those that are must have the columns named. */
async function tableProblems(connection: Connection, settings: SourceSettings): Promise<Problem[]> {
  try {
    const { tables } = await selectTables(connection, settings.tables, MOST_LISTED_TABLES)
    for (const table of tables.slice(0, MOST_CHECKED_TABLES)) {
      await tableShape(connection, table, settings.defaults)
    }
    return []
  } catch (error) {
    if (error instanceof ConfigError) return [[columnKey(error.message), error.message]]
    return [['connection.url', `Could not read the tables of the database. ${messageOf(error)}`]]
  }
}

function columnKey(message: string): Key {
  if (message.startsWith('Key columns')) return 'key.columns'
  if (/incrementing/i.test(message)) return 'incrementing.column.name'
  return /timestamp/i.test(message) ? 'timestamp.column.name' : 'table.whitelist'
}
