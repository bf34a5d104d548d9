import type { CopyPlace } from './database.ts'
import type { DatabaseName, RealPlan, TablePlan } from './plan.ts'
import type { SinkPlan } from './sink-plan.ts'
import { converterOf, topicOf } from './topics.ts'

/** Rows with this amount break a rule of copies that have one. */
export const UNWANTED = '-12.34'
/** Where a record was, in the copies of a sink that keeps places. */
const PLACE = ['__connect_topic', '__connect_partition', '__connect_offset']
const ROW = ['code', 'version', 'id', 'amount', 'note']

export const sinkOf = (plan: RealPlan): string => `${plan.name}-in`
export const deadTopicOf = (plan: RealPlan): string => `dead-${plan.name}`

/** The table that takes the records of a table's topic. */
export function copyOf(plan: RealPlan, sink: SinkPlan, table: TablePlan): string {
  if (/^[A-Z_]+$/.test(table.name)) return `COPY_${table.name}`
  return sink.namedBy === 'list' ? `copy ${table.name}` : `copy ${topicOf(plan, table)}`
}

/** The columns by which copies are judged, in this order; Oracle's are those of its tables. */
export function copiedColumns(sink: SinkPlan, database: DatabaseName): string[] {
  const row = database === 'oracle' ? ROW.map((name) => name.toUpperCase()) : ROW
  return sink.way === 'places' ? [...row, ...PLACE] : row
}

/** Whether copies have a rule that some rows break. */
export function hasRule(sink: SinkPlan, database: DatabaseName): boolean {
  return sink.madeBefore && sink.deadLetters && database !== 'oracle'
}

/** What copies that are made before the sink consist of. */
export function copyColumns(plan: RealPlan, database: DatabaseName, copies: CopyPlace): string {
  const { sink } = plan
  if (sink === null) throw new Error('This world has no sink')
  const { text, whole, amount, moment } = copies.types
  const isOracle = database === 'oracle'
  const named = (name: string): string => copies.quoted(isOracle ? name.toUpperCase() : name)
  const columns = [
    `${named('code')} ${text} NOT NULL`,
    `${named('version')} ${whole}`,
    `${named('id')} ${whole}`,
    `${named('amount')} ${amount}`,
    `${named('note')} ${text}`,
    // JSON without a schema has its times as numbers.
    `${named('changed')} ${plan.values === 'json' ? whole : moment} NULL`
  ]
  if (plan.settings['transforms'] !== undefined) columns.push(`${copies.quoted('site')} ${text}`)
  const [topic = '', partition = '', offset = ''] = PLACE.map((name) => copies.quoted(name))
  if (sink.way === 'places') {
    columns.push(
      `${topic} ${text} NOT NULL, ${partition} ${whole} NOT NULL, ${offset} ${whole} NOT NULL`
    )
    // Names of topics are longer than what a key of MariaDB takes of a text without a limit.
    columns.push(`PRIMARY KEY (${topic}, ${partition}, ${offset})`)
  } else if (sink.way !== 'each') columns.push(`PRIMARY KEY (${named('code')})`)
  if (hasRule(sink, database)) columns.push(`CHECK (${named('amount')} <> ${UNWANTED})`)
  return columns.join(', ')
}

/** Keys that a source has for the sake of the sink behind it. */
export function sourceKeys({ sink, values }: RealPlan): Record<string, string> {
  if (sink === null) return {}
  return {
    ...(sink.keyFormat === null ? {} : { 'key.columns': 'code', 'key.format': sink.keyFormat }),
    // Without a schema nobody knows the bytes of a decimal.
    ...(values === 'json' ? { 'value.converter.decimal.format': 'NUMERIC' } : {})
  }
}

/** The configuration of a world's sink. */
export function sinkConfig(
  plan: RealPlan,
  database: DatabaseName,
  copies: CopyPlace
): Record<string, string> {
  const { sink, tables } = plan
  if (sink === null) throw new Error('This world has no sink')
  const topics = tables.map((table) => topicOf(plan, table))
  const named = (name: string): string => (database === 'oracle' ? name.toUpperCase() : name)
  const fields = [...ROW, 'changed'].map(named)
  return {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    ...copies.config,
    ...(sink.topicsBy === 'list'
      ? { topics: topics.join() }
      : { 'topics.regex': `${plan.name}-.*` }),
    ...(sink.namedBy === 'list'
      ? {
          'topics.to.tables.mapping': tables
            .map((table) => `${topicOf(plan, table)}:${copies.quoted(copyOf(plan, sink, table))}`)
            .join()
        }
      : { 'table.name.format': copies.quoted('copy ${topic}') }),
    'insert.mode': { newest: 'upsert', each: 'insert', places: 'upsert', changes: 'update' }[
      sink.way
    ],
    'pk.mode': sink.keyFrom,
    ...(sink.keyFrom === 'record_value' || sink.keyFormat === 'field'
      ? { 'pk.fields': named('code') }
      : {}),
    ...(sink.keyFrom === 'kafka' || sink.keyFrom === 'none' ? { 'pk.fields': '' } : {}),
    // The table of the positions is made by the sink in any case.
    'auto.create': String(!sink.madeBefore || sink.exactlyOnce),
    ...(sink.exactlyOnce ? { 'exactly.once.sink': 'required' } : {}),
    ...(sink.widens ? { 'auto.evolve': 'true' } : { 'fields.whitelist': fields.join() }),
    ...(plan.values === 'json' ? { 'value.without.schema': 'table' } : {}),
    ...(sink.tombstones === 'deletions' ? { 'delete.enabled': 'true' } : {}),
    ...(sink.tombstones === 'nothing' ? { tombstones: 'skip' } : {}),
    ...(sink.deadLetters
      ? {
          'errors.tolerance': 'all',
          'errors.deadletterqueue.topic.name': deadTopicOf(plan),
          'errors.deadletterqueue.topic.replication.factor': '1',
          'errors.deadletterqueue.context.headers.enable': 'true',
          // A burst has one amount for all of its rows.
          'errors.isolation.max.share': '1'
        }
      : {}),
    'db.timezone': plan.zone,
    'connection.backoff.ms': '300',
    'connection.attempts': '7',
    'retry.backoff.ms': '200',
    // So long the group waits for a member that was killed.
    'consumer.override.session.timeout.ms': '6000',
    'consumer.override.heartbeat.interval.ms': '500',
    ...sink.settings,
    ...converterOf(plan)
  }
}
