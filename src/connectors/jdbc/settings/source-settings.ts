import type {
  NumericMapping,
  ReadingSettings,
  TimestampGranularity,
  ValueSettings
} from './reading-settings.ts'
import {
  type ConfigDef,
  type ConfigMap,
  parseConfig,
  type Password,
  withPrefix
} from '../../../config/config-def.ts'
import { ConfigError } from '../../../errors.ts'
import type { Dialect, IsolationMode, TableId } from '../database/database.ts'
import { dialects } from '../dialects/dialects.ts'
import { parseJdbcUrl } from '../database/jdbc-url.ts'
import type { JdbcUrl } from '../database/database.ts'
import { type JdbcSourceConfig, jdbcSourceConfig } from './source-config.ts'
import { FILTERS } from './database-keys.ts'
import {
  allOwnProblems,
  type Membership,
  membershipOf,
  ownSettings,
  withOwn,
  withoutTables
} from './own-settings.ts'
import { splitTableList } from '../database/table-name.ts'
import { type TablePattern, tablePattern } from './table-pattern.ts'
import { type TableSettings, tableSettings } from './table-settings.ts'
import { type Mode, queryMode } from '../database/mode.ts'
import { TimeZone } from '../values/time-zone.ts'

/** How long a task may wait for something before it says so. */
export interface WatchLimits {
  /** After so long without a sign of life what is waited for is a condition. */
  readonly reportMs: number
  /** After so long the session is given up; null: never. */
  readonly reconnectMs: number | null
}

/** How to reach the database. */
export interface ConnectionSettings {
  readonly url: JdbcUrl
  readonly dialect: Dialect
  readonly user: string | null
  readonly password: Password | null
  readonly properties: ReadonlyMap<string, string>
  readonly isolation: IsolationMode
  /** Somebody only wants to look. */
  readonly readOnly?: boolean
  readonly attempts: number
  readonly backoffMs: number
  /** How long a statement waits for a lock of somebody else; 0: as long as the server lets it. */
  readonly lockWaitMs: number
  readonly timeZone: TimeZone
  /** Whether rows whose time cannot be read are left out, rather than an error. */
  readonly leavesOutUnreadable: boolean
}

/** Which tables to copy. */
export interface TableSelection {
  readonly whitelist: readonly string[]
  readonly blacklist: readonly string[]
  readonly include: readonly TablePattern[]
  readonly exclude: readonly TablePattern[]
  readonly types: readonly string[]
  readonly catalogPattern: string | null
  readonly schemaPattern: string | null
}

/** A name of `table.settings`, and the tables it means. */
interface TableGroup {
  readonly name: string
  readonly has: Membership
  /** Names and expression as configured. */
  readonly wanted: readonly string[]
}

export interface NamedQuery {
  /** null: the query of the key `query`. */
  readonly name: string | null
  readonly settings: TableSettings
}

/** The configuration of a source as its parts use it: synonyms resolved, texts parsed, once. */
export interface SourceSettings extends ReadingSettings {
  readonly connection: ConnectionSettings
  readonly tables: TableSelection
  /** What holds for a table (or the query) of which nothing else is said. */
  readonly defaults: TableSettings
  /** Groups of tables with settings of their own, in their order. */
  readonly groups: readonly TableGroup[]
  /** The settings of a table; the same object for tables in the same groups. */
  forTable(table: TableId): TableSettings
  /** Whether tables are copied, beside queries or alone. */
  readonly copiesTables: boolean
  /** The modes tables are read in: that of the connector, and those that groups name. */
  readonly tableModes: readonly string[]
  readonly queries: readonly NamedQuery[]
  /** null: for ever. */
  readonly retryAttempts: number | null
  readonly watch: WatchLimits
  readonly tablePollIntervalMs: number
  readonly startupPollingLimitMs: number
}

/** `connection.*` keys of the connector itself; all others go to the driver. */
const OWN_CONNECTION_KEYS = new Set(['url', 'user', 'password', 'attempts', 'backoff.ms'])

/** Where and how to connect; ConfigError for a URL or dialect that is not known. */
export function connectionSettings(
  parsed: JdbcSourceConfig,
  config: ConfigMap
): ConnectionSettings {
  const { url, dialect } = chooseDialect(parsed['connection.url'], parsed['dialect.name'])
  return {
    url,
    dialect,
    user: parsed['connection.user'],
    password: parsed['connection.password'],
    properties: driverProperties(config),
    isolation: parsed['transaction.isolation.mode'] as IsolationMode,
    attempts: parsed['connection.attempts'],
    backoffMs: Math.max(0, parsed['connection.backoff.ms']),
    lockWaitMs: parsed['lock.wait.max.ms'],
    timeZone: new TimeZone(parsed['db.timezone']),
    leavesOutUnreadable: parsed['unreadable.values'] !== 'fail'
  }
}

/** `connection.*` keys that are the driver's. */
export function driverProperties(config: ConfigMap): ReadonlyMap<string, string> {
  const properties = withPrefix(config, 'connection.')
  for (const key of OWN_CONNECTION_KEYS) properties.delete(key)
  return properties
}

/**
 * The dialect named explicitly serves any sub-protocol of a shape it understands; else the URL decides.
 * ConfigError for a URL that no dialect serves.
 */
export function chooseDialect(text: string, named: string): { url: JdbcUrl; dialect: Dialect } {
  const candidates = named === '' ? dialects : dialects.filter((dialect) => dialect.name === named)
  const only = candidates.length === 1 ? candidates[0] : undefined
  const match = /^jdbc:([^:]+):(.*)$/s.exec(text.trim())
  if (only === undefined || match === null) return parseJdbcUrl(text, candidates)
  const body = text.trim().slice('jdbc:'.length)
  const known = only.subProtocols.find((name) => body.toLowerCase().startsWith(`${name}:`))
  const subProtocol = known ?? (match[1] ?? '').toLowerCase()
  return {
    url: { text: text.trim(), subProtocol, rest: body.slice(subProtocol.length + 1) },
    dialect: only
  }
}

/** Parses the configuration of a connector or task; one ConfigError lists everything that is wrong. */
export function sourceSettings(
  config: ConfigMap,
  definition: ConfigDef = jdbcSourceConfig
): SourceSettings {
  const parsed = parseConfig(definition, config) as JdbcSourceConfig
  if (parsed.mode === '') throw new ConfigError('Query mode must be specified')
  const problems = allOwnProblems(config, definition).map(([, text]) => text)
  if (problems.length > 0) throw new ConfigError(problems.join('\n'), { problems })
  const connection = connectionSettings(parsed, config)
  const retries = parsed['query.retry.attempts']
  const types = parsed['table.types'].map((type) => type.toUpperCase())
  const reading: ReadingSettings = {
    values: valueSettings(parsed),
    quoted: parsed['sql.quote.identifiers'] ?? /^always$/i.test(parsed['quote.sql.identifiers']),
    qualified: parsed['table.names.qualify'],
    tableTypes: types
  }
  const settingsIn = (merged: ConfigMap): TableSettings => {
    const values = parseConfig(definition, merged) as JdbcSourceConfig
    // A group without a mode has that of the connector, which is given.
    return tableSettings(
      { ...values, mode: values.mode as Mode },
      merged,
      reading,
      connection.dialect
    )
  }
  const defaults = settingsIn(config)
  const groups = ownSettings(config, 'table.settings').map(({ name, keys }) => ({
    name,
    keys,
    has: membershipOf(connection.dialect, keys),
    wanted: [keys.get('tables'), keys.get('pattern')].filter((text) => text !== undefined)
  }))
  const resolved = new Map<string, TableSettings>()
  const named = ownSettings(config, 'queries')
  const filters = FILTERS.some((key) => (config.get(key) ?? '').trim() !== '')
  return {
    ...reading,
    defaults,
    groups,
    forTable(table) {
      const mine = groups.filter(({ has }) => has(table))
      const key = mine.map(({ name }) => name).join()
      let settings = mine.length === 0 ? defaults : resolved.get(key)
      if (settings === undefined) {
        // From the last to the first, whose word counts.
        settings = settingsIn(mine.reduceRight((merged, { keys }) => withOwn(merged, keys), config))
        resolved.set(key, settings)
      }
      return settings
    },
    copiesTables: defaults.query === null && (named.length === 0 || filters),
    tableModes: [defaults.mode, ...groups.flatMap(({ keys }) => keys.get('mode')?.trim() ?? [])],
    queries: [
      ...(defaults.query === null ? [] : [namedQuery(null, defaults)]),
      ...named.map(({ name, keys }) =>
        namedQuery(name, settingsIn(withOwn(withoutTables(config), keys)))
      )
    ],
    connection,
    tables: {
      // From the text: a comma inside quotes belongs to a name.
      whitelist: splitTableList(connection.dialect, config.get('table.whitelist') ?? ''),
      blacklist: splitTableList(connection.dialect, config.get('table.blacklist') ?? ''),
      include: parsed['table.include.list'].map(tablePattern),
      exclude: parsed['table.exclude.list'].map(tablePattern),
      types,
      catalogPattern: parsed['catalog.pattern'],
      schemaPattern: parsed['schema.pattern']
    },
    retryAttempts: retries <= 0 ? null : retries,
    watch: {
      reportMs: parsed['stall.report.ms'],
      reconnectMs: parsed['stall.reconnect.ms'] === 0 ? null : parsed['stall.reconnect.ms']
    },
    tablePollIntervalMs: parsed['table.poll.interval.ms'],
    startupPollingLimitMs: Math.max(0, parsed['table.monitoring.startup.polling.limit.ms'])
  }
}

function namedQuery(name: string | null, settings: TableSettings): NamedQuery {
  return { name, settings: { ...settings, mode: queryMode(settings) } }
}

function valueSettings(parsed: JdbcSourceConfig): ValueSettings {
  const mapping = parsed['numeric.mapping']?.toLowerCase() as NumericMapping | undefined
  const free = parsed['numeric.unconstrained.mapping'].toLowerCase()
  return {
    timeZone: new TimeZone(parsed['db.timezone']),
    numericMapping: mapping ?? (parsed['numeric.precision.mapping'] ? 'precision_only' : 'none'),
    unconstrainedNumeric:
      free === 'string' || free === 'double' ? free : Number(free.slice('decimal:'.length)),
    granularity: parsed['timestamp.granularity'].toLowerCase() as TimestampGranularity,
    julianBefore1582: parsed['date.calendar.system'] === 'LEGACY',
    unsupportedTypes: parsed['unsupported.types'],
    unreadableValues: parsed['unreadable.values'],
    infiniteTimestamps: parsed['infinite.timestamps']
  }
}
