import {
  checkConfig,
  type ConfigDef,
  type ConfigMap,
  withPrefix
} from '../../../config/config-def.ts'
import { cited } from '../../../secrets/redact.ts'
import { suggestion } from '../database/near-names.ts'
import type { Dialect, TableId } from '../database/database.ts'
import { problemOf } from './key-checks.ts'
import { groupSelection, type ownLists, ownKeys } from './own-keys.ts'
import { parseTableName, quotedParts, splitTableList, tableName } from '../database/table-name.ts'
import { tablePattern } from './table-pattern.ts'

/** A name in `table.settings` or `queries`, and the keys behind it. */
export interface OwnSettings {
  readonly name: string
  readonly keys: ConfigMap
}

type List = keyof typeof ownLists

/**
 * Settings that stand for one another: a table's own one of them puts all of the connector's out of force.
 */
const INSTEAD: readonly (readonly string[])[] = [
  ['query', 'query.masked'],
  ['timestamp.initial', 'timestamp.initial.ms'],
  ['timestamp.column.name', 'timestamp.columns.mapping'],
  ['incrementing.column.name', 'incrementing.column.mapping']
]

export function ownSettings(config: ConfigMap, list: List): OwnSettings[] {
  return listNames(config, list).map((name) => ({
    name,
    keys: withPrefix(config, `${list}.${name}.`)
  }))
}

/** Names in a list, each once. */
export function listNames(config: ConfigMap, list: string): string[] {
  const names = (config.get(list) ?? '').split(',').map((name) => name.trim())
  return [...new Set(names.filter((name) => name !== ''))]
}

/** The connector's configuration, with these settings in place of its own. */
export function withOwn(config: ConfigMap, own: ConfigMap): Map<string, string> {
  const merged = new Map(config)
  for (const group of INSTEAD) {
    if (group.some((key) => own.has(key))) for (const key of group) merged.delete(key)
  }
  for (const [key, value] of own) if (Object.hasOwn(ownKeys, key)) merged.set(key, value)
  return merged
}

/** What of a connector's configuration holds for a named query beside its own settings. */
export function withoutTables(config: ConfigMap): Map<string, string> {
  const rest = new Map(config)
  const ofTables = ['query', 'query.masked', 'table.include.list', 'table.exclude.list']
  for (const key of ofTables) rest.delete(key)
  return rest
}

/** What is wrong with settings of tables and queries, each with the list its keys stand behind. */
export function allOwnProblems(config: ConfigMap, definition: ConfigDef): [List, string][] {
  const lists: readonly List[] = ['table.settings', 'queries']
  const problems = lists.flatMap((list) =>
    listProblems(config, list, (own) => problemsOfOne(config, list, own, definition)).map(
      (text): [List, string] => [list, text]
    )
  )
  const hasQuery = [config.get('query'), config.get('query.masked')].some(
    (text) => (text ?? '').trim() !== ''
  )
  if (hasQuery && listNames(config, 'table.settings').length > 0) {
    problems.push([
      'table.settings',
      'table.settings are of no use with query: it copies no tables'
    ])
  }
  if (hasQuery && listNames(config, 'queries').includes('query')) {
    problems.push(['queries', 'the name query is that of the key query, which is set too'])
  }
  return problems
}

/** I8: each name is held against all keys, and each stray key against all names. */
const MOST_NAMES = 1000
/** So many stray keys are told; who has more will not read on. */
const MOST_TOLD = 20

/** A sentence when a list has too many names; null: it has not. */
function mostNamesProblem(names: readonly string[], list: string): string | null {
  return names.length > MOST_NAMES
    ? `${list} has ${names.length} names, more than ${MOST_NAMES}`
    : null
}

/** Keys behind a list that stand behind none of its names, a sentence each. */
function strayKeys(config: ConfigMap, list: string, names: readonly string[]): string[] {
  return [...withPrefix(config, `${list}.`).keys()]
    .filter((rest) => !names.some((name) => rest.startsWith(`${name}.`)))
    .slice(0, MOST_TOLD)
    .map((rest) => {
      const hint = suggestion(rest.split('.')[0] ?? '', names)
      return `${list}.${rest} belongs to no name in ${list}=${cited(names.join(','))}${hint}`
    })
}

/**
 * Everything that is wrong with the keys behind a list, a sentence each, with the key in full; `ofOne`: with
 * those of one of its names.
 */
export function listProblems(
  config: ConfigMap,
  list: List,
  ofOne: (own: OwnSettings) => string[]
): string[] {
  const names = listNames(config, list)
  const tooMany = mostNamesProblem(names, list)
  if (tooMany !== null) return [tooMany]
  return [
    ...strayKeys(config, list, names),
    ...ownSettings(config, list).flatMap((own) =>
      /^[\w-]+$/.test(own.name)
        ? ofOne(own)
        : [`${list}: the name ${own.name} may have letters, digits, _ and - only`]
    )
  ]
}

function problemsOfOne(
  config: ConfigMap,
  list: List,
  { name, keys: own }: OwnSettings,
  definition: ConfigDef
): string[] {
  const prefix = `${list}.${name}.`
  const isGroup = list === 'table.settings'
  const known = [...Object.keys(ownKeys), ...(isGroup ? Object.keys(groupSelection) : [])]
  const unknown = [...own.keys()].filter((key) => !known.includes(key)).slice(0, MOST_TOLD)
  const merged = withOwn(isGroup ? config : withoutTables(config), own)
  const wrong = [...checkConfig(definition, merged)].flatMap(([key, { errors }]) =>
    own.has(key) ? errors.map((error) => `${prefix}${key}: ${error}`) : []
  )
  return [
    ...unknown.map((key) => `${prefix}${key} is not a setting${suggestion(key, known)}`),
    ...wrong,
    ...(isGroup ? selectionProblems(own, prefix) : queryProblems(own, merged, prefix)),
    ...(own.has('query') && own.has('query.masked')
      ? [`${prefix}query and ${prefix}query.masked cannot be set at the same time`]
      : []),
    ...(merged.get('mode')?.trim() === '' ? [`${prefix}mode: Query mode must be specified`] : [])
  ]
}

function selectionProblems(own: ConfigMap, prefix: string): string[] {
  const pattern = own.get('pattern') ?? ''
  const wrong = pattern === '' ? null : problemOf(() => tablePattern(pattern))
  if (wrong !== null) return [`${prefix}pattern: ${wrong}`]
  return pattern === '' && (own.get('tables') ?? '').trim() === ''
    ? [`${prefix}tables or ${prefix}pattern has to say which tables are meant`]
    : []
}

function queryProblems(own: ConfigMap, merged: ConfigMap, prefix: string): string[] {
  const isSet = (text: string | undefined): boolean => (text ?? '').trim() !== ''
  const mode = merged.get('mode')?.trim() ?? ''
  const needed = [
    ...(mode.startsWith('timestamp') ? ['timestamp.column.name'] : []),
    ...(mode.endsWith('incrementing') ? ['incrementing.column.name'] : [])
  ]
  return [
    ...(isSet(own.get('query') ?? own.get('query.masked'))
      ? []
      : [`${prefix}query has to be given`]),
    ...needed
      .filter((key) => !isSet(merged.get(key)))
      .map((key) => `${prefix}${key} has to be given for mode ${mode}`)
  ]
}

/** Whether a table is in a group. */
export type Membership = (table: TableId) => boolean

/** ConfigError for a name that is none. */
export function membershipOf(dialect: Dialect, group: ConfigMap): Membership {
  const entries = splitTableList(dialect, group.get('tables') ?? '').map((entry) => ({
    entry,
    wanted: parseTableName(dialect, entry),
    quoted: quotedParts(dialect, entry)
  }))
  const pattern = group.get('pattern') ?? ''
  const expression = pattern === '' ? null : tablePattern(pattern)
  return (table) =>
    entries.some(({ entry, wanted, quoted }) => {
      if (entry === tableName(dialect, table)) return true
      const same = (part: keyof TableId, exact: boolean): boolean => {
        const [mine, theirs] = [wanted[part], table[part]]
        // What one of the two leaves out cannot tell them apart.
        if (mine === null || theirs === null) return part !== 'table'
        return exact ? mine === theirs : mine.toLowerCase() === theirs.toLowerCase()
      }
      return (
        same('table', quoted.at(-1) === true) &&
        same('schema', quoted.at(-2) === true) &&
        same('catalog', quoted.at(wanted.schema === null ? -2 : -3) === true)
      )
    }) || expression?.test(tableName(dialect, table)) === true
}
