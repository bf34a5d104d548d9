import { configDef } from '../../../config/config-def.ts'
import { databaseKeys } from './database-keys.ts'

const GROUP = 'Connection'

const {
  'connection.user': user,
  'connection.password': password,
  'jdbc.credentials.provider.class': credentials,
  'dialect.name': dialect,
  'connection.attempts': attempts,
  'connection.backoff.ms': backoff
} = databaseKeys

/** How a sink reaches its database. */
export const sinkConnectionKeys = configDef({
  'connection.url': {
    type: 'string',
    importance: 'high',
    group: GROUP,
    width: 'long',
    displayName: 'JDBC URL',
    doc: 'JDBC connection URL, as for the JVM connector. Its sub-protocol selects the dialect.'
  },
  'connection.user': { ...user, group: GROUP, width: 'medium' },
  'connection.password': { ...password, group: GROUP, width: 'medium' },
  'jdbc.credentials.provider.class': { ...credentials, group: GROUP },
  'dialect.name': { ...dialect, group: GROUP },
  'connection.attempts': {
    ...attempts,
    group: GROUP,
    doc: 'Attempts to log in before a refusal fails the task: an account may be locked for a moment. A database that is not there is waited for as outage.max.wait.ms says.'
  },
  'connection.backoff.ms': {
    ...backoff,
    group: GROUP,
    doc: 'Pause between two attempts to log in. A task that is stopped does not wait for its end.'
  }
})
