import { configDef } from '../../../config/config-def.ts'
import { problemOf } from './key-checks.ts'
import { parseTopicTemplate } from './topic-template.ts'

const GROUP = 'Keys and topics'

/** The word in `key.columns` that means the columns of the primary key. */
export const PRIMARY_KEY = 'primary-key'

/** Which key the records of a row get, and where they go. */
export const recordKeys = configDef({
  'key.columns': {
    type: 'list',
    default: [],
    distinct: true,
    importance: 'medium',
    group: GROUP,
    width: 'medium',
    displayName: 'Key Columns',
    doc: 'Columns that make the key of a record, or primary-key: those of the primary key of each table. They stay in the value. Empty: records have no key.',
    check: (columns: readonly string[]) =>
      columns.length > 1 && columns.includes(PRIMARY_KEY)
        ? `${PRIMARY_KEY} stands alone or not at all`
        : null
  },
  'key.format': {
    type: 'string',
    default: 'struct',
    oneOf: ['struct', 'field'],
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Key Format',
    doc: 'struct: the key is a struct of the key columns. field: it is the value of the one key column.',
    check: (format: string, all) => {
      const columns = all.get('key.columns')
      return format === 'field' && Array.isArray(columns) && columns.length > 1
        ? `a key of ${columns.length} columns needs the format struct`
        : null
    }
  },
  'key.without.primary.key': {
    type: 'string',
    default: 'fail',
    oneOf: ['fail', 'null'],
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Tables Without Primary Key',
    doc: 'What key.columns=primary-key means for a table (or query) without one: fail is an error before anything is read, null gives its records no key.'
  },
  'topic.template': {
    type: 'string',
    default: null,
    importance: 'medium',
    group: GROUP,
    width: 'long',
    displayName: 'Topic Template',
    doc: 'Name of the topic of each table or query, such as ${prefix}${schema}.${table}. Between ${ and } may stand prefix, connector, catalog, schema, table and query, with .lower or .upper behind. Without it the topic is topic.prefix and the bare name.',
    check: (text: string | null) =>
      text === null ? null : problemOf(() => parseTopicTemplate(text))
  },
  'topic.sanitize': {
    type: 'boolean',
    default: false,
    importance: 'low',
    group: GROUP,
    width: 'short',
    displayName: 'Sanitize Topics',
    doc: 'Replaces characters of table names that no topic may have by underscores.'
  }
})

/** How the key of a record is made of its row. */
export interface KeySettings {
  /** null: records have no key. */
  readonly columns: readonly string[] | 'primary-key' | null
  readonly format: 'struct' | 'field'
  readonly withoutPrimaryKey: 'fail' | 'null'
}
