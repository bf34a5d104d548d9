import { type ConfigMap, withPrefix } from '../config/config-def.ts'
import { systemClock } from '../clock.ts'
import type { ConfigProviders } from '../config/providers.ts'
import { pluginConfigKeys, validateConnector } from '../validation/validate-connector.ts'
import type { HerderOptions } from '../herder/work/abstract-herder.ts'
import type { ClientProperties, KafkaClients } from '../kafka/contracts.ts'
import { type ClientKind, propertiesWithoutEffect } from '../settings/clients/client-definitions.ts'
import { loggers } from '../log.ts'
import type { OverridePolicy } from '../plugin/override-policy.ts'
import type { Plugins } from '../plugin/plugins.ts'
import type { ConfigStore } from '../storage/config-store.ts'
import type { OffsetStore, TransactionalOffsetStore } from '../storage/offset-store.ts'
import type { StatusStore } from '../storage/status-store.ts'
import {
  adminProperties,
  consumerProperties,
  producerProperties
} from '../settings/worker/layered-properties.ts'
import { AtOnce } from '../worker/at-once.ts'
import type { OffsetTopics } from '../worker/connector-offset-stores.ts'
import { ConnectWorker } from '../worker/connect-worker.ts'
import { checkOverrides } from '../settings/worker/override-policy.ts'
import { ownedByNobody } from '../plugin/plugin-owner.ts'
import { Previews } from '../worker/previews.ts'
import { topicCreationGroups } from '../settings/connector/topic-creation-groups.ts'
import {
  exactlyOnceSource,
  topicSettings,
  type WorkerConfig
} from '../settings/worker/worker-config.ts'
import { restVersion } from './version.ts'

/** The worker room, fed from the worker's configuration. */
export function connectWorker(parts: {
  config: WorkerConfig
  plugins: Plugins
  policy: OverridePolicy
  clients: KafkaClients
  offsetStore: OffsetStore
  /** Of a worker in a cluster: the store in Kafka, above which connectors may have topics of their own. */
  offsetTopic?: TransactionalOffsetStore
  providers: ConfigProviders
}): ConnectWorker {
  const { values, properties } = parts.config
  const { policy } = parts
  const clientProperties: Pick<
    OffsetTopics,
    'producerProperties' | 'consumerProperties' | 'adminProperties'
  > = {
    producerProperties: (connector) => {
      checkOverrides(policy, connector, 'producer')
      tellOverrides('producer', properties, connector)
      return producerProperties(properties, connector)
    },
    consumerProperties: (connector) => {
      checkOverrides(policy, connector, 'consumer')
      tellOverrides('consumer', properties, connector)
      return consumerProperties(properties, connector)
    },
    adminProperties: (connector) => {
      checkOverrides(policy, connector, 'admin')
      tellOverrides('admin', properties, connector)
      return adminProperties(properties, connector)
    }
  }
  return new ConnectWorker({
    plugins: parts.plugins,
    clients: parts.clients,
    offsetStore: parts.offsetStore,
    offsetTopics: offsetTopics(parts.config, parts.offsetTopic, clientProperties),
    settings: {
      properties,
      taskShutdownGracefulTimeoutMs: values['task.shutdown.graceful.timeout.ms'],
      offsetFlushIntervalMs: values['offset.flush.interval.ms'],
      offsetFlushTimeoutMs: values['offset.flush.timeout.ms'],
      topicCreationEnabled: values['topic.creation.enable'],
      groupId: parts.config.kind === 'distributed' ? parts.config.values['group.id'] : null
    },
    ...clientProperties,
    topicCreationRules: topicCreationGroups,
    resolve: (connector) =>
      Promise.resolve(ownedByNobody(() => parts.providers.resolve(connector))),
    ttlMs: (connector) => parts.providers.ttlMs(connector),
    clock: systemClock,
    log: loggers.get('org.apache.kafka.connect.runtime.Worker')
  })
}

function offsetTopics(
  config: WorkerConfig,
  workerStore: TransactionalOffsetStore | undefined,
  clientProperties: Pick<
    OffsetTopics,
    'producerProperties' | 'consumerProperties' | 'adminProperties'
  >
): OffsetTopics | null {
  if (config.kind !== 'distributed' || workerStore === undefined) return null
  const { partitions, replicationFactor, settings } = topicSettings(config, 'offset')
  return {
    ...clientProperties,
    exactlyOnce: exactlyOnceSource(config).enabled,
    workerStore,
    bootstrapServers: config.properties.get('bootstrap.servers') ?? '',
    create: { partitions, replicationFactor, settings }
  }
}

const said = new Set<string>()

/** What the worker gives to all connectors is told once, what a connector overrides for that one. */
function tellOverrides(kind: ClientKind, worker: ConfigMap, connector: ConfigMap): void {
  const name = connector.get('name') ?? ''
  sayWhatHasNoEffect(`the ${kind} of each connector`, [kind], withPrefix(worker, `${kind}.`))
  const overrides = withPrefix(connector, `${kind}.override.`)
  sayWhatHasNoEffect(`the ${kind} of connector ${name}`, [kind], overrides)
}

/** Tells, once for each client, which settings of Java clients change nothing here, and why. */
export function sayWhatHasNoEffect(
  whose: string,
  kinds: readonly ClientKind[],
  client: ClientProperties
): void {
  const log = loggers.get('org.apache.kafka.common.config.AbstractConfig')
  for (const [name, reason] of propertiesWithoutEffect(kinds, client)) {
    const sentence = `${name} has no effect for ${whose}: ${reason}`
    if (said.has(sentence)) continue
    said.add(sentence)
    log.warn(sentence)
  }
}

/** Each may hold a connection to a database for as long as that does not answer. */
const MOST_VALIDATIONS = 200

/** What both herders need alike. */
export function herderOptions(parts: {
  config: WorkerConfig
  worker: ConnectWorker
  configStore: ConfigStore
  statusStore: StatusStore
  providers: ConfigProviders
  workerId: string
  kafkaClusterId: string
  logName: string
}): HerderOptions {
  const { config, worker, providers } = parts
  const validations = new AtOnce(MOST_VALIDATIONS, 'validations')
  return {
    worker,
    configStore: parts.configStore,
    statusStore: parts.statusStore,
    workerId: parts.workerId,
    ...restVersion(),
    kafkaClusterId: parts.kafkaClusterId,
    validate: (connector, signal) =>
      validations.run(() =>
        ownedByNobody(() =>
          validateConnector(
            { plugins: worker.plugins, workerConfig: config, providers },
            connector,
            signal
          )
        )
      ),
    previews: new Previews({ config, plugins: worker.plugins, providers, clock: systemClock }),
    pluginConfigKeys,
    topicTracking: {
      enabled: config.values['topic.tracking.enable'],
      allowReset: config.values['topic.tracking.allow.reset']
    },
    taskShutdownGracefulTimeoutMs: config.values['task.shutdown.graceful.timeout.ms'],
    clock: systemClock,
    log: loggers.get(parts.logName),
    loggers
  }
}
