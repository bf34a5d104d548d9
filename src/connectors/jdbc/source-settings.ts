import {
  type ConfigDef,
  type ConfigMap,
  parseConfig,
  type Password,
  withPrefix
} from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import { type ConfiguredStart, parseInitialTimestamp, startMarkOf } from './configured-start.ts'
import type { Dialect, IsolationMode } from './database.ts'
import { dialects } from './dialects/dialects.ts'
import { type JdbcUrl, parseJdbcUrl } from './jdbc-url.ts'
import { type JdbcSourceConfig, jdbcSourceConfig } from './source-config.ts'
import {
  parseColumnMapping,
  parseColumnsMapping,
  tablePattern,
  type ColumnMapping
} from './table-pattern.ts'
import { splitTableList } from './table-name.ts'
import { instantOfMs } from './time-text.ts'
import { TimeZone } from './time-zone.ts'

export type Mode = 'bulk' | 'incrementing' | 'timestamp' | 'timestamp+incrementing'
export type NumericMapping = 'none' | 'precision_only' | 'best_fit' | 'best_fit_eager_double'
export type TimestampGranularity =
  | 'connect_logical'
  | 'micros_long'
  | 'micros_string'
  | 'micros_iso_datetime_string'
  | 'nanos_long'
  | 'nanos_string'
  | 'nanos_iso_datetime_string'

/** How values become Connect values. */
export interface ValueSettings {
  readonly timeZone: TimeZone
  readonly numericMapping: NumericMapping
  /** For numbers without precision: exact digits, a double, or a Decimal of this scale. */
  readonly unconstrainedNumeric: 'string' | 'double' | number
  readonly granularity: TimestampGranularity
  readonly julianBefore1582: boolean
  readonly unsupportedTypes: 'text' | 'skip' | 'fail'
}

/** How to reach the database. */
export interface ConnectionSettings {
  readonly url: JdbcUrl
  readonly dialect: Dialect
  readonly user: string | null
  readonly password: Password | null
  readonly properties: ReadonlyMap<string, string>
  readonly isolation: IsolationMode
  readonly attempts: number
  readonly backoffMs: number
  readonly timeZone: TimeZone
}

/** Which tables to copy. */
export interface TableSelection {
  readonly whitelist: readonly string[]
  readonly blacklist: readonly string[]
  readonly include: readonly RegExp[]
  readonly exclude: readonly RegExp[]
  readonly types: readonly string[]
  readonly catalogPattern: string | null
  readonly schemaPattern: string | null
}

/** The configuration of a source as its parts use it: synonyms resolved, texts parsed, once. */
export interface SourceSettings extends ConfiguredStart {
  readonly mode: Mode
  readonly connection: ConnectionSettings
  readonly tables: TableSelection
  readonly values: ValueSettings
  /** null: tables are copied. */
  readonly query: string | null
  /** The query must not be shown (I7). */
  readonly queryIsMasked: boolean
  readonly suffix: string
  readonly quoted: boolean
  readonly qualified: boolean
  readonly topicPrefix: string
  readonly timestampColumns: readonly string[]
  /** null: the auto-increment column of the table. */
  readonly incrementingColumn: string | null
  /** Set with `table.include.list` only; then they stand instead of the two above. */
  readonly timestampMappings: readonly ColumnMapping[] | null
  readonly incrementingMappings: readonly ColumnMapping[] | null
  readonly validateNonNull: boolean
  /** What stored offsets say of the configured start. */
  readonly startMark: string | null
  readonly delayMs: number
  readonly pollIntervalMs: number
  readonly batchRows: number
  /** Rows asked from the database at a time: two such batches fit into max.buffer.size. */
  readonly fetchRows: number
  /** null: for ever. */
  readonly retryAttempts: number | null
  readonly tablePollIntervalMs: number
  readonly startupPollingLimitMs: number
}

export const modeUsesTimestamp = (mode: Mode): boolean => mode.startsWith('timestamp')
export const modeUsesId = (mode: Mode): boolean => mode.endsWith('incrementing')

/** How rows are found in the result of a query: as configured, as far as the columns for it are named. */
export function queryMode(settings: Pick<SourceSettings, 'mode' | 'timestampColumns'>): Mode {
  const { mode, timestampColumns } = settings
  if (modeUsesTimestamp(mode) && timestampColumns.length > 0) return mode
  return modeUsesId(mode) ? 'incrementing' : 'bulk'
}

/** `connection.*` keys of the connector itself; all others go to the driver. */
const OWN_CONNECTION_KEYS = new Set(['url', 'user', 'password', 'attempts', 'backoff.ms'])

/** Where and how to connect; ConfigError for a URL or dialect that is not known. */
export function connectionSettings(
  parsed: JdbcSourceConfig,
  config: ConfigMap
): ConnectionSettings {
  const named = parsed['dialect.name']
  const candidates = named === '' ? dialects : dialects.filter((dialect) => dialect.name === named)
  const { url, dialect } = chooseDialect(parsed['connection.url'], candidates)
  const properties = withPrefix(config, 'connection.')
  for (const key of OWN_CONNECTION_KEYS) properties.delete(key)
  return {
    url,
    dialect,
    user: parsed['connection.user'],
    password: parsed['connection.password'],
    properties,
    isolation: parsed['transaction.isolation.mode'] as IsolationMode,
    attempts: parsed['connection.attempts'],
    backoffMs: parsed['connection.backoff.ms'],
    timeZone: new TimeZone(parsed['db.timezone'])
  }
}

/** The dialect named explicitly serves any sub-protocol of a shape it understands; else the URL decides. */
function chooseDialect(
  text: string,
  candidates: readonly Dialect[]
): { url: JdbcUrl; dialect: Dialect } {
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
  const connection = connectionSettings(parsed, config)
  const include = parsed['table.include.list']
  const query = parsed.query === '' ? (parsed['query.masked']?.value ?? '') : parsed.query
  const start = configuredStart(parsed, config)
  const batchRows = parsed['batch.max.rows']
  const buffer = parsed['max.buffer.size']
  const retries = parsed['query.retry.attempts']
  return {
    mode: parsed.mode,
    connection,
    tables: {
      // From the text: a comma inside quotes belongs to a name.
      whitelist: splitTableList(connection.dialect, config.get('table.whitelist') ?? ''),
      blacklist: splitTableList(connection.dialect, config.get('table.blacklist') ?? ''),
      include: include.map(tablePattern),
      exclude: parsed['table.exclude.list'].map(tablePattern),
      types: parsed['table.types'].map((type) => type.toUpperCase()),
      catalogPattern: parsed['catalog.pattern'],
      schemaPattern: parsed['schema.pattern']
    },
    values: valueSettings(parsed),
    query: query.trim() === '' ? null : query.trim(),
    queryIsMasked: parsed.query === '' && query.trim() !== '',
    suffix: parsed['query.suffix'],
    quoted: parsed['sql.quote.identifiers'] ?? /^always$/i.test(parsed['quote.sql.identifiers']),
    qualified: parsed['table.names.qualify'],
    topicPrefix: parsed['topic.prefix'],
    timestampColumns: parsed['timestamp.column.name'].filter((name) => name !== ''),
    incrementingColumn:
      parsed['incrementing.column.name'] === '' ? null : parsed['incrementing.column.name'],
    timestampMappings:
      include.length === 0 ? null : parsed['timestamp.columns.mapping'].map(parseColumnsMapping),
    incrementingMappings:
      include.length === 0 ? null : parsed['incrementing.column.mapping'].map(parseColumnMapping),
    validateNonNull: parsed['validate.non.null'],
    ...start,
    startMark: startMarkOf(start),
    delayMs: parsed['timestamp.delay.interval.ms'],
    pollIntervalMs: parsed['poll.interval.ms'],
    batchRows,
    fetchRows: buffer === 0 ? batchRows : Math.max(1, Math.min(batchRows, Math.floor(buffer / 2))),
    retryAttempts: retries <= 0 ? null : retries,
    tablePollIntervalMs: parsed['table.poll.interval.ms'],
    startupPollingLimitMs: parsed['table.monitoring.startup.polling.limit.ms']
  }
}

function configuredStart(parsed: JdbcSourceConfig, config: ConfigMap): ConfiguredStart {
  const ms = parsed['timestamp.initial.ms']
  return {
    // Only Confluent's spelling knows the word for now: in Aiven's, -1 is a time before 1970.
    initialTimestamp:
      parseInitialTimestamp(parsed['timestamp.initial']) ?? (ms === null ? null : instantOfMs(ms)),
    initialId: bigintOf(config.get('incrementing.initial'))
  }
}

// From the text: the parsed number would have lost digits beyond 2^53 (D6).
function bigintOf(text: string | undefined): bigint | null {
  return text === undefined || text.trim() === '' ? null : BigInt(text.trim().replace(/^\+/, ''))
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
    unsupportedTypes: parsed['unsupported.types']
  }
}
