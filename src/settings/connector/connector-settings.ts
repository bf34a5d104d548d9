import { type ConfigMap, parseConfig, parseKeys, withPrefix } from '../../config/config-def.ts'
import { consumerKeys } from '../clients/consumer-keys.ts'
import {
  commonConnectorConfig,
  sinkConnectorConfig,
  sourceConnectorConfig
} from './connector-config.ts'
import { autoRestartKeys } from './auto-restart-keys.ts'
import { errorHandlingKeys, EXHAUSTED_KEY } from './error-handling-keys.ts'
import { ASSIGNMENT_KEY, sinkAssignmentKeys } from './sink-assignment-keys.ts'

/*
 * What the worker is told in the configuration of a connector, as values. Configurations have their `${…}`
 * replaced where nothing else is said. Each function throws ConfigError when a text means nothing, which
 * validation would have found.
 */

/** Null where none is given. Also of configurations nobody has looked at yet. */
export function connectorName(config: ReadonlyMap<string, string | null>): string | null {
  return config.get('name') ?? null
}

/**
 * The class as it is named, in full or short; null where none is given. Also of configurations nobody has
 * looked at yet.
 */
export function connectorClass(config: ReadonlyMap<string, string | null>): string | null {
  return config.get('connector.class') ?? null
}

export interface TaskLimit {
  readonly max: number
  /** Whether more tasks fail the connector (KIP-1004). */
  readonly enforced: boolean
}

export function taskLimit(config: ConfigMap): TaskLimit {
  const keys = ['tasks.max', 'tasks.max.enforce'] as const
  const values = parseKeys(commonConnectorConfig, keys, config)
  return { max: values['tasks.max'], enforced: values['tasks.max.enforce'] }
}

/** The settings of a sink that say which topics it reads, as they stand. */
export function topicsAsGiven(config: ConfigMap): readonly (readonly [string, string])[] {
  return [...config].filter(([key]) => key === 'topics' || key === 'topics.regex')
}

/** Which topics a sink reads: by their names, or by a Java regular expression for whole names. */
export type TopicSubscription =
  | { readonly kind: 'topics'; readonly topics: readonly string[] }
  | { readonly kind: 'pattern'; readonly text: string }

export function topicSubscription(config: ConfigMap): TopicSubscription {
  const { topics, 'topics.regex': text } = parseKeys(
    sinkConnectorConfig,
    ['topics', 'topics.regex'],
    config
  )
  return text === '' ? { kind: 'topics', topics } : { kind: 'pattern', text }
}

export interface DeadLetterSettings {
  readonly topic: string
  /** Of the topic when it is created; -1: the brokers' default. */
  readonly replicationFactor: number
  /** Whether headers say what went wrong. */
  readonly contextHeaders: boolean
  /** Whether they also name table, column and code of the database. */
  readonly moreContext?: boolean
}

const DEAD_LETTER_KEYS = [
  'errors.deadletterqueue.topic.name',
  'errors.deadletterqueue.topic.replication.factor',
  'errors.deadletterqueue.context.headers.enable',
  'errors.deadletterqueue.context.more'
] as const

/** The dead letter queue of a sink; null: it has none. */
export function deadLetterSettings(config: ConfigMap): DeadLetterSettings | null {
  const values = parseKeys(sinkConnectorConfig, DEAD_LETTER_KEYS, config)
  const topic = values['errors.deadletterqueue.topic.name']
  if (topic === '') return null
  return {
    topic,
    replicationFactor: values['errors.deadletterqueue.topic.replication.factor'],
    contextHeaders: values['errors.deadletterqueue.context.headers.enable'],
    moreContext: values['errors.deadletterqueue.context.more']
  }
}

/**
 * Whether the partitions of many topics are shared out to all tasks of a sink alike. `worker`: properties of
 * the worker, which count where the connector says nothing.
 */
export function spreadsPartitions(config: ConfigMap, worker: ConfigMap): boolean {
  const own = parseKeys(sinkConnectorConfig, [ASSIGNMENT_KEY], config)[ASSIGNMENT_KEY]
  return (own ?? parseConfig(sinkAssignmentKeys, worker)[ASSIGNMENT_KEY]) === 'spread'
}

/** How many records a sink's consumer brings at most, where the connector itself says so; else null. */
export function maxPollRecords(config: ConfigMap): number | null {
  const key = 'max.poll.records'
  const overrides = withPrefix(config, 'consumer.override.')
  return overrides.has(key) ? parseKeys(consumerKeys, [key], overrides)[key] : null
}

/** Whether values of config providers are asked for again when their time is over. */
export function reloadsValues(config: ConfigMap): boolean {
  const key = 'config.action.reload'
  return parseKeys(commonConnectorConfig, [key], config)[key] === 'restart'
}

/** The topic of its own that a connector's offsets are in; null: the worker's. */
export function offsetsTopic(config: ConfigMap): string | null {
  const key = 'offsets.storage.topic'
  return parseKeys(sourceConnectorConfig, [key], config)[key]
}

export interface ErrorPolicy {
  /** 0: nothing is tried again; -1: without end. */
  readonly retryTimeoutMs: number
  readonly retryDelayMaxMs: number
  readonly tolerance: 'none' | 'all'
  readonly logErrors: boolean
  readonly logMessages: boolean
  /** What becomes of a record whose retriable error outlived its budget while nothing is tolerated. */
  readonly exhausted: 'skip' | 'fail'
}

const ERROR_KEYS = [
  'errors.retry.timeout',
  'errors.retry.delay.max.ms',
  'errors.tolerance',
  'errors.log.enable',
  'errors.log.include.messages',
  EXHAUSTED_KEY
] as const

/** `worker`: properties of the worker, which count where the connector says nothing. */
export function errorPolicy(config: ConfigMap, worker: ConfigMap): ErrorPolicy {
  const values = parseKeys(commonConnectorConfig, ERROR_KEYS, config)
  return {
    retryTimeoutMs: values['errors.retry.timeout'],
    retryDelayMaxMs: values['errors.retry.delay.max.ms'],
    tolerance: values['errors.tolerance'],
    logErrors: values['errors.log.enable'],
    logMessages: values['errors.log.include.messages'],
    exhausted: values[EXHAUSTED_KEY] ?? parseConfig(errorHandlingKeys, worker)[EXHAUSTED_KEY]
  }
}

/** When a connector or task that has failed is started again by itself. */
export interface RestartPolicy {
  /** In a row; 0: not at all; -1: without end. */
  readonly maxRestarts: number
  readonly on: readonly string[]
  readonly firstPauseMs: number
  readonly longestPauseMs: number
  /** What runs so long behind a restart is well again. */
  readonly quietMs: number
}

const RESTART_KEYS = [
  'auto.restart.max.restarts',
  'auto.restart.on',
  'auto.restart.backoff.ms',
  'auto.restart.backoff.max.ms',
  'auto.restart.quiet.ms'
] as const

/** `worker`: properties of the worker, which count where the connector says nothing. */
export function restartPolicy(config: ConfigMap, worker: ConfigMap): RestartPolicy {
  const own = parseKeys(commonConnectorConfig, RESTART_KEYS, config)
  const others = parseConfig(autoRestartKeys, worker)
  const said = <K extends (typeof RESTART_KEYS)[number]>(key: K) => own[key] ?? others[key]
  return {
    maxRestarts: said('auto.restart.max.restarts'),
    on: said('auto.restart.on'),
    firstPauseMs: said('auto.restart.backoff.ms'),
    longestPauseMs: said('auto.restart.backoff.max.ms'),
    quietMs: said('auto.restart.quiet.ms')
  }
}

/** Where a transaction ends: after each poll, every so often, or where the connector says. */
export type TransactionBoundary =
  | { readonly kind: 'poll' | 'connector' }
  | { readonly kind: 'interval'; readonly intervalMs: number }

/** `offsetFlushIntervalMs`: the worker's, which is the interval where the connector names none. */
export function transactionBoundary(
  config: ConfigMap,
  offsetFlushIntervalMs: number
): TransactionBoundary {
  const keys = ['transaction.boundary', 'transaction.boundary.interval.ms'] as const
  const values = parseKeys(sourceConnectorConfig, keys, config)
  const kind = values['transaction.boundary']
  if (kind === 'connector') return { kind }
  const intervalMs = values['transaction.boundary.interval.ms'] ?? offsetFlushIntervalMs
  // An interval of nothing is over after each poll.
  return kind === 'interval' && intervalMs > 0 ? { kind, intervalMs } : { kind: 'poll' }
}
