import type { Clock } from '../../../clock.ts'
import {
  type CheckedValue,
  type ConfigDef,
  type ConfigMap,
  checkConfig
} from '../../../config/config-def.ts'
import { ConfigError, messageOf } from '../../../errors.ts'
import { FILTERS, NEEDED_TO_CONNECT } from '../settings/database-keys.ts'
import { databaseProblems, type Problem } from './database-validation.ts'
import { isolationProblem } from '../dialects/dialects.ts'
import { allOwnProblems } from '../settings/own-settings.ts'
import { hasPlaceholders } from '../sql/query-text.ts'
import type { JdbcSourceConfig } from '../settings/source-config.ts'
import {
  type ConnectionSettings,
  connectionSettings,
  type SourceSettings,
  sourceSettings
} from '../settings/source-settings.ts'
import { modeUsesId, modeUsesTimestamp } from '../database/mode.ts'

type Key = keyof JdbcSourceConfig

const MAPPINGS = ['timestamp.columns.mapping', 'incrementing.column.mapping'] as const
const NEW_KEYS = ['table.include.list', 'table.exclude.list', ...MAPPINGS] as const
const LEGACY_KEYS = [
  'table.whitelist',
  'table.blacklist',
  'timestamp.column.name',
  'incrementing.column.name'
] as const

/**
 * ConfigError for combinations of keys that cannot work; a filter may be absent, as in configurations of
 * older versions.
 */
export function checkCombinations(config: ConfigMap, definition: ConfigDef): void {
  const problems = combinationProblems(checkConfig(definition, config))
  if (problems.length > 0) {
    throw new ConfigError(problems.map(([key, text]) => `${key}: ${text}`).join('\n'), {
      problems: problems.map(([, text]) => text)
    })
  }
}

/**
 * Adds what is wrong beyond single keys to the values checked: combinations of keys, and what the database
 * says.
 */
export async function validateSource(
  config: ConfigMap,
  checked: Map<string, CheckedValue>,
  signal: AbortSignal,
  options: { definition: ConfigDef; filterRequired: boolean; clock: Clock }
): Promise<void> {
  const add = ([key, text]: Problem): void => void checked.get(key)?.errors.push(text)
  combinationProblems(checked).forEach(add)
  allOwnProblems(config, options.definition).forEach(add)
  if (options.filterRequired) filterProblems(checked).forEach(add)
  const values = valuesOf(checked)
  const clean = [...checked.values()].every(({ errors }) => errors.length === 0)
  if (NEEDED_TO_CONNECT.some((key) => (checked.get(key)?.errors.length ?? 0) > 0)) return
  let settings: SourceSettings | null
  let connection: ConnectionSettings
  try {
    settings = clean ? sourceSettings(config, options.definition) : null
    connection = settings?.connection ?? connectionSettings(values, config)
  } catch (error) {
    return add(['connection.url', messageOf(error)])
  }
  const problems = await databaseProblems(connection, settings, {
    signal,
    clock: options.clock
  })
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

function maskedQuery(values: JdbcSourceConfig): string {
  // Null where a form sent null for the key, which is a problem of its own.
  const masked = values['query.masked'] as JdbcSourceConfig['query.masked'] | null
  return masked?.value ?? ''
}

function queryKeys(values: JdbcSourceConfig): ('query' | 'query.masked')[] {
  return [
    ...(isSet(values.query) ? (['query'] as const) : []),
    ...(isSet(maskedQuery(values)) ? (['query.masked'] as const) : [])
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
    // The JVM connector runs a query without the column as it is; one that says where its bounds belong wants
    // them.
    const texts = [values.query ?? '', maskedQuery(values)]
    if (usesTimestamp && !isSet(values['timestamp.column.name']) && texts.some(hasPlaceholders)) {
      problems.push([
        'timestamp.column.name',
        `'timestamp.column.name' must be provided when using mode '${mode}' with placeholders in the query.`
      ])
    }
    return problems
  }
  // Tables and queries may have columns of their own: of those that have none the database check will tell.
  if (isSet(values['table.settings']) || isSet(values.queries)) return problems
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
  if (
    queryKeys(values).length > 0 ||
    isSet(values.queries) ||
    said.some((key) => isSet(values[key]))
  )
    return []
  const text = `At least one table filtering configuration is required. Provide one of: ${FILTERS.slice(0, 3).join(', ')}. To copy every table, set table.include.list=.*`
  return FILTERS.map((key): Problem => [key, text])
}
