import type { ConfigMap } from '../config/config-def.ts'
import type { SinkConnectorPlugin } from '../plugin/sink.ts'
import {
  deadLetterSettings,
  errorPolicy,
  maxPollRecords,
  spreadsPartitions,
  topicSubscription
} from '../settings/connector/connector-settings.ts'
import { taskConsumerProperties } from '../settings/worker/layered-properties.ts'
import type { TargetState } from '../storage/target-state.ts'
import type { TaskId } from '../storage/task-id.ts'
import type { DeadLetterStart, SinkTaskStart } from '../tasks/port.ts'
import { secretsAmong } from './start-secrets.ts'
import type { WorkerParts } from './worker-parts.ts'

/** Configurations have their `${…}` replaced. */
interface SinkTaskParts {
  readonly id: TaskId
  readonly plugin: SinkConnectorPlugin
  readonly config: ConfigMap
  readonly connectorConfig: ConfigMap
  readonly target: TargetState
  /** What stands behind the references of both configurations. */
  readonly values: readonly string[]
}

/** What a sink task is told when it starts. Throws ConfigError. */
export function sinkTaskStart(worker: WorkerParts, task: SinkTaskParts): SinkTaskStart {
  const { id, plugin, config, connectorConfig, target, values } = task
  const { properties, offsetFlushIntervalMs, offsetFlushTimeoutMs } = worker.settings
  const consumer = taskConsumerProperties(
    worker.clientProperties.consumer(connectorConfig),
    id.task
  )
  const deadLetters = deadLetterStart(worker, connectorConfig)
  return {
    type: 'sink',
    id,
    connectorClass: plugin.className,
    config,
    connectorConfig,
    workerConfig: properties,
    target,
    errors: errorPolicy(connectorConfig, properties),
    consumer,
    subscription: topicSubscription(connectorConfig),
    spreads: spreadsPartitions(connectorConfig, properties),
    maxPollRecords: maxPollRecords(connectorConfig),
    deadLetters,
    offsetFlushIntervalMs,
    offsetFlushTimeoutMs,
    secrets: secretsAmong(values, [
      config,
      connectorConfig,
      properties,
      consumer,
      deadLetters?.producer ?? new Map(),
      deadLetters?.admin ?? new Map()
    ])
  }
}

function deadLetterStart(
  { clientProperties }: WorkerParts,
  connectorConfig: ConfigMap
): DeadLetterStart | null {
  const settings = deadLetterSettings(connectorConfig)
  if (settings === null) return null
  return {
    ...settings,
    producer: clientProperties.producer(connectorConfig),
    admin: clientProperties.admin(connectorConfig)
  }
}
