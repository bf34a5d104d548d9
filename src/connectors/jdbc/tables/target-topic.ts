import { ConfigError } from '../../../errors.ts'
import type { Dialect, TableId } from '../database/database.ts'
import { tableName } from '../database/table-name.ts'
import { sanitized, topicFrom, type TopicSettings } from '../settings/topic-template.ts'

/** The topic of a table. `catalog`: that of the session, where the table's name leaves it out. */
export function topicOfTable(
  dialect: Dialect,
  table: TableId,
  { prefix, connector, template, sanitize }: TopicSettings,
  catalog: string | null
): string {
  const bare = sanitize ? sanitized(table.table) : table.table
  // Not checked: a transformation may go on to give the topic another name.
  if (template === null) return `${prefix}${bare}`
  const names = { prefix, connector, ...table, catalog: table.catalog ?? catalog, query: null }
  return topicFrom(template, names, `table ${tableName(dialect, table)}`, sanitize)
}

/** The topic of a query; `name` null: the one without a name, whose topic is the whole prefix. */
export function topicOfQuery(
  name: string | null,
  { prefix, connector, template, sanitize }: TopicSettings
): string {
  if (template === null) return `${prefix}${name ?? ''}`
  const names = { prefix, connector, catalog: null, schema: null, table: null, query: name }
  return topicFrom(template, names, name === null ? 'the query' : `query ${name}`, sanitize)
}

interface TableTopic {
  readonly table: TableId
  readonly topic: string
  /** The topic was named by a template, so that a second table in it may be meant. */
  readonly chosen: boolean
}

/**
 * Tables that share a topic, as text for a warning, or null. ConfigError when they do so only because a topic
 * is by default named after the bare name of its table.
 */
export function sharedTopics(dialect: Dialect, topics: readonly TableTopic[]): string | null {
  const byTopic = Map.groupBy(topics, ({ topic }) => topic)
  const shared = [...byTopic].filter(([, tables]) => tables.length > 1)
  const names = (tables: readonly TableTopic[]): string =>
    tables.map(({ table }) => tableName(dialect, table)).join(', ')
  const byAccident = shared.filter(
    ([, tables]) => tables.filter(({ chosen }) => !chosen).length > 1
  )
  if (byAccident.length > 0) {
    throw new ConfigError(
      `The connector uses the unqualified table name as the topic name and has detected duplicate unqualified table names. Rows of different tables would mix in one topic. Name one table of each of these in the filter, or set topic.template=\${prefix}\${schema}.\${table}: ${byAccident.map(([, tables]) => `[${names(tables)}]`).join(', ')}`
    )
  }
  if (shared.length === 0) return null
  return shared.map(([topic, tables]) => `${topic} gets rows of ${names(tables)}`).join('; ')
}
