import { javaFullMatch } from '../../config/java-regex.ts'
import type { GroupConsumer, GroupConsumerOptions } from '../../kafka/contracts.ts'
import type { BatchWish, ReadingWish, SinkConnectorPlugin } from '../../plugin/sink.ts'
import { taskKey } from '../../storage/task-id.ts'
import { RetryWithTolerance } from '../pipeline/retry-with-tolerance.ts'
import { SinkConversion } from '../pipeline/sink-conversion.ts'
import type { SinkTaskStart } from '../port.ts'
import { TaskConditions } from '../task-conditions.ts'
import { requireTaskClass, type TaskSurroundings } from '../task-surroundings.ts'
import type { WorkerLink } from '../worker-calls.ts'
import { AssignedPartitions } from './assigned-partitions.ts'
import { DeadLetterQueue } from './dead-letter-queue.ts'
import { ErrantRecords } from './errant-records.ts'
import { OffsetCommits } from './offset-commits.ts'
import { PartitionOrigins } from './partition-origins.ts'
import { Rebalances } from './rebalances.ts'
import { SinkContext } from './sink-context.ts'
import { SinkLoop } from './sink-loop.ts'
import { SinkMeter } from './sink-meter.ts'
import { SinkTaskInstance } from './sink-task-instance.ts'
import { WorkerSinkTask } from './worker-sink-task.ts'

/** What is read ahead of a task waits as bytes, and so much of it. */
const BUFFER_BYTES = 32 * 1024 * 1024
/** One put, where the plugin does not say: `max.poll.records` of Kafka, and not too much to hold. */
const BATCH: BatchWish = { records: 500, bytes: 8 * 1024 * 1024, lingerMs: 0 }

/**
 * Builds one sink task with everything it owns: consumer, stages, dead letters. `log` is that of the task.
 * Throws ConfigError.
 */
export function buildSinkTask(
  start: SinkTaskStart,
  surroundings: TaskSurroundings,
  worker: WorkerLink
): WorkerSinkTask {
  const { plugins, clock, log } = surroundings
  const stopping = new AbortController()
  const givenUp = new AbortController()
  const errors = new RetryWithTolerance({
    policy: start.errors,
    task: taskKey(start.id),
    log,
    stopping: stopping.signal,
    clock
  })
  const connector = plugins.connector(start.connectorClass) as SinkConnectorPlugin
  requireTaskClass(start, connector)
  const plugin = new SinkTaskInstance(connector, log)
  const nameOf = plugin.nameRecord.bind(plugin)
  const meter = new SinkMeter({
    streams: () => plugin.progress(),
    skipped: () => errors.skipped.count,
    push: (progress) => worker.tell({ kind: 'progress', progress }),
    clock,
    stopping: stopping.signal
  })
  const deadLetters = deadLetterQueue(start, surroundings, meter)
  const conversion = new SinkConversion({
    connector: start.connectorConfig,
    worker: start.workerConfig,
    plugins,
    errors,
    nameOf
  })
  const errantRecords = new ErrantRecords({
    errors,
    conversion,
    deadLetters,
    nameOf,
    givenUp: givenUp.signal
  })
  const conditions = new TaskConditions(errors.skipped, log, () => task.sayRunning())
  const options = consumerOptions(start, plugin.readingWish(start.config))
  const consumer: GroupConsumer = surroundings.clients.groupConsumer({
    ...options,
    onAssigned: (partitions) => rebalances.assigned(partitions),
    onRevoked: (partitions, withinMs) => rebalances.revoked(partitions, withinMs),
    onLost: (partitions) => rebalances.lost(partitions),
    onRevoking: (...revocation) => task.revoking(...revocation)
  })
  const partitions = new AssignedPartitions()
  const shared = {
    consumer,
    plugin,
    partitions,
    conversion,
    errantRecords,
    deadLetters,
    meter,
    clock,
    log,
    givenUp: givenUp.signal
  }
  const commits = new OffsetCommits({
    ...shared,
    intervalMs: start.offsetFlushIntervalMs,
    timeoutMs: start.offsetFlushTimeoutMs
  })
  const origins = new PartitionOrigins({
    clients: surroundings.clients,
    client: options.client,
    clientId: options.clientId,
    consumer,
    timeoutMs: start.offsetFlushTimeoutMs,
    clock
  })
  const isReporting = deadLetters !== null || start.errors.logErrors
  const context = new SinkContext({
    id: start.id,
    log,
    partitions,
    errantRecords: isReporting ? errantRecords : null,
    stopping: stopping.signal,
    reportCondition: (condition) => conditions.fromPlugin(condition),
    requestCommit: () => commits.request(),
    checkMembership: () => consumer.checkMembership(),
    origins
  })
  const loop = new SinkLoop({
    ...shared,
    context,
    commits,
    wish: batchWish(start, plugin),
    stopping: stopping.signal,
    onTopicUsed: (topic) => worker.tell({ kind: 'topic', topic })
  })
  const rebalances = new Rebalances({ ...shared, context, commits, loop })
  meter.lookAt(() => ({ partitions, batches: loop.batches, known: consumer.progress }))
  const task = new WorkerSinkTask({
    ...shared,
    start,
    worker,
    context,
    commits,
    rebalances,
    loop,
    conditions,
    origins,
    stopping,
    givenUp
  })
  return task
}

function consumerOptions(
  { id, consumer, subscription, spreads }: SinkTaskStart,
  wish: ReadingWish | null
): Pick<
  GroupConsumerOptions,
  'client' | 'clientId' | 'subscription' | 'spreads' | 'bufferBytes' | 'failsOutOfRange'
> {
  return {
    client: new Map([...(wish?.consumer ?? []), ...consumer]),
    clientId: `connector-consumer-${taskKey(id)}`,
    subscription:
      subscription.kind === 'topics'
        ? subscription
        : { ...subscription, matches: javaFullMatch(subscription.text) },
    spreads,
    bufferBytes: BUFFER_BYTES,
    failsOutOfRange: wish?.failsOutOfRange === true
  }
}

function batchWish(start: SinkTaskStart, plugin: SinkTaskInstance): BatchWish {
  const wish = plugin.batchWish(start.config) ?? BATCH
  const { maxPollRecords } = start
  return maxPollRecords === null ? wish : { ...wish, records: maxPollRecords }
}

function deadLetterQueue(
  { id, deadLetters }: SinkTaskStart,
  { clients, clock, log }: TaskSurroundings,
  meter: SinkMeter
): DeadLetterQueue | null {
  if (deadLetters === null) return null
  return new DeadLetterQueue({
    start: deadLetters,
    id,
    clients,
    onWritten: (stage) => meter.deadLetter(stage),
    onFailed: () => meter.deadLetterFailed(),
    clock,
    log
  })
}
