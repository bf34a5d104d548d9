import { type ConfigDef, type ConfigKey, configDef } from '../../config/config-def.ts'
import { javaRegex } from '../../config/java-regex.ts'
import { ConfigError } from '../../errors.ts'
import { autoRestartKeys } from './auto-restart-keys.ts'
import { errorHandlingKeys, EXHAUSTED_KEY } from './error-handling-keys.ts'
import { ASSIGNMENT_KEY, sinkAssignmentKeys } from './sink-assignment-keys.ts'

/**
 * Longer ones fit neither an assignment of the group protocol (32,767 bytes) nor, encoded, the address of a
 * request.
 */
const LONGEST_NAME_BYTES = 1000

/** Kafka's rule for connector names: not empty, no control characters; and a length that can be carried. */
function nameProblem(name: string): string | null {
  if (name === '') return 'String may not be empty'
  const bytes = Buffer.byteLength(name)
  if (bytes > LONGEST_NAME_BYTES) {
    return `String may have at most ${LONGEST_NAME_BYTES} bytes but had ${bytes}`
  }
  const controls = Array.from(name, (char) => char.codePointAt(0) ?? 0).filter(
    (code) => code < 0x20 || (code >= 0x7f && code <= 0x9f)
  )
  return controls.length === 0
    ? null
    : `String may not contain control sequences but had the following ASCII chars: ${controls.join(', ')}`
}

/** What is wrong with a Java regular expression, which may be empty; null: nothing. */
export function regexProblem(pattern: string): string | null {
  if (pattern === '') return null
  try {
    javaRegex(pattern)
    return null
  } catch (error) {
    if (error instanceof ConfigError) return `Invalid regex: ${error.message}`
    throw error
  }
}

/** What every connector has. Defaults of the converters are the worker's; validation fills them in. */
export const commonConnectorConfig = configDef({
  name: {
    type: 'string',
    importance: 'high',
    group: 'Common',
    orderInGroup: 1,
    width: 'medium',
    displayName: 'Connector name',
    check: nameProblem,
    doc: 'Name of the connector, unique in its Connect cluster.'
  },
  'connector.class': {
    type: 'string',
    importance: 'high',
    group: 'Common',
    orderInGroup: 2,
    width: 'long',
    displayName: 'Connector class',
    doc: 'Which connector to run: a class name in full, the class name alone, or that without `Connector` at its end.'
  },
  'connector.plugin.version': {
    type: 'string',
    default: null,
    importance: 'medium',
    group: 'Common',
    orderInGroup: 3,
    width: 'medium',
    displayName: 'Connector version',
    doc: 'Version, or range of versions such as `[1.0,2.0)`, the connector must have.'
  },
  'tasks.max': {
    type: 'int',
    default: 1,
    atLeast: 1,
    importance: 'high',
    group: 'Common',
    orderInGroup: 4,
    width: 'short',
    displayName: 'Tasks max',
    doc: 'How many tasks the connector may have at most.'
  },
  'tasks.max.enforce': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Common',
    orderInGroup: 5,
    width: 'short',
    displayName: 'Enforce tasks max',
    doc: 'Whether a connector that makes more tasks than `tasks.max` fails. Deprecated in Kafka Connect.'
  },
  'key.converter': converter('Key', 6),
  'key.converter.plugin.version': converterVersion('Key', 7),
  'value.converter': converter('Value', 8),
  'value.converter.plugin.version': converterVersion('Value', 9),
  'header.converter': converter('Header', 10),
  'header.converter.plugin.version': converterVersion('Header', 11),
  transforms: {
    type: 'list',
    default: [],
    aliases: true,
    importance: 'low',
    group: 'Transforms',
    orderInGroup: 12,
    width: 'long',
    displayName: 'Transforms',
    doc: 'Names of the transformations each record passes, in order. Each is configured behind `transforms.<name>.`.'
  },
  predicates: {
    type: 'list',
    default: [],
    aliases: true,
    importance: 'low',
    group: 'Predicates',
    orderInGroup: 13,
    width: 'long',
    displayName: 'Predicates',
    doc: 'Names of conditions that transformations may refer to. Each is configured behind `predicates.<name>.`.'
  },
  'config.action.reload': {
    type: 'string',
    default: 'restart',
    oneOf: ['none', 'restart'],
    importance: 'low',
    group: 'Common',
    orderInGroup: 14,
    width: 'medium',
    displayName: 'Reload Action',
    doc: 'What to do when a value from a config provider expires: restart the connector, or nothing.'
  },
  'errors.retry.timeout': {
    type: 'long',
    default: 0,
    importance: 'medium',
    group: 'Error Handling',
    orderInGroup: 1,
    width: 'medium',
    displayName: 'Retry Timeout for Errors',
    doc: 'For how many milliseconds a failed operation is tried again. 0: not at all; -1: without end.'
  },
  'errors.retry.delay.max.ms': {
    type: 'long',
    default: 60_000,
    importance: 'medium',
    group: 'Error Handling',
    orderInGroup: 2,
    width: 'medium',
    displayName: 'Maximum Delay Between Retries for Errors',
    doc: 'Longest pause between two such tries.'
  },
  'errors.tolerance': {
    type: 'string',
    default: 'none',
    oneOf: ['none', 'all'],
    importance: 'medium',
    group: 'Error Handling',
    orderInGroup: 3,
    width: 'short',
    displayName: 'Error Tolerance',
    doc: 'Whether a record that cannot be converted or transformed fails the task (`none`) or is left out (`all`).'
  },
  'errors.log.enable': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Error Handling',
    orderInGroup: 4,
    width: 'short',
    displayName: 'Log Errors',
    doc: 'Whether each such failure is logged even when it is tolerated.'
  },
  'errors.log.include.messages': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Error Handling',
    orderInGroup: 5,
    width: 'short',
    displayName: 'Log Error Details',
    doc: 'Whether these lines show the record: of a source its key, value, headers, source partition and source offset. Off, they only name it.'
  },
  // Not among the keys a JVM worker answers.
  [EXHAUSTED_KEY]: { ...errorHandlingKeys[EXHAUSTED_KEY], default: null, internal: true },
  'auto.restart.max.restarts': own(autoRestartKeys['auto.restart.max.restarts']),
  'auto.restart.on': own(autoRestartKeys['auto.restart.on']),
  'auto.restart.backoff.ms': own(autoRestartKeys['auto.restart.backoff.ms']),
  'auto.restart.backoff.max.ms': own(autoRestartKeys['auto.restart.backoff.max.ms']),
  'auto.restart.quiet.ms': own(autoRestartKeys['auto.restart.quiet.ms'])
})

/** A key of the worker under which a connector may say otherwise. */
function own<const K extends ConfigKey>(key: K) {
  return { ...key, default: null, internal: true } as const
}

function converter<const O extends number>(part: 'Key' | 'Value' | 'Header', orderInGroup: O) {
  return {
    type: 'class',
    default: null,
    importance: 'low',
    group: 'Common',
    orderInGroup,
    width: 'short',
    displayName: `${part} converter class`,
    doc: `Converter of record ${part.toLowerCase()}s for this connector; not set: the worker's.`
  } as const satisfies ConfigKey
}

function converterVersion<const O extends number>(
  part: 'Key' | 'Value' | 'Header',
  orderInGroup: O
) {
  return {
    type: 'string',
    default: null,
    importance: 'low',
    group: 'Common',
    orderInGroup,
    width: 'short',
    displayName: `${part} converter version`,
    doc: `Version, or range of versions, the ${part.toLowerCase()} converter must have.`
  } as const satisfies ConfigKey
}

/** What source connectors have beside that. */
export const sourceConnectorConfig = configDef({
  'topic.creation.groups': {
    type: 'list',
    default: [],
    aliases: true,
    importance: 'low',
    group: 'Topic Creation',
    orderInGroup: 1,
    width: 'long',
    displayName: 'Topic Creation Groups',
    doc: 'Names of groups of topics, each with settings for its creation behind `topic.creation.<name>.`. Topics of no group are created as `topic.creation.default.` says.'
  },
  'exactly.once.support': {
    type: 'string',
    default: 'requested',
    oneOfIgnoreCase: ['REQUIRED', 'REQUESTED'],
    importance: 'medium',
    group: 'Exactly Once Support',
    orderInGroup: 2,
    width: 'short',
    displayName: 'Exactly once support',
    doc: 'Whether the connector is refused when it cannot run exactly once (`required`), or runs anyway (`requested`).'
  },
  'transaction.boundary': {
    type: 'string',
    default: 'poll',
    oneOfIgnoreCase: ['INTERVAL', 'POLL', 'CONNECTOR'],
    read: (value: string) => value.toLowerCase() as 'interval' | 'poll' | 'connector',
    importance: 'medium',
    group: 'Exactly Once Support',
    orderInGroup: 3,
    width: 'short',
    displayName: 'Transaction Boundary',
    doc: 'Where a transaction ends: after each batch of the task, after an interval, or where the connector says.'
  },
  'transaction.boundary.interval.ms': {
    type: 'long',
    default: null,
    atLeast: 0,
    importance: 'low',
    group: 'Exactly Once Support',
    orderInGroup: 4,
    width: 'short',
    displayName: 'Transaction boundary interval',
    doc: 'That interval; not set: `offset.flush.interval.ms` of the worker.'
  },
  'offsets.storage.topic': {
    type: 'string',
    default: null,
    nonEmpty: true,
    importance: 'low',
    group: 'offsets.topic',
    orderInGroup: 1,
    width: 'long',
    displayName: 'Offsets topic',
    doc: "Topic for the offsets of this connector, instead of the worker's."
  }
})

/** What sink connectors have beside the common keys. */
export const sinkConnectorConfig = configDef({
  topics: {
    type: 'list',
    default: [],
    distinct: true,
    importance: 'high',
    group: 'Common',
    orderInGroup: 4,
    width: 'long',
    displayName: 'Topics',
    doc: 'Topics to read, separated by commas.'
  },
  'topics.regex': {
    type: 'string',
    default: '',
    importance: 'high',
    group: 'Common',
    orderInGroup: 4,
    width: 'long',
    displayName: 'Topics regex',
    check: regexProblem,
    doc: 'Java regular expression that matches the names of the topics to read. Only one of this and `topics` may be set.'
  },
  'errors.deadletterqueue.topic.name': {
    type: 'string',
    default: '',
    importance: 'medium',
    group: 'Error Handling',
    orderInGroup: 6,
    width: 'medium',
    displayName: 'Dead Letter Queue Topic Name',
    doc: 'Topic for records that cannot be converted or transformed, when errors are tolerated. Empty: there is none.'
  },
  'errors.deadletterqueue.topic.replication.factor': {
    type: 'short',
    default: 3,
    importance: 'medium',
    group: 'Error Handling',
    orderInGroup: 7,
    width: 'medium',
    displayName: 'Dead Letter Queue Topic Replication Factor',
    doc: 'Replication factor that topic is created with.'
  },
  'errors.deadletterqueue.context.headers.enable': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    group: 'Error Handling',
    orderInGroup: 8,
    width: 'medium',
    displayName: 'Enable Error Context Headers',
    doc: 'Whether records there carry headers that say what went wrong, under names beginning with `__connect.errors.`.'
  },
  // Not among the keys a JVM worker answers.
  'errors.deadletterqueue.context.more': {
    type: 'boolean',
    default: false,
    internal: true,
    importance: 'low',
    group: 'Error Handling',
    orderInGroup: 9,
    width: 'short',
    displayName: 'More Error Context Headers',
    doc: 'Whether these headers also name the table, the column and the code of the database (`__connect.errors.table`, `.column`, `.sql.state`), where an error has them. A JVM worker has no such headers.'
  },
  [ASSIGNMENT_KEY]: {
    ...sinkAssignmentKeys[ASSIGNMENT_KEY],
    default: null,
    internal: true,
    group: 'Common',
    orderInGroup: 5,
    width: 'short',
    displayName: 'Sharing out of partitions'
  }
})

/** The framework's keys of a connector, in the order of Kafka's answers. */
export function connectorConfig(type: 'source' | 'sink'): ConfigDef {
  return {
    ...commonConnectorConfig,
    ...(type === 'source' ? sourceConnectorConfig : sinkConnectorConfig)
  }
}
