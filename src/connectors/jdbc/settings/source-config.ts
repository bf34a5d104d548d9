import { configDef, type Parsed } from '../../../config/config-def.ts'
import { additionalKeys } from './additional-keys.ts'
import { connectorKeys } from './connector-keys.ts'
import { databaseKeys } from './database-keys.ts'
import { lateCommitKeys } from './late-commit-keys.ts'
import { modeKeys } from './mode-keys.ts'
import { ownLists } from './own-keys.ts'
import { recordKeys } from './record-keys.ts'

/**
 * Keys of `io.confluent.connect.jdbc.JdbcSourceConnector` 10.9, and the few of ours and of Aiven's fork
 * beside them.
 */
export const jdbcSourceConfig = configDef({
  ...databaseKeys,
  ...modeKeys,
  ...connectorKeys,
  ...additionalKeys,
  ...lateCommitKeys,
  ...recordKeys,
  ...ownLists
})

/** Keys a task has beside those of its connector. */
export const jdbcTaskConfig = configDef({
  tables: {
    type: 'string',
    default: '',
    importance: 'high',
    internal: true,
    doc: 'Tables of the task: quoted names, by comma.'
  },
  'task.queries': {
    type: 'list',
    default: [],
    importance: 'high',
    internal: true,
    doc: 'Queries of the task, by name; absent: all of the connector.'
  },
  'tables.fetched': {
    type: 'boolean',
    default: false,
    importance: 'high',
    internal: true,
    doc: 'Whether the tables were listed when the task was made.'
  }
})

/**
 * Keys of `io.aiven.connect.jdbc.JdbcSourceConnector`: the same, with that connector's required keys and
 * defaults.
 */
export const aivenSourceConfig = configDef({
  ...jdbcSourceConfig,
  'connection.url': without(jdbcSourceConfig['connection.url']),
  mode: {
    ...without(jdbcSourceConfig.mode),
    oneOf: ['bulk', 'timestamp', 'incrementing', 'timestamp+incrementing']
  },
  'topic.prefix': without(jdbcSourceConfig['topic.prefix']),
  'batch.max.rows': { ...jdbcSourceConfig['batch.max.rows'], default: 100 }
})

function without<K extends { readonly default: unknown }>(key: K): Omit<K, 'default'> {
  const { default: _, ...rest } = key
  return rest
}

export type JdbcSourceConfig = Parsed<typeof jdbcSourceConfig>
