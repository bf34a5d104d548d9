import { type ConfigMap, withPrefix } from '../../config/config-def.ts'
import { isClientProperty } from '../clients/client-definitions.ts'
import { connectorName } from '../connector/connector-settings.ts'
import { DELIVERY_WITHOUT_LIMIT } from '../clients/producer-settings.ts'
import type { DistributedWorkerConfig, WorkerConfig } from './worker-config.ts'

const SECURITY = /^(?:security\.protocol$|sasl\.|ssl\.)/

/**
 * What of a worker's properties a Kafka client knows. References are replaced by the worker's providers, not
 * by a client's.
 */
function worker(properties: ConfigMap): Map<string, string> {
  return new Map(
    [...properties].filter(([key]) => isClientProperty(key) && key !== 'config.providers')
  )
}

/** Settings for the worker's own clients: internal topics, group membership, admin. */
export function workerClientProperties(config: WorkerConfig): ConfigMap {
  const client = worker(config.properties)
  // Each of these clients has a name of its own, made from it.
  client.delete('client.id')
  return client
}

/**
 * Settings for membership in the group of workers: of the worker's own defaults one is not that of Kafka's
 * clients, the time a request may take.
 */
export function groupClientProperties(config: DistributedWorkerConfig): ConfigMap {
  const key = 'request.timeout.ms'
  return new Map([[key, String(config.values[key])], ...workerClientProperties(config)])
}

/** The same settings for a client that reads nothing of transactions that were not committed. */
export function readingCommitted(client: ConfigMap): ConfigMap {
  return new Map([...client, ['isolation.level', 'read_committed']])
}

/**
 * Settings of a connector's consumer for its own offsets: those of transactions that were not committed count
 * for nobody. Only without exactly-once support may worker or connector want otherwise.
 */
export function offsetReaderProperties(consumer: ConfigMap, exactlyOnce: boolean): ConfigMap {
  const isSaid = consumer.has('isolation.level')
  return isSaid && !exactlyOnce ? consumer : readingCommitted(consumer)
}

/**
 * Beginning of the client ids of the worker's own clients; `configs`, `offsets`, `statuses` or `shared-admin`
 * goes behind it.
 */
export function workerClientIdBase(config: WorkerConfig): string {
  const group = config.kind === 'distributed' ? config.values['group.id'] : 'connect'
  const own = config.kind === 'distributed' ? config.values['client.id'] : ''
  return `${group}-${own === '' ? '' : `${own}-`}`
}

/**
 * Base → worker `<prefix>` → connector `<prefix>override.`. Of the worker's unprefixed settings only
 * `bootstrap.servers` is inherited, as in a JVM worker, and one thing more: when neither the worker's
 * prefixed settings nor the connector name a `security.protocol`, the worker's own security settings count,
 * because forgetting to repeat them would otherwise mean a connection in clear. A connector that brings its
 * own `bootstrap.servers` gets none of them: the worker's credentials are not for other clusters (I7).
 */
function merged(
  base: readonly (readonly [string, string])[],
  prefix: 'producer.' | 'consumer.',
  workerProperties: ConfigMap,
  connectorConfig: ConfigMap
): Map<string, string> {
  const prefixed = withPrefix(workerProperties, prefix)
  const overrides = withPrefix(connectorConfig, `${prefix}override.`)
  const client = new Map(base)
  const bootstrap = workerProperties.get('bootstrap.servers')
  if (bootstrap !== undefined) client.set('bootstrap.servers', bootstrap)
  const inherits =
    !prefixed.has('security.protocol') &&
    !overrides.has('security.protocol') &&
    !prefixed.has('bootstrap.servers') &&
    !overrides.has('bootstrap.servers')
  if (inherits && workerProperties.has('security.protocol')) {
    for (const [key, value] of worker(workerProperties)) {
      if (SECURITY.test(key)) client.set(key, value)
    }
  }
  for (const [key, value] of prefixed) client.set(key, value)
  for (const [key, value] of overrides) client.set(key, value)
  return client
}

/** Settings of the producer of a source task (and of a dead letter queue). */
export function producerProperties(
  workerProperties: ConfigMap,
  connectorConfig: ConfigMap
): ConfigMap {
  return merged(
    [['acks', 'all'], ['max.block.ms', '9223372036854775807'], DELIVERY_WITHOUT_LIMIT],
    'producer.',
    workerProperties,
    connectorConfig
  )
}

/**
 * Settings of the consumer of a sink task; its group is `connect-<name>` unless worker or connector say
 * otherwise.
 */
export function consumerProperties(
  workerProperties: ConfigMap,
  connectorConfig: ConfigMap
): ConfigMap {
  return merged(
    [
      ['group.id', `connect-${connectorName(connectorConfig) ?? ''}`],
      ['auto.offset.reset', 'earliest'],
      ['enable.auto.commit', 'false']
    ],
    'consumer.',
    workerProperties,
    connectorConfig
  )
}

/** Stands for the number of the task in `group.instance.id` of a sink. */
export const TASK_PLACE = '{task}'

/** The settings of a sink's consumer for one of its tasks. */
export function taskConsumerProperties(consumer: ConfigMap, task: number): ConfigMap {
  const key = 'group.instance.id'
  const id = consumer.get(key)
  return id === undefined
    ? consumer
    : new Map([...consumer, [key, id.replaceAll(TASK_PLACE, String(task))]])
}

/** The group of a sink, which has its offsets, by the settings of its consumer. */
export function consumerGroup(consumer: ConfigMap): string {
  return consumer.get('group.id') ?? ''
}

/**
 * Settings of the admin client of a connector: every unprefixed client setting of the worker, then `admin.`,
 * then `admin.override.`.
 */
export function adminProperties(
  workerProperties: ConfigMap,
  connectorConfig: ConfigMap
): ConfigMap {
  const client = worker(workerProperties)
  const prefixed = withPrefix(workerProperties, 'admin.')
  const overrides = withPrefix(connectorConfig, 'admin.override.')
  if (overrides.has('bootstrap.servers')) {
    // As above: credentials of the worker are not for another cluster.
    for (const key of client.keys()) if (SECURITY.test(key)) client.delete(key)
  }
  for (const [key, value] of prefixed) if (!key.startsWith('listeners')) client.set(key, value)
  for (const [key, value] of overrides) client.set(key, value)
  return client
}
