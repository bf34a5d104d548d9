import type { ConfigMap } from '../config/config-def.ts'
import { ConfigError } from '../errors.ts'
import type { KafkaClients } from '../kafka/contracts.ts'
import type { Logger } from '../log.ts'
import type { Plugins } from '../plugin/plugins.ts'
import type { OffsetReader, SourceConnectorPlugin } from '../plugin/source.ts'
import type { TargetState } from '../storage/target-state.ts'
import type { Clock } from '../clock.ts'
import { AtLeastOnceDelivery } from '../tasks/source/at-least-once-delivery.ts'
import type { ConnectorClientProperties } from './connector-client-properties.ts'
import type { ConnectorOffsetStores } from './connector-offset-stores.ts'
import { type SourceTaskGuard } from './contracts.ts'
import { EXHAUSTED_KEY } from '../settings/connector/error-handling-keys.ts'
import { OffsetCommitter } from '../tasks/source/offset-committer.ts'
import { RecordConversion } from '../tasks/pipeline/record-conversion.ts'
import { type ErrorPolicy, RetryWithTolerance } from '../tasks/pipeline/retry-with-tolerance.ts'
import type { SourceDelivery } from '../tasks/source/source-delivery.ts'
import { idleSettings } from '../settings/connector/idle-settings.ts'
import { SourceRecordSender } from '../tasks/source/source-record-sender.ts'
import { SourceTaskInstance } from '../tasks/source/source-task-instance.ts'
import { SubmittedRecords } from '../tasks/source/submitted-records.ts'
import { topicCreationGroups } from '../settings/connector/topic-creation-groups.ts'
import { TopicCreation } from '../tasks/source/topic-creation.ts'
import { transactionBoundary } from '../tasks/source/transaction-boundary.ts'
import { TransactionalDelivery } from '../tasks/source/transactional-delivery.ts'
import { taskTransactionalId } from './transactional-ids.ts'
import { type TaskEvents, WorkerSourceTask } from '../tasks/source/worker-source-task.ts'
import type { OffsetLease, SourceTaskCounters } from '../tasks/port.ts'
import { type TaskId, taskKey } from '../storage/task-id.ts'

export interface WorkerSettings {
  /** Worker properties with `${…}` resolved: the converters' settings are taken from here. */
  readonly properties: ConfigMap
  readonly taskShutdownGracefulTimeoutMs: number
  readonly offsetFlushIntervalMs: number
  readonly offsetFlushTimeoutMs: number
  /** `topic.creation.enable` */
  readonly topicCreationEnabled: boolean
  /** `group.id`; null: a worker by itself. */
  readonly groupId: string | null
}

/** What tasks are built from. */
export interface TaskSurroundings {
  readonly plugins: Plugins
  readonly clients: KafkaClients
  readonly settings: WorkerSettings
  readonly clientProperties: ConnectorClientProperties
  readonly clock: Clock
}

export function offsetReader(connector: string, { store, start }: OffsetLease): OffsetReader {
  return {
    async offsets(partitions) {
      await start()
      return store.get(connector, partitions)
    }
  }
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
  /** With one, the task runs exactly once. */
  guard: SourceTaskGuard | null
  surroundings: TaskSurroundings
  offsetStores: ConnectorOffsetStores
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
  for (const text of idleSettings(connectorConfig, plugins)) log.warn(text)
  const instance = new SourceTaskInstance(plugin, log)
  const conversion = new RecordConversion({
    connector: connectorConfig,
    worker: settings.properties,
    plugins,
    errors,
    rowOf: (record) => instance.nameRow(record)
  })
  const rules = settings.topicCreationEnabled ? topicCreationGroups(connectorConfig) : null
  const topicCreation =
    rules === null
      ? null
      : new TopicCreation(
          clients.admin(
            surroundings.clientProperties.admin(connectorConfig),
            `connector-adminclient-${taskKey(id)}`
          ),
          rules,
          log
        )
  const counters: SourceTaskCounters = { polled: 0, written: 0, skipped: 0, lastWriteAt: null }
  const { delivery, lease } = buildDelivery({
    ...options,
    instance,
    errors,
    stopping: stopping.signal,
    onWritten: (written, dropped) => {
      counters.written += written
      counters.skipped += dropped
      counters.lastWriteAt = clock.now()
    }
  })
  return new WorkerSourceTask({
    id,
    config,
    plugin: instance,
    conversion,
    skipped: errors.skipped,
    delivery,
    offsetFlushIntervalMs: settings.offsetFlushIntervalMs,
    topicCreation,
    offsets: offsetReader(id.connector, lease),
    events: options.events,
    onEnd: () => lease.close(),
    counters,
    target: options.target,
    stopping,
    log,
    clock
  })
}

/** How the task's records get into Kafka, and the offset store they are read from again. */
function buildDelivery(options: {
  id: TaskId
  connectorConfig: ConfigMap
  guard: SourceTaskGuard | null
  surroundings: TaskSurroundings
  offsetStores: ConnectorOffsetStores
  instance: SourceTaskInstance
  errors: RetryWithTolerance
  stopping: AbortSignal
  onWritten(written: number, dropped: number): void
  log: Logger
}): { delivery: SourceDelivery; lease: OffsetLease } {
  const { id, connectorConfig, guard, surroundings, instance, errors, stopping, log } = options
  const { clients, settings, clock } = surroundings
  const { offsetFlushIntervalMs, offsetFlushTimeoutMs, groupId } = settings
  const { connector } = id
  const properties = surroundings.clientProperties.producer(connectorConfig)
  const clientId = `connector-producer-${taskKey(id)}`
  if (guard !== null && groupId !== null) {
    const lease = options.offsetStores.transactionalLease(connector, connectorConfig)
    const delivery = new TransactionalDelivery({
      connector,
      task: taskKey(id),
      producer: clients.transactionalProducer(
        properties,
        clientId,
        taskTransactionalId(groupId, id)
      ),
      lease,
      guard,
      boundary: transactionBoundary(connectorConfig, offsetFlushIntervalMs),
      plugin: instance,
      offsetFlushTimeoutMs,
      stopping,
      onCommitted: options.onWritten,
      clock,
      log
    })
    return { delivery, lease }
  }
  const lease = options.offsetStores.lease(connector, connectorConfig)
  const submitted = new SubmittedRecords()
  const sender = new SourceRecordSender({
    producer: clients.producer(properties, clientId, errors.tolerateAll ? 'report' : 'fail'),
    submitted,
    errors,
    onAcked: options.onWritten,
    plugin: instance
  })
  const committer = new OffsetCommitter({
    connector,
    store: lease.store,
    submitted,
    timeoutMs: offsetFlushTimeoutMs,
    log
  })
  const delivery = new AtLeastOnceDelivery({
    sender,
    committer,
    lease,
    plugin: instance,
    offsetFlushIntervalMs,
    offsetFlushTimeoutMs,
    stopping,
    clock,
    log
  })
  return { delivery, lease }
}
