import type { ClientProperties } from './contracts.ts'

interface NoEffect {
  readonly reason: string
  /** Values that ask for what is done anyway. */
  readonly same?: readonly string[]
}

const operatingSystem: NoEffect = { reason: 'the operating system sizes socket buffers' }
const nodeTls: NoEffect = { reason: 'TLS is done by Node' }
const javaOnly: NoEffect = { reason: 'it names a Java class' }
const noMetrics: NoEffect = { reason: 'client metrics are not collected' }
const serverSide: NoEffect = { reason: 'connections are closed by the broker or by an error' }

/** Properties of Java clients that are accepted and change nothing here, with the reason. */
const noEffect: Readonly<Record<string, NoEffect>> = {
  acks: { reason: 'every write waits for all replicas', same: ['all', '-1'] },
  retries: { reason: 'a write is repeated until delivery.timeout.ms', same: ['2147483647'] },
  'linger.ms': { reason: 'records are sent as soon as a request may be', same: ['0'] },
  'partitioner.class': javaOnly,
  'partitioner.adaptive.partitioning.enable': {
    reason: 'partitions for records without key are taken in turn'
  },
  'partitioner.availability.timeout.ms': {
    reason: 'partitions for records without key are taken in turn',
    same: ['0']
  },
  'compression.gzip.level': { reason: 'compression levels are the libraries’ defaults' },
  'compression.lz4.level': { reason: 'compression levels are the libraries’ defaults' },
  'compression.zstd.level': { reason: 'compression levels are the libraries’ defaults' },
  'transactional.id': { reason: 'the worker names the transactions it writes' },
  'connections.max.idle.ms': serverSide,
  'reconnect.backoff.ms': { reason: 'retry.backoff.ms paces new connections too' },
  'reconnect.backoff.max.ms': { reason: 'retry.backoff.max.ms paces new connections too' },
  'socket.connection.setup.timeout.max.ms': {
    reason: 'socket.connection.setup.timeout.ms is not raised after failures'
  },
  'client.dns.lookup': { reason: 'names are resolved by Node' },
  'metadata.recovery.strategy': {
    reason: 'bootstrap servers are asked again whenever no known broker answers',
    same: ['rebootstrap']
  },
  'send.buffer.bytes': operatingSystem,
  'receive.buffer.bytes': operatingSystem,
  'ssl.provider': nodeTls,
  'ssl.keymanager.algorithm': nodeTls,
  'ssl.trustmanager.algorithm': nodeTls,
  'ssl.secure.random.implementation': nodeTls,
  'ssl.engine.factory.class': javaOnly,
  'sasl.kerberos.service.name': { reason: 'Kerberos is not supported' },
  'sasl.client.callback.handler.class': javaOnly,
  'sasl.login.callback.handler.class': javaOnly,
  'sasl.login.class': javaOnly,
  'interceptor.classes': javaOnly,
  'metric.reporters': javaOnly,
  'metrics.num.samples': noMetrics,
  'metrics.sample.window.ms': noMetrics,
  'metrics.recording.level': noMetrics,
  'enable.metrics.push': noMetrics
}

/** Properties that are set and have no effect: name → reason, for one line in the log. Values are not part of it (I7). */
export function propertiesWithoutEffect(client: ClientProperties): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of client) {
    if (!Object.hasOwn(noEffect, name)) continue
    const entry = noEffect[name]
    if (entry === undefined || entry.same?.includes(value.trim().toLowerCase()) === true) continue
    found.set(name, entry.reason)
  }
  return found
}
