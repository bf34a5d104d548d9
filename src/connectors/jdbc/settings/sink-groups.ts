import { checkConfig, type ConfigDef, type ConfigMap } from '../../../config/config-def.ts'
import { suggestion } from '../database/near-names.ts'
import { parseTableName, tableName } from '../database/table-name.ts'
import type { Dialect } from '../database/database.ts'
import { problemOf } from './key-checks.ts'
import { listNames, listProblems, membershipOf, type OwnSettings } from './own-settings.ts'
import { sinkGroupKeys, sinkGroupSelection } from './sink-group-keys.ts'
import { tablePattern } from './table-pattern.ts'

const LIST = 'table.settings'

/** The connector's configuration, with the settings of groups in place of its own: the first one's count. */
export function withGroups(config: ConfigMap, groups: readonly OwnSettings[]): ConfigMap {
  const merged = new Map(config)
  for (const { keys } of groups.toReversed()) {
    for (const [key, value] of keys) if (Object.hasOwn(sinkGroupKeys, key)) merged.set(key, value)
  }
  return merged
}

/** Whether records of a topic that go to a table, named as configured, belong to a group. */
export function groupMembership(
  dialect: Dialect,
  { keys }: OwnSettings
): (topic: string, table: string) => boolean {
  const topics = new Set(listNames(keys, 'topics'))
  const hasTables = (keys.get('tables') ?? '').trim() !== ''
  const isNamed = hasTables
    ? membershipOf(dialect, new Map([...keys].filter(([key]) => key !== 'pattern')))
    : null
  const pattern = keys.get('pattern') ?? ''
  const expression = pattern === '' ? null : tablePattern(pattern)
  return (topic, table) => {
    if (topics.has(topic)) return true
    if (isNamed === null && expression === null) return false
    const id = parseTableName(dialect, table)
    return (
      isNamed?.(id) === true ||
      expression?.test(table) === true ||
      expression?.test(tableName(dialect, id)) === true
    )
  }
}

/** Everything that is wrong with the keys behind `table.settings`, a sentence each, with the key in full. */
export function sinkGroupProblems(
  config: ConfigMap,
  definition: ConfigDef,
  combined: (merged: ConfigMap) => readonly string[]
): string[] {
  return listProblems(config, LIST, (group) => problemsOfOne(config, group, definition, combined))
}

function problemsOfOne(
  config: ConfigMap,
  group: OwnSettings,
  definition: ConfigDef,
  combined: (merged: ConfigMap) => readonly string[]
): string[] {
  const { name, keys } = group
  const prefix = `${LIST}.${name}.`
  const known = [...Object.keys(sinkGroupKeys), ...Object.keys(sinkGroupSelection)]
  const unknown = [...keys.keys()].filter((key) => !known.includes(key))
  const merged = withGroups(config, [group])
  const wrong = [...checkConfig(definition, merged)].flatMap(([key, { errors }]) =>
    keys.has(key) ? errors.map((error) => `${prefix}${key}: ${error}`) : []
  )
  const pattern = keys.get('pattern') ?? ''
  const badPattern = pattern === '' ? null : problemOf(() => tablePattern(pattern))
  const selects = Object.keys(sinkGroupSelection).some((key) => (keys.get(key) ?? '').trim() !== '')
  return [
    ...unknown.map((key) => `${prefix}${key} is not a setting of a table${suggestion(key, known)}`),
    ...wrong,
    ...(badPattern === null ? [] : [`${prefix}pattern: ${badPattern}`]),
    ...(selects ? [] : [`${prefix}topics, tables or pattern has to say which records are meant`]),
    ...(wrong.length > 0 ? [] : combined(merged).map((text) => `${LIST}.${name}: ${text}`))
  ]
}
