import { systemClock } from '../clock.ts'
import type { ConfigProviders } from '../config/providers.ts'
import type { HerderOptions } from '../herder/work/herder-options.ts'
import type { KafkaClients } from '../kafka/contracts.ts'
import { loggers } from '../log.ts'
import { ownedByNobody } from '../plugin/plugin-owner.ts'
import type { OverridePolicy } from '../plugin/override-policy.ts'
import type { Plugins } from '../plugin/plugins.ts'
import type { EffectWarnings } from '../settings/clients/effect-warnings.ts'
import { restartPolicy } from '../settings/connector/connector-settings.ts'
import { workerClientProperties } from '../settings/worker/layered-properties.ts'
import {
  exactlyOnceSource,
  topicSettings,
  type WorkerConfig
} from '../settings/worker/worker-config.ts'
import type { ChangeHistory } from '../storage/change-history.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import type { ConfigStore } from '../storage/config-store.ts'
import type { OffsetStore, TransactionalOffsetStore } from '../storage/offset-store.ts'
import type { StatusStore } from '../storage/status-store.ts'
import { Validations } from '../validation/validations.ts'
import { tasksOnThisThread } from '../tasks/task-receiver.ts'
import { ConnectWorker } from '../worker/connect-worker.ts'
import { LayeredClientProperties } from '../worker/connector-client-properties.ts'
import { ConnectorOffsetStores, type OffsetTopics } from '../worker/connector-offset-stores.ts'
import { OffsetsOfConnectors } from '../worker/offsets/connector-offsets.ts'
import { Previews } from '../worker/previews.ts'
import type { BoundRest } from './start-parts.ts'
import { restVersion } from './version.ts'

interface RoomsOptions {
  readonly config: WorkerConfig
  readonly plugins: Plugins
  readonly providers: ConfigProviders
  readonly clients: KafkaClients
  readonly policy: OverridePolicy
  readonly warnings: EffectWarnings
  readonly offsetStore: OffsetStore
  /** Of a worker in a cluster: the store in Kafka, above which connectors may have topics of their own. */
  readonly offsetTopic: TransactionalOffsetStore | null
  readonly configStore: ConfigStore
  readonly statusStore: StatusStore
  readonly history: ChangeHistory | null
  readonly rest: BoundRest
  readonly kafkaClusterId: string
  readonly logName: string
}

/**
 * Makes what either herder works with: worker, offsets, validation and previews, out of the worker's
 * configuration.
 */
export function herderOptions(options: RoomsOptions): HerderOptions {
  const { config, plugins, providers } = options
  const { values } = config
  const { worker, offsets, clientProperties } = workerRoom(options)
  return {
    worker,
    offsets,
    configStore: options.configStore,
    statusStore: options.statusStore,
    history: options.history,
    workerId: options.rest.advertised.workerId,
    info: { ...restVersion(), kafkaClusterId: options.kafkaClusterId },
    validations: new Validations({ plugins, workerConfig: config, providers }),
    previews: new Previews({
      config,
      plugins,
      providers,
      kafka: { clients: options.clients, clientProperties },
      clock: systemClock
    }),
    restartPolicy: (connector) => restartPolicy(connector, config.properties),
    topicTracking: {
      enabled: values['topic.tracking.enable'],
      allowReset: values['topic.tracking.allow.reset']
    },
    taskShutdownGracefulTimeoutMs: values['task.shutdown.graceful.timeout.ms'],
    clock: systemClock,
    log: loggers.get(options.logName),
    loggers
  }
}

function workerRoom(options: RoomsOptions): {
  worker: ConnectWorker
  offsets: OffsetsOfConnectors
  clientProperties: LayeredClientProperties
} {
  const { config, plugins, providers, clients } = options
  const { values, properties } = config
  const clientProperties = new LayeredClientProperties(properties, options.policy, options.warnings)
  const offsetTopics = offsetTopicsOf(config, options.offsetTopic)
  const offsetStores = new ConnectorOffsetStores({
    clients,
    clientProperties,
    offsetStore: options.offsetStore,
    offsetTopics,
    clock: systemClock
  })
  const groupId = config.kind === 'distributed' ? config.values['group.id'] : null
  const shared = {
    plugins,
    clients,
    clientProperties,
    offsetStores,
    resolve: (connector: StoredConfig, references?: Map<string, string>) =>
      Promise.resolve(ownedByNobody(() => providers.resolve(connector, references))),
    clock: systemClock
  }
  const log = loggers.get('org.apache.kafka.connect.runtime.Worker')
  const worker = new ConnectWorker({
    ...shared,
    settings: {
      properties,
      taskShutdownGracefulTimeoutMs: values['task.shutdown.graceful.timeout.ms'],
      offsetFlushIntervalMs: values['offset.flush.interval.ms'],
      offsetFlushTimeoutMs: values['offset.flush.timeout.ms'],
      topicCreationEnabled: values['topic.creation.enable'],
      groupId
    },
    ttlMs: (connector) => providers.ttlMs(connector),
    openTask: tasksOnThisThread({ plugins, clients, clock: systemClock, log }),
    log
  })
  const offsets = new OffsetsOfConnectors({
    ...shared,
    exactlyOnceGroup: offsetTopics?.exactlyOnce === true ? groupId : null
  })
  return { worker, offsets, clientProperties }
}

function offsetTopicsOf(
  config: WorkerConfig,
  workerStore: TransactionalOffsetStore | null
): OffsetTopics | null {
  if (config.kind !== 'distributed' || workerStore === null) return null
  const { partitions, replicationFactor, settings } = topicSettings(config, 'offset')
  return {
    exactlyOnce: exactlyOnceSource(config).enabled,
    workerStore,
    workerClient: workerClientProperties(config),
    create: { partitions, replicationFactor, settings }
  }
}
