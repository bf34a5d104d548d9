import type { Clock } from '../../../clock.ts'
import type { CheckedValue, ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import { ConfigError, messageOf } from '../../../errors.ts'
import { loggers } from '../../../log.ts'
import { NEEDED_TO_CONNECT } from '../settings/database-keys.ts'
import type { JdbcSinkConfig } from '../settings/sink-config.ts'
import {
  sinkCombinationProblems,
  sinkConnection,
  type SinkSettings,
  sinkSettings,
  tableSettingProblems
} from '../settings/sink-settings.ts'
import { tableNameOf } from '../settings/table-template.ts'
import { offsetsTable } from '../writing/offsets-table.ts'
import { findTarget, tableIdOf } from '../writing/table-names.ts'
import { withWriter } from '../writing/writer-sessions.ts'

type Problem = readonly [key: keyof JdbcSinkConfig, text: string]

/** How many of the topics have their tables looked for while a configuration is checked. */
const MOST_CHECKED_TOPICS = 20

/**
 * Adds what is wrong beyond single keys to the values checked: combinations of keys, and what the database
 * says. A table that is missing is no problem: it may be made before its first record comes.
 */
export async function validateSink(
  config: ConfigMap,
  checked: Map<string, CheckedValue>,
  signal: AbortSignal,
  { definition, clock }: { readonly definition: ConfigDef; readonly clock: Clock }
): Promise<void> {
  const add = ([key, text]: Problem): void => void checked.get(key)?.errors.push(text)
  const values = Object.create(null) as Record<string, unknown>
  for (const [name, { value }] of checked) values[name] = value
  const parsed = values as JdbcSinkConfig
  const isBroken = (key: string): boolean => (checked.get(key)?.errors.length ?? 0) > 0
  const decisive = [
    'pk.mode',
    'pk.fields',
    'delete.enabled',
    'delete.mode',
    'insert.mode',
    'truncate.enabled',
    'debezium.envelope'
  ]
  if (!decisive.some(isBroken)) sinkCombinationProblems(parsed).forEach(add)
  if ([...checked.keys()].every((key) => !isBroken(key))) {
    for (const text of tableSettingProblems(config, definition)) add(['table.settings', text])
  }
  if ([...NEEDED_TO_CONNECT, 'write.timeout.ms'].some(isBroken)) return
  const isClean = [...checked.values()].every(({ errors }) => errors.length === 0)
  try {
    const settings = isClean ? sinkSettings(config, definition) : null
    const connection = settings?.connection ?? sinkConnection(parsed, config)
    const writeTimeoutMs = settings?.writeTimeoutMs ?? parsed['write.timeout.ms']
    const problems = await databaseProblems({ connection, writeTimeoutMs }, settings, {
      topics: topicsOf(config),
      signal,
      clock
    })
    problems.forEach(add)
  } catch (error) {
    add(['connection.url', messageOf(error)])
  }
}

function topicsOf(config: ConfigMap): string[] {
  const names = (config.get('topics') ?? '').split(',').map((name) => name.trim())
  return names.filter((name) => name !== '').slice(0, MOST_CHECKED_TOPICS)
}

async function databaseProblems(
  target: Pick<SinkSettings, 'connection' | 'writeTimeoutMs'>,
  settings: SinkSettings | null,
  {
    topics,
    signal,
    clock
  }: { readonly topics: readonly string[]; readonly signal: AbortSignal; readonly clock: Clock }
): Promise<Problem[]> {
  const log = loggers.get('io.confluent.connect.jdbc.validation')
  let opened = false
  const opening = { applicationName: 'validation', log, signal, clock }
  try {
    return await withWriter(target, opening, async (session) => {
      opened = true
      const problems: Problem[] = []
      if (settings?.exactlyOnce?.isRequired === true) {
        const found = await offsetsTable(session, settings, false)
        if ('refused' in found) problems.push(['exactly.once.sink', sentence(found.refused)])
      }
      for (const name of settings === null ? [] : tableNames(settings, topics)) {
        const { quoted, types } = (settings as SinkSettings).tables
        try {
          const target = await findTarget(session, tableIdOf(session, name, quoted), types)
          const why = target?.cannotRollBack
          if (why !== undefined && settings?.exactlyOnce?.isRequired === true) {
            problems.push(['exactly.once.sink', `Table ${name} cannot take part: ${why}`])
          }
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
          problems.push(['table.name.format', error.message])
        }
      }
      return problems
    })
  } catch (error) {
    const text = messageOf(error)
    if (error instanceof ConfigError) return [['connection.url', text]]
    const what = opened ? 'read the tables of the' : 'connect to'
    return [['connection.url', `Could not ${what} database. ${text}`]]
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

/** Tables that are known without a record. */
function tableNames({ records }: SinkSettings, topics: readonly string[]): string[] {
  const { mapping, template, normalize } = records.tables
  if (mapping !== null) return topics.flatMap((topic) => mapping.get(topic) ?? [])
  if (!template.needsTopicOnly) return []
  const nothing = (): undefined => undefined
  const facts = { key: nothing, value: nothing, header: nothing, source: nothing }
  return topics.map((topic) => tableNameOf(template, { ...facts, topic }, normalize))
}
