import { type ConfigDef, type ConfigMap, parseConfig } from '../../../config/config-def.ts'
import { ConfigError } from '../../../errors.ts'
import type { BackoffSettings } from '../../../wait.ts'
import { TimeZone } from '../values/time-zone.ts'
import { parseDeleteMode } from './delete-mode.ts'
import { type JdbcSinkConfig, jdbcSinkConfig } from './sink-config.ts'
import { groupMembership, sinkGroupProblems, withGroups } from './sink-groups.ts'
import { ownSettings } from './own-settings.ts'
import { chooseDialect, type ConnectionSettings, driverProperties } from './source-settings.ts'
import { type TableRules, tableRules } from './table-rules.ts'

/** What is done about errors. */
export interface SinkRetrySettings {
  readonly maxRetries: number
  readonly backoff: BackoffSettings
  /** null: for ever. */
  readonly outageMaxMs: number | null
  readonly badShare: number
}

/** How positions are kept in the database; null where they are not. */
interface ExactlyOnceSettings {
  /** Whether the connector does without where it cannot be had. */
  readonly isRequired: boolean
  /** As it is configured. */
  readonly table: string
  /** The name of the connector in the table. */
  readonly name: string
  readonly failsOnGap: boolean
  /** A COMMIT may be answered before it lasts: what is forgotten is written again. */
  readonly lastsLater: boolean
}

/** The configuration of a sink as its parts use it, and the rules of tables that have none of their own. */
export interface SinkSettings extends TableRules {
  readonly connection: ConnectionSettings
  readonly writeTimeoutMs: number
  readonly retries: SinkRetrySettings
  readonly commitIntervalMs: number
  readonly exactlyOnce: ExactlyOnceSettings | null
  /**
   * The rules of records of a topic that go to a table, named as configured; the same object for all that are
   * in the same groups.
   */
  rulesOf(topic: string, table: string): TableRules
}

/** Where and how to connect; ConfigError for a URL or dialect that is not known, or cannot be written to. */
export function sinkConnection(parsed: JdbcSinkConfig, config: ConfigMap): ConnectionSettings {
  const { url, dialect } = chooseDialect(parsed['connection.url'], parsed['dialect.name'])
  if (dialect.writing === undefined) {
    throw new ConfigError(`${dialect.displayName} cannot be written to by this connector`)
  }
  return {
    url,
    dialect,
    user: parsed['connection.user'],
    password: parsed['connection.password'],
    properties: driverProperties(config),
    isolation: 'READ_COMMITTED',
    attempts: parsed['connection.attempts'],
    backoffMs: Math.max(0, parsed['connection.backoff.ms']),
    lockWaitMs: parsed['write.timeout.ms'],
    timeZone: new TimeZone(parsed['db.timezone']),
    leavesOutUnreadable: false
  }
}

/** Parses the configuration of a connector or task; ConfigError lists everything that is wrong. */
export function sinkSettings(
  config: ConfigMap,
  definition: ConfigDef = jdbcSinkConfig
): SinkSettings {
  const parsed = parseConfig(definition, config) as JdbcSinkConfig
  const texts = sinkCombinationProblems(parsed).map(([, text]) => text)
  if (lacksKeysOfDeletes(parsed)) {
    // What the JVM connector says when its task starts differs from what its validation says.
    texts.unshift("Primary key mode must be 'record_key' when delete support is enabled")
  }
  texts.push(...tableSettingProblems(config, definition))
  if (texts.length > 0) {
    throw new ConfigError(texts.join('\n'), { problems: texts })
  }
  const firstMs = parsed['retry.backoff.ms']
  const connection = sinkConnection(parsed, config)
  const rules = tableRules(parsed, config)
  return {
    ...rules,
    connection,
    writeTimeoutMs: parsed['write.timeout.ms'],
    retries: {
      maxRetries: parsed['max.retries'],
      backoff: {
        firstMs,
        lastMs: Math.max(firstMs, parsed['retry.backoff.max.ms']),
        spread: [0.5, 1]
      },
      outageMaxMs: parsed['outage.max.wait.ms'] === -1 ? null : parsed['outage.max.wait.ms'],
      badShare: parsed['errors.isolation.max.share']
    },
    commitIntervalMs: parsed['offset.commit.interval.ms'],
    exactlyOnce: exactlyOnceSettings(parsed, rules.records.connector),
    rulesOf: rulesByGroup(config, definition, connection, rules)
  }
}

/** null: `exactly.once.sink` is off. */
function exactlyOnceSettings(
  parsed: JdbcSinkConfig,
  connector: string
): ExactlyOnceSettings | null {
  const wish = parsed['exactly.once.sink']
  if (wish === 'off') return null
  return {
    isRequired: wish === 'required',
    table: parsed['sink.offsets.table'],
    name: parsed['sink.offsets.name'] === '' ? connector : parsed['sink.offsets.name'],
    failsOnGap: parsed['sink.offset.gap'] === 'fail',
    lastsLater: parsed['synchronous.commit'] === 'off'
  }
}

function rulesByGroup(
  config: ConfigMap,
  definition: ConfigDef,
  { dialect }: ConnectionSettings,
  defaults: TableRules
): SinkSettings['rulesOf'] {
  const groups = ownSettings(config, 'table.settings').map((group) => ({
    ...group,
    has: groupMembership(dialect, group)
  }))
  if (groups.length === 0) return () => defaults
  const resolved = new Map<string, TableRules>([['', defaults]])
  return (topic, table) => {
    const mine = groups.filter(({ has }) => has(topic, table))
    const key = mine.map(({ name }) => name).join()
    let rules = resolved.get(key)
    if (rules === undefined) {
      const merged = withGroups(config, mine)
      rules = tableRules(parseConfig(definition, merged) as JdbcSinkConfig, merged)
      resolved.set(key, rules)
    }
    return rules
  }
}

/** What is wrong with settings of tables, a sentence each. */
export function tableSettingProblems(config: ConfigMap, definition: ConfigDef): string[] {
  return sinkGroupProblems(config, definition, (merged) =>
    sinkCombinationProblems(parseConfig(definition, merged) as JdbcSinkConfig).map(
      ([, text]) => text
    )
  )
}

/** Keys that do not fit together, and why: Confluent's words where it has any. */
export function sinkCombinationProblems(
  parsed: JdbcSinkConfig
): (readonly [key: keyof JdbcSinkConfig, text: string])[] {
  const problems: (readonly [keyof JdbcSinkConfig, string])[] = []
  if (lacksKeysOfDeletes(parsed)) {
    for (const key of ['pk.mode', 'delete.enabled'] as const) {
      problems.push([key, 'Deletes are only supported for pk.mode record_key'])
    }
  }
  const keyMode = parsed['pk.mode'].toLowerCase()
  if (keyMode === 'kafka' && ![0, 3].includes(parsed['pk.fields'].length)) {
    problems.push([
      'pk.fields',
      `pk.mode=kafka needs three names in pk.fields, or none; there are ${parsed['pk.fields'].length}`
    ])
  }
  const isSoft = parseDeleteMode(parsed['delete.mode']) !== null
  if (isSoft && !parsed['delete.enabled']) {
    problems.push(['delete.mode', 'delete.mode=soft is of no use without delete.enabled=true'])
  }
  if (isSoft && parsed['truncate.enabled']) {
    problems.push(['truncate.enabled', 'A truncate deletes rows, which delete.mode=soft forbids'])
  }
  if (parsed['truncate.enabled'] && parsed['debezium.envelope'] === 'off') {
    problems.push([
      'truncate.enabled',
      'Truncates stand in the envelopes of Debezium, which debezium.envelope=off does not look at'
    ])
  }
  if (parsed['upsert.newer.by'] !== '' && parsed['insert.mode'].toLowerCase() !== 'upsert') {
    problems.push(['upsert.newer.by', 'upsert.newer.by needs insert.mode=upsert'])
  }
  if (parsed['synchronous.commit'] === 'off' && parsed['exactly.once.sink'] !== 'required') {
    problems.push([
      'synchronous.commit',
      'synchronous.commit=off needs exactly.once.sink=required: else rows that the server forgets are lost'
    ])
  }
  return problems
}

/** Deletes of an envelope have the old row, so that its fields are known. */
function lacksKeysOfDeletes(parsed: JdbcSinkConfig): boolean {
  const keyMode = parsed['pk.mode'].toLowerCase()
  const hasOldRow = keyMode === 'record_value' && parsed['debezium.envelope'] === 'auto'
  return parsed['delete.enabled'] && keyMode !== 'record_key' && !hasOldRow
}
