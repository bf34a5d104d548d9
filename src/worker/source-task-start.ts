import type { ConfigMap } from '../config/config-def.ts'
import type { SourceConnectorPlugin } from '../plugin/source.ts'
import { errorPolicy, transactionBoundary } from '../settings/connector/connector-settings.ts'
import { topicCreationGroups } from '../settings/connector/topic-creation-groups.ts'
import type { TargetState } from '../storage/target-state.ts'
import type { TaskId } from '../storage/task-id.ts'
import type { DeliveryKind, SourceTaskStart, TopicCreationStart } from '../tasks/port.ts'
import type { TaskLease } from './running-task.ts'
import { secretsAmong } from './start-secrets.ts'
import { taskTransactionalId } from './transactional-ids.ts'
import type { WorkerParts } from './worker-parts.ts'

/** Configurations have their `${…}` replaced. */
interface SourceTaskParts {
  readonly id: TaskId
  readonly plugin: SourceConnectorPlugin
  readonly config: ConfigMap
  readonly connectorConfig: ConfigMap
  readonly target: TargetState
  readonly lease: TaskLease
  /** What stands behind the references of both configurations. */
  readonly values: readonly string[]
}

/** What a source task is told when it starts. Throws ConfigError. */
export function sourceTaskStart(worker: WorkerParts, task: SourceTaskParts): SourceTaskStart {
  const { id, plugin, config, connectorConfig, target, lease, values } = task
  const { settings, clientProperties } = worker
  const { properties, offsetFlushIntervalMs, offsetFlushTimeoutMs } = settings
  const producer = clientProperties.producer(connectorConfig)
  const topicCreation = topicCreationStart(worker, connectorConfig)
  return {
    type: 'source',
    id,
    connectorClass: plugin.className,
    config,
    connectorConfig,
    workerConfig: properties,
    target,
    errors: errorPolicy(connectorConfig, properties),
    producer,
    delivery: deliveryKind(worker, id, connectorConfig, lease),
    topicCreation,
    offsetFlushIntervalMs,
    offsetFlushTimeoutMs,
    secrets: secretsAmong(values, [
      config,
      connectorConfig,
      properties,
      producer,
      topicCreation?.admin ?? new Map()
    ])
  }
}

function topicCreationStart(
  { settings, clientProperties }: WorkerParts,
  connectorConfig: ConfigMap
): TopicCreationStart | null {
  const rules = settings.topicCreationEnabled ? topicCreationGroups(connectorConfig) : null
  return rules === null ? null : { admin: clientProperties.admin(connectorConfig), rules }
}

function deliveryKind(
  { settings }: WorkerParts,
  id: TaskId,
  connectorConfig: ConfigMap,
  lease: TaskLease
): DeliveryKind {
  if (lease.kind === 'at least once') return { kind: 'at least once' }
  return {
    kind: 'exactly once',
    transactionalId: taskTransactionalId(lease.groupId, id),
    boundary: transactionBoundary(connectorConfig, settings.offsetFlushIntervalMs),
    offsetsTopic: lease.offsets.store.topic
  }
}
