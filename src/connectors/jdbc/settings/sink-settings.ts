import { type ConfigDef, type ConfigMap, parseConfig } from '../../../config/config-def.ts'
import { ConfigError } from '../../../errors.ts'
import type { BackoffSettings } from '../../../wait.ts'
import { TimeZone } from '../values/time-zone.ts'
import { columnRename } from './column-names.ts'
import { type JdbcSinkConfig, jdbcSinkConfig } from './sink-config.ts'
import { chooseDialect, type ConnectionSettings, driverProperties } from './source-settings.ts'
import { parseTableMapping, parseTableTemplate, type TableTemplate } from './table-template.ts'

type InsertMode = 'insert' | 'upsert' | 'update'
type KeyMode = 'none' | 'kafka' | 'record_key' | 'record_value'

/** How records become rows. */
export interface RecordSettings {
  /** Of the connector, for messages that name it. */
  readonly connector: string
  readonly insertMode: InsertMode
  readonly keyMode: KeyMode
  readonly keyFields: readonly string[]
  /** Empty: all. */
  readonly whitelist: ReadonlySet<string>
  readonly deletes: boolean
  readonly skipsTombstones: boolean
  readonly unwrapsEnvelopes: boolean
  readonly nested: 'fail' | 'json' | 'flatten'
  readonly takesValuesWithoutSchema: boolean
  readonly keepsNulls: boolean
  readonly stringColumn: string
  readonly timestampFields: ReadonlySet<string>
  readonly timestampDigits: 6 | 9
  columnOf(field: string): string
  readonly tables: TableNaming
}

/** How tables are named. */
interface TableNaming {
  readonly template: TableTemplate
  /** Tables of topics; null: the template says. */
  readonly mapping: ReadonlyMap<string, string> | null
  readonly normalize: boolean
}

/** How values become those of columns. */
interface WrittenValueSettings {
  readonly timeZone: TimeZone
  /** In which zone a day begins. */
  readonly dateZone: TimeZone
  readonly julianBefore1582: boolean
  /** Whether null is written as the default of its schema. */
  readonly nullBecomesDefault: boolean
  /** Whether structs and maps become JSON. */
  readonly nestsAsJson: boolean
}

interface TableSettingsOfSink {
  readonly types: ReadonlySet<string>
  readonly creates: boolean
  readonly evolves: boolean
  readonly quoted: boolean
}

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
}

/** The configuration of a sink as its parts use it. */
export interface SinkSettings {
  readonly connection: ConnectionSettings
  readonly records: RecordSettings
  readonly values: WrittenValueSettings
  readonly tables: TableSettingsOfSink
  readonly order: 'keyed' | 'arrival'
  readonly writeTimeoutMs: number
  readonly retries: SinkRetrySettings
  readonly commitIntervalMs: number
  readonly exactlyOnce: ExactlyOnceSettings | null
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
  if (texts.length > 0) {
    throw new ConfigError(texts.join('\n'), { problems: texts })
  }
  const timeZone = new TimeZone(parsed['db.timezone'])
  const records = recordSettings(parsed, config)
  const firstMs = parsed['retry.backoff.ms']
  return {
    connection: sinkConnection(parsed, config),
    records,
    values: {
      timeZone,
      dateZone: parsed['date.timezone'] === 'UTC' ? new TimeZone('UTC') : timeZone,
      julianBefore1582: parsed['date.calendar.system'] === 'LEGACY',
      nullBecomesDefault: parsed['replace.null.with.default'],
      nestsAsJson: parsed['nested.values'] !== 'fail'
    },
    tables: {
      types: new Set(parsed['table.types'].map((type) => type.toUpperCase())),
      creates: parsed['auto.create'],
      evolves: parsed['auto.evolve'],
      quoted: parsed['sql.quote.identifiers'] ?? /^always$/i.test(parsed['quote.sql.identifiers'])
    },
    order: parsed['write.order'] ?? defaultOrder(records),
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
    exactlyOnce: exactlyOnceSettings(parsed, records.connector)
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
    failsOnGap: parsed['sink.offset.gap'] === 'fail'
  }
}

function defaultOrder({ insertMode, keyMode }: RecordSettings): 'keyed' | 'arrival' {
  return insertMode === 'insert' || keyMode === 'none' ? 'arrival' : 'keyed'
}

function recordSettings(parsed: JdbcSinkConfig, config: ConfigMap): RecordSettings {
  const mode = parsed['insert.mode'].toLowerCase()
  const mapping = parseTableMapping(parsed['topics.to.tables.mapping'])
  return {
    connector: config.get('name') ?? '',
    insertMode: mode === 'multi' ? 'insert' : (mode as InsertMode),
    keyMode: parsed['pk.mode'].toLowerCase() as KeyMode,
    keyFields: parsed['pk.fields'],
    whitelist: new Set(parsed['fields.whitelist']),
    deletes: parsed['delete.enabled'],
    skipsTombstones: parsed.tombstones === 'skip',
    unwrapsEnvelopes: parsed['debezium.envelope'] === 'auto',
    nested: parsed['nested.values'],
    takesValuesWithoutSchema: parsed['value.without.schema'] === 'table',
    keepsNulls: parsed['null.handling'] === 'keep',
    stringColumn: parsed['string.output.value.column.name'],
    timestampFields: new Set(parsed['timestamp.fields.list']),
    timestampDigits: parsed['timestamp.precision.mode'] === 'NANOSECONDS' ? 9 : 6,
    columnOf: columnRename(parsed['column.names'], parsed['column.names.case']),
    tables: {
      template: parseTableTemplate(parsed['table.name.format']),
      mapping: mapping.size === 0 ? null : mapping,
      normalize: parsed['table.name.normalize']
    }
  }
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
  return problems
}

/** Deletes of an envelope have the old row, so that its fields are known. */
function lacksKeysOfDeletes(parsed: JdbcSinkConfig): boolean {
  const keyMode = parsed['pk.mode'].toLowerCase()
  const hasOldRow = keyMode === 'record_value' && parsed['debezium.envelope'] === 'auto'
  return parsed['delete.enabled'] && keyMode !== 'record_key' && !hasOldRow
}
