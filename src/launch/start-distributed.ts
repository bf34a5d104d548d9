import { systemClock } from '../clock.ts'
import { clientKinds } from '../settings/clients/client-definitions.ts'
import {
  bindRest,
  clusterIdOrStop,
  stopInOrder,
  stopWhenAsked,
  pluginsAndProviders,
  workLimitMs
} from './start-parts.ts'
import { DistributedHerder } from '../herder/tick/distributed-herder.ts'
import { createKafkaClients } from '../kafka/kafka-clients.ts'
import type { KafkaClients } from '../kafka/contracts.ts'
import { loggers } from '../log.ts'
import type { RunningWorker, StartOptions } from './running-worker.ts'
import { KafkaChangeHistory } from '../storage/kafka-change-history.ts'
import { KafkaConfigStore } from '../storage/kafka-config-store.ts'
import { KafkaOffsetStore } from '../storage/kafka-offset-store.ts'
import { KafkaStatusStore } from '../storage/kafka-status-store.ts'
import {
  groupClientProperties,
  readingCommitted,
  workerClientIdBase,
  workerClientProperties
} from '../settings/worker/layered-properties.ts'
import {
  checkWorkerPlugins,
  exactlyOnceSource,
  type DistributedWorkerConfig,
  parseWorkerConfig,
  historyTopic,
  topicSettings
} from '../settings/worker/worker-config.ts'
import { leaderTransactionalId } from '../worker/transactional-ids.ts'
import { EffectWarnings } from '../settings/clients/effect-warnings.ts'
import { overridePolicy } from '../settings/worker/override-policy.ts'
import { herderOptions } from './worker-rooms.ts'

/** A worker of a cluster: state in Kafka's topics, work shared with the other members of its group. */
export async function startDistributed(options: StartOptions): Promise<RunningWorker> {
  const log = loggers.get('org.apache.kafka.connect.cli.ConnectDistributed')
  const { plugins, providers, properties } = await pluginsAndProviders(options.properties)
  const config = parseWorkerConfig('distributed', properties)
  for (const warning of config.warnings) log.warn(warning)
  checkWorkerPlugins(config, plugins)
  const policy = overridePolicy(config, plugins)

  const clients = createKafkaClients(systemClock)
  const client = workerClientProperties(config)
  const warnings = new EffectWarnings(loggers.get('org.apache.kafka.common.config.AbstractConfig'))
  warnings.tell("the worker's own clients", clientKinds, client)
  const base = workerClientIdBase(config)
  const rest = await bindRest(config)
  const kafkaClusterId = await clusterIdOrStop(
    clients,
    client,
    `${base}shared-admin`,
    options,
    rest
  )
  const stores = createStores(config, clients, base, rest.advertised.workerId)
  const { values } = config
  const herder = new DistributedHerder({
    ...herderOptions({
      config,
      plugins,
      providers,
      clients,
      policy,
      warnings,
      offsetStore: stores.offset,
      offsetTopic: stores.offset,
      configStore: stores.config,
      statusStore: stores.status,
      history: stores.history,
      rest,
      kafkaClusterId,
      logName: 'org.apache.kafka.connect.runtime.distributed.DistributedHerder'
    }),
    clients,
    client: groupClientProperties(config),
    clientId:
      values['client.id'] === '' ? `connect-${rest.advertised.workerId}` : values['client.id'],
    groupId: values['group.id'],
    workerUrl: rest.advertised.url,
    sessionTimeoutMs: values['session.timeout.ms'],
    rebalanceTimeoutMs: values['rebalance.timeout.ms'],
    heartbeatIntervalMs: values['heartbeat.interval.ms'],
    connectProtocol: values['connect.protocol'],
    scheduledRebalanceMaxDelayMs: values['scheduled.rebalance.max.delay.ms'],
    configTopic: values['config.storage.topic'],
    workerSyncTimeoutMs: values['worker.sync.timeout.ms'],
    workerUnsyncBackoffMs: values['worker.unsync.backoff.ms'],
    sessionKeys: {
      generationAlgorithm: values['inter.worker.key.generation.algorithm'],
      sizeBits: values['inter.worker.key.size'],
      ttlMs: values['inter.worker.key.ttl.ms'],
      signatureAlgorithm: values['inter.worker.signature.algorithm'],
      verificationAlgorithms: values['inter.worker.verification.algorithms']
    },
    leaderClient: rest.leaderClient,
    exactlyOnceSource: exactlyOnceSource(config).enabled,
    onFatal: options.onFatal
  })
  rest.server.serve(herder)
  const stop = stopInOrder([
    ['REST', () => rest.server.stop()],
    ['herder', () => herder.stop(), workLimitMs(config)],
    ['offset store', () => stores.offset.stop()],
    ['status store', () => stores.status.stop()],
    ['config store', () => stores.config.stop()],
    ['history', async () => await stores.history?.stop()],
    ['configuration providers', () => providers.close()]
  ])
  stopWhenAsked(options.stopping, stop)
  try {
    await stores.offset.start()
    await stores.history?.start()
    await herder.start()
  } catch (error) {
    await stop()
    throw error
  }
  return { urls: rest.urls, stop }
}

function createStores(
  config: DistributedWorkerConfig,
  clients: KafkaClients,
  clientIdBase: string,
  workerId: string
) {
  const client = workerClientProperties(config)
  const { enabled, transactionalLeader } = exactlyOnceSource(config)
  // What is in transactions that were not committed must count for nobody.
  const history = historyTopic(config)
  const committed = enabled ? readingCommitted(client) : client
  const options = (of: ReturnType<typeof topicSettings>, suffix: string) => {
    const { topic, partitions, replicationFactor, settings } = of
    const create = { partitions, replicationFactor, settings }
    return {
      clients,
      client,
      clientId: `${clientIdBase}${suffix}`,
      topic,
      create,
      clock: systemClock
    }
  }
  return {
    config: new KafkaConfigStore({
      ...options(topicSettings(config, 'config'), 'configs'),
      client: committed,
      leaderTransactionalId: transactionalLeader
        ? leaderTransactionalId(config.values['group.id'])
        : null
    }),
    offset: new KafkaOffsetStore({
      ...options(topicSettings(config, 'offset'), 'offsets'),
      client: committed
    }),
    status: new KafkaStatusStore(options(topicSettings(config, 'status'), 'statuses')),
    history:
      history === null ? null : new KafkaChangeHistory({ ...options(history, 'history'), workerId })
  }
}
