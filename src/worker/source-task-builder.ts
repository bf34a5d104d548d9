import type { ConfigMap } from '../config/config-def.ts'
import type { SourceRecord } from '../data/record.ts'
import { ConfigError } from '../errors.ts'
import type { ClientProperties, KafkaClients } from '../kafka/contracts.ts'
import type { Logger } from '../log.ts'
import type { Plugins } from '../plugin/plugins.ts'
import type { OffsetReader, SourceConnectorPlugin } from '../plugin/source.ts'
import type { TargetState } from '../storage/cluster-config.ts'
import type { OffsetStore } from '../storage/offset-store.ts'
import type { Clock } from '../clock.ts'
import { type TaskId, taskKey } from './contracts.ts'
import { taskConverters } from './converters.ts'
import { EXHAUSTED_KEY } from './error-handling-keys.ts'
import { OffsetCommitter } from './offset-committer.ts'
import { RecordConversion } from './record-conversion.ts'
import { type ErrorPolicy, RetryWithTolerance } from './retry-with-tolerance.ts'
import { SourceRecordSender } from './source-record-sender.ts'
import { SubmittedRecords } from './submitted-records.ts'
import { TopicCreation, type TopicCreationRule } from './topic-creation.ts'
import { transformationChain } from './transformation-chain.ts'
import { type SourceTaskCounters, type TaskEvents, WorkerSourceTask } from './worker-source-task.ts'

export interface WorkerSettings {
  /** Worker properties with `${…}` resolved: the converters' settings are taken from here. */
  readonly properties: ConfigMap
  readonly taskShutdownGracefulTimeoutMs: number
  readonly offsetFlushIntervalMs: number
  readonly offsetFlushTimeoutMs: number
  /** `topic.creation.enable` */
  readonly topicCreationEnabled: boolean
}

/** What tasks are built from; main hands it in. */
export interface TaskSurroundings {
  readonly plugins: Plugins
  readonly clients: KafkaClients
  readonly offsetStore: OffsetStore
  readonly settings: WorkerSettings
  producerProperties(connectorConfig: ConfigMap): ClientProperties
  adminProperties(connectorConfig: ConfigMap): ClientProperties
  /** Rules of `topic.creation.*`, null when the connector has none. Throws ConfigError. */
  topicCreationRules(connectorConfig: ConfigMap): readonly TopicCreationRule[] | null
  readonly clock: Clock
}

export function offsetReader(connector: string, store: OffsetStore): OffsetReader {
  return { offsets: (partitions) => store.get(connector, partitions) }
}

function errorPolicy(config: ConfigMap, worker: ConfigMap): ErrorPolicy {
  const exhausted = config.get(EXHAUSTED_KEY) ?? worker.get(EXHAUSTED_KEY)
  const flag = (key: string): boolean => config.get(key)?.trim().toLowerCase() === 'true'
  return {
    retryTimeoutMs: Number(config.get('errors.retry.timeout') ?? 0),
    retryDelayMaxMs: Number(config.get('errors.retry.delay.max.ms') ?? 60_000),
    tolerance: config.get('errors.tolerance')?.trim().toLowerCase() === 'all' ? 'all' : 'none',
    logErrors: flag('errors.log.enable'),
    logMessages: flag('errors.log.include.messages'),
    exhausted: exhausted?.trim().toLowerCase() === 'fail' ? 'fail' : 'skip'
  }
}

/** Builds one source task with everything it owns: chain, converters, producer, offset committer. Throws ConfigError. */
export function buildSourceTask(options: {
  id: TaskId
  plugin: SourceConnectorPlugin
  /** Both with `${…}` resolved. */
  config: ConfigMap
  connectorConfig: ConfigMap
  target: TargetState
  events: TaskEvents
  surroundings: TaskSurroundings
  log: Logger
}): WorkerSourceTask {
  const { id, plugin, config, connectorConfig, surroundings, log } = options
  const { settings, plugins, clients, clock } = surroundings
  const taskClass = config.get('task.class')?.trim()
  if (taskClass !== undefined && taskClass !== plugin.taskClassName) {
    throw new ConfigError(
      `Task ${taskKey(id)} was made for ${taskClass}, but ${plugin.className} has tasks of ${plugin.taskClassName}`
    )
  }
  const stopping = new AbortController()
  const errors = new RetryWithTolerance({
    policy: errorPolicy(connectorConfig, settings.properties),
    task: taskKey(id),
    log,
    stopping: stopping.signal,
    clock
  })
  const task = plugin.createTask()
  const rowOf = (record: SourceRecord): string | null => task.nameRow?.(record) ?? null
  const conversion = new RecordConversion(
    transformationChain(connectorConfig, plugins),
    taskConverters(connectorConfig, settings.properties, plugins),
    errors,
    rowOf
  )
  const rules = settings.topicCreationEnabled
    ? surroundings.topicCreationRules(connectorConfig)
    : null
  const topicCreation =
    rules === null
      ? null
      : new TopicCreation(
          clients.admin(
            surroundings.adminProperties(connectorConfig),
            `connector-adminclient-${taskKey(id)}`
          ),
          rules,
          log
        )
  const submitted = new SubmittedRecords()
  const counters: SourceTaskCounters = { polled: 0, written: 0, skipped: 0, lastWriteAt: null }
  const sender = new SourceRecordSender({
    producer: () =>
      clients.producer(
        surroundings.producerProperties(connectorConfig),
        `connector-producer-${taskKey(id)}`
      ),
    submitted,
    errors,
    log,
    onAcked: (written, dropped) => {
      counters.written += written
      counters.skipped += dropped
      counters.lastWriteAt = clock.now()
    },
    onRecordAcked: task.commitRecord === undefined ? null : (record) => task.commitRecord?.(record),
    rowOf
  })
  const committer = new OffsetCommitter({
    connector: id.connector,
    store: surroundings.offsetStore,
    submitted,
    timeoutMs: settings.offsetFlushTimeoutMs,
    log
  })
  return new WorkerSourceTask({
    id,
    config,
    task,
    conversion,
    skipped: errors.skipped,
    sender,
    committer,
    topicCreation,
    offsets: offsetReader(id.connector, surroundings.offsetStore),
    events: options.events,
    counters,
    target: options.target,
    offsetFlushIntervalMs: settings.offsetFlushIntervalMs,
    offsetFlushTimeoutMs: settings.offsetFlushTimeoutMs,
    stopping,
    log,
    clock
  })
}
