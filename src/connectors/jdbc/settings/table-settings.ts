import type { Mode } from '../database/mode.ts'
import type { ConfigMap } from '../../../config/config-def.ts'
import type { Dialect } from '../database/database.ts'
import { nativeQuery } from '../sql/jdbc-escapes.ts'
import { type ConfiguredStart, parseInitialTimestamp, startMarkOf } from './configured-start.ts'
import type { KeySettings } from './record-keys.ts'
import { PRIMARY_KEY } from './record-keys.ts'
import type { JdbcSourceConfig } from './source-config.ts'
import type { ReadingSettings } from './reading-settings.ts'
import { type ColumnMapping, parseColumnMapping, parseColumnsMapping } from './table-pattern.ts'
import type { TopicSettings } from './topic-template.ts'
import { instantOfMs } from '../values/time-text.ts'
import { parseTopicTemplate } from './topic-template.ts'

/** What is done about transactions that commit late; `seenMaxKeys` counts rows, the rest is milliseconds. */
interface LateCommitSettings {
  readonly guard: 'auto' | 'window' | 'both' | 'off'
  readonly maxWaitMs: number
  readonly marginMs: number
  readonly windowMs: number
  readonly seenMaxKeys: number
}

/**
 * What may differ from table to table and from query to query, resolved; with what all of them have in common
 * beside it.
 */
export interface TableSettings extends ReadingSettings, ConfiguredStart {
  readonly mode: Mode
  /** null: the table itself is read. */
  readonly query: string | null
  /** The query must not be shown (I7). */
  readonly queryIsMasked: boolean
  readonly suffix: string
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
  readonly lateCommits: LateCommitSettings
  readonly pollIntervalMs: number
  readonly batchRows: number
  /** Rows asked from the database at a time: two such batches fit into max.buffer.size. */
  readonly fetchRows: number
  readonly key: KeySettings
  readonly topics: TopicSettings
}

/** The settings of a table or query from a configuration in which its own keys stand for the connector's. */
export function tableSettings(
  parsed: JdbcSourceConfig & { readonly mode: Mode },
  config: ConfigMap,
  reading: ReadingSettings,
  dialect: Dialect
): TableSettings {
  const withMappings = parsed['table.include.list'].length > 0
  const query = parsed.query === '' ? parsed['query.masked'].value : parsed.query
  const start = configuredStart(parsed, config)
  const batchRows = parsed['batch.max.rows']
  const buffer = Math.max(0, parsed['max.buffer.size'])
  const template = parsed['topic.template']
  return {
    ...reading,
    mode: parsed.mode,
    query: query.trim() === '' ? null : nativeQuery(dialect, query.trim()),
    queryIsMasked: parsed.query === '' && query.trim() !== '',
    suffix: parsed['query.suffix'],
    timestampColumns: parsed['timestamp.column.name'].filter((name) => name !== ''),
    incrementingColumn:
      parsed['incrementing.column.name'] === '' ? null : parsed['incrementing.column.name'],
    timestampMappings: withMappings
      ? parsed['timestamp.columns.mapping'].map(parseColumnsMapping)
      : null,
    incrementingMappings: withMappings
      ? parsed['incrementing.column.mapping'].map(parseColumnMapping)
      : null,
    validateNonNull: parsed['validate.non.null'],
    ...start,
    startMark: startMarkOf(start),
    delayMs: parsed['timestamp.delay.interval.ms'],
    lateCommits: {
      guard: parsed['late.commit.guard'],
      maxWaitMs: parsed['late.commit.max.wait.ms'],
      marginMs: parsed['late.commit.margin.ms'],
      windowMs: parsed['late.commit.window.ms'],
      seenMaxKeys: parsed['late.commit.seen.max.keys']
    },
    pollIntervalMs: Math.max(0, parsed['poll.interval.ms']),
    batchRows,
    fetchRows: buffer === 0 ? batchRows : Math.max(1, Math.min(batchRows, Math.floor(buffer / 2))),
    key: keySettings(parsed),
    topics: {
      prefix: parsed['topic.prefix'],
      connector: config.get('name') ?? null,
      template: template === null || template === '' ? null : parseTopicTemplate(template),
      sanitize: parsed['topic.sanitize']
    }
  }
}

function keySettings(parsed: JdbcSourceConfig): KeySettings {
  const columns = parsed['key.columns'].filter((name) => name !== '')
  return {
    columns: columns.length === 0 ? null : columns[0] === PRIMARY_KEY ? PRIMARY_KEY : columns,
    format: parsed['key.format'],
    withoutPrimaryKey: parsed['key.without.primary.key']
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
