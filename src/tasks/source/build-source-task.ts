import type { Plugins } from '../../plugin/plugins.ts'
import type { SourceConnectorPlugin } from '../../plugin/source.ts'
import { taskKey } from '../../storage/task-id.ts'
import { Meter } from '../meter.ts'
import { RecordConversion } from '../pipeline/record-conversion.ts'
import { RetryWithTolerance } from '../pipeline/retry-with-tolerance.ts'
import type { SourceTaskStart } from '../port.ts'
import { requireTaskClass, type TaskSurroundings } from '../task-surroundings.ts'
import type { WorkerLink } from '../worker-calls.ts'
import { AtLeastOnceDelivery } from './at-least-once-delivery.ts'
import { OffsetCommitter } from './offset-committer.ts'
import type { SourceDelivery } from './source-delivery.ts'
import { SourceRecordSender } from './source-record-sender.ts'
import { SourceTaskInstance } from './source-task-instance.ts'
import { SubmittedRecords } from './submitted-records.ts'
import { TopicCreation } from './topic-creation.ts'
import { TransactionalDelivery } from './transactional-delivery.ts'
import { WorkerSourceTask } from './worker-source-task.ts'

interface Parts extends TaskSurroundings {
  readonly start: SourceTaskStart
  readonly worker: WorkerLink
  readonly plugin: SourceTaskInstance
  readonly errors: RetryWithTolerance
  readonly meter: Meter
  readonly stopping: AbortSignal
}

/**
 * Builds one source task with everything it owns: stages, producer, delivery. `log` is that of the task.
 * Throws ConfigError.
 */
export function buildSourceTask(
  start: SourceTaskStart,
  surroundings: TaskSurroundings,
  worker: WorkerLink
): WorkerSourceTask {
  const { plugins, clock, log } = surroundings
  const stopping = new AbortController()
  const errors = new RetryWithTolerance({
    policy: start.errors,
    task: taskKey(start.id),
    log,
    stopping: stopping.signal,
    clock
  })
  const plugin = new SourceTaskInstance(sourcePlugin(start, plugins), log)
  const conversion = new RecordConversion({
    connector: start.connectorConfig,
    worker: start.workerConfig,
    plugins,
    errors,
    rowOf: (record) => plugin.nameRow(record)
  })
  const meter = new Meter({
    streams: () => plugin.progress(),
    push: (progress) => worker.tell({ kind: 'progress', progress }),
    clock,
    stopping: stopping.signal
  })
  const parts = { ...surroundings, start, worker, plugin, errors, meter, stopping: stopping.signal }
  return new WorkerSourceTask({
    ...parts,
    conversion,
    skipped: errors.skipped,
    topicCreation: topicCreation(parts),
    delivery: delivery(parts),
    stopping
  })
}

function sourcePlugin(start: SourceTaskStart, plugins: Plugins): SourceConnectorPlugin {
  const plugin = plugins.connector(start.connectorClass) as SourceConnectorPlugin
  requireTaskClass(start, plugin)
  return plugin
}

function topicCreation({ start, clients, log }: Parts): TopicCreation | null {
  if (start.topicCreation === null) return null
  const { admin, rules } = start.topicCreation
  const clientId = `connector-adminclient-${taskKey(start.id)}`
  return new TopicCreation(clients.admin(admin, clientId), rules, log)
}

/** How the task's records get into Kafka. */
function delivery(parts: Parts): SourceDelivery {
  const { start, clients, worker, meter } = parts
  const { offsetFlushIntervalMs, offsetFlushTimeoutMs } = start
  const task = taskKey(start.id)
  const clientId = `connector-producer-${task}`
  const onWritten = (written: number, dropped: number): void => meter.acknowledged(written, dropped)
  if (start.delivery.kind === 'exactly once') {
    const { transactionalId, boundary, offsetsTopic } = start.delivery
    return new TransactionalDelivery({
      ...parts,
      ...worker,
      task,
      producer: clients.transactionalProducer(start.producer, clientId, transactionalId),
      boundary,
      offsetsTopic,
      offsetFlushTimeoutMs,
      onCommitted: onWritten
    })
  }
  const submitted = new SubmittedRecords()
  const { ask } = worker
  return new AtLeastOnceDelivery({
    ...parts,
    ask,
    sender: new SourceRecordSender({
      ...parts,
      producer: clients.producer(
        start.producer,
        clientId,
        parts.errors.tolerateAll ? 'report' : 'fail'
      ),
      submitted,
      onAcked: onWritten
    }),
    committer: new OffsetCommitter({ ask, submitted, log: parts.log }),
    offsetFlushIntervalMs,
    offsetFlushTimeoutMs
  })
}
