import type { ConfigDef, ConfigKey, Importance } from '../../config/config-def.ts'
import type { ConfigType } from '../../config/config-value.ts'
import { saslConfig, sslConfig, unusedSaslConfig } from './security-config.ts'

/*
 * Settings of Kafka's Java clients (4.3.1), as validation shows them for `producer.override.` and its siblings:
 * type, importance, and `required`, `null` or `=` with the default.
 */

/** Of every client; those of TLS and SASL stand beside the worker's own. */
const common: Readonly<Record<string, string>> = {
  'client.dns.lookup': 'string medium =use_all_dns_ips',
  'config.providers': 'list low =',
  'metadata.max.age.ms': 'long low =300000',
  'metadata.recovery.rebootstrap.trigger.ms': 'long low =300000',
  'metadata.recovery.strategy': 'string low =rebootstrap',
  'metric.reporters': 'list low =org.apache.kafka.common.metrics.JmxReporter',
  'metrics.num.samples': 'int low =2',
  'metrics.recording.level': 'string low =INFO',
  'metrics.sample.window.ms': 'long low =30000',
  'reconnect.backoff.max.ms': 'long low =1000',
  'reconnect.backoff.ms': 'long low =50',
  'request.timeout.ms': 'int medium =30000',
  'retry.backoff.max.ms': 'long low =1000',
  'retry.backoff.ms': 'long low =100',
  'security.providers': 'string low null',
  'send.buffer.bytes': 'int medium =131072',
  'socket.connection.setup.timeout.max.ms': 'long medium =30000',
  'socket.connection.setup.timeout.ms': 'long medium =10000'
}

/** Of producers. */
const producer: Readonly<Record<string, string>> = {
  acks: 'string low =all',
  'batch.size': 'int medium =16384',
  'bootstrap.servers': 'list high required',
  'buffer.memory': 'long high =33554432',
  'client.id': 'string medium =',
  'compression.gzip.level': 'int medium =-1',
  'compression.lz4.level': 'int medium =9',
  'compression.type': 'string high =none',
  'compression.zstd.level': 'int medium =3',
  'connections.max.idle.ms': 'long medium =540000',
  'delivery.timeout.ms': 'int medium =120000',
  'enable.idempotence': 'boolean low =true',
  'enable.metrics.push': 'boolean low =true',
  'interceptor.classes': 'list low =',
  'key.serializer': 'class high required',
  'linger.ms': 'long medium =5',
  'max.block.ms': 'long medium =60000',
  'max.in.flight.requests.per.connection': 'int low =5',
  'max.request.size': 'int medium =1048576',
  'metadata.max.idle.ms': 'long low =300000',
  'partitioner.adaptive.partitioning.enable': 'boolean low =true',
  'partitioner.availability.timeout.ms': 'long low =0',
  'partitioner.class': 'class medium null',
  'partitioner.ignore.keys': 'boolean medium =false',
  'receive.buffer.bytes': 'int medium =32768',
  retries: 'int high =2147483647',
  'transaction.timeout.ms': 'int low =60000',
  'transaction.two.phase.commit.enable': 'boolean low =false',
  'transactional.id': 'string low null',
  'value.serializer': 'class high required'
}

/** Of consumers. */
const consumer: Readonly<Record<string, string>> = {
  'allow.auto.create.topics': 'boolean medium =true',
  'auto.commit.interval.ms': 'int low =5000',
  'auto.offset.reset': 'string medium =latest',
  'bootstrap.servers': 'list high required',
  'check.crcs': 'boolean low =true',
  'client.id': 'string low =',
  'client.rack': 'string low =',
  'connections.max.idle.ms': 'long medium =540000',
  'default.api.timeout.ms': 'int medium =60000',
  'enable.auto.commit': 'boolean medium =true',
  'enable.metrics.push': 'boolean low =true',
  'exclude.internal.topics': 'boolean medium =true',
  'fetch.max.bytes': 'int medium =52428800',
  'fetch.max.wait.ms': 'int low =500',
  'fetch.min.bytes': 'int high =1',
  'group.id': 'string high null',
  'group.instance.id': 'string medium null',
  'group.protocol': 'string high =classic',
  'group.remote.assignor': 'string medium null',
  'heartbeat.interval.ms': 'int high =3000',
  'interceptor.classes': 'list low =',
  'isolation.level': 'string medium =read_uncommitted',
  'key.deserializer': 'class high required',
  'max.partition.fetch.bytes': 'int high =1048576',
  'max.poll.interval.ms': 'int medium =300000',
  'max.poll.records': 'int medium =500',
  'partition.assignment.strategy':
    'list medium =class org.apache.kafka.clients.consumer.RangeAssignor,class org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
  'receive.buffer.bytes': 'int medium =65536',
  'session.timeout.ms': 'int high =45000',
  'share.acknowledgement.mode': 'string medium =implicit',
  'share.acquire.mode': 'string medium =BATCH_OPTIMIZED',
  'value.deserializer': 'class high required'
}

/** Of admin clients. */
const admin: Readonly<Record<string, string>> = {
  'bootstrap.controllers': 'list high =',
  'bootstrap.servers': 'list high =',
  'client.id': 'string medium =',
  'connections.max.idle.ms': 'long medium =300000',
  'default.api.timeout.ms': 'int medium =60000',
  'enable.metrics.push': 'boolean low =false',
  'receive.buffer.bytes': 'int medium =65536',
  retries: 'int low =2147483647'
}

const ENTRY = /^(\w+) (high|medium|low) (?:(required)|(null)|=([^]*))$/

function defaultOf(type: ConfigType, text: string): ConfigKey['default'] {
  if (type === 'list') return text === '' ? [] : text.split(',')
  if (type === 'boolean') return text === 'true'
  // A long may be more than a number holds; only its text is shown, so it stays text.
  return text
}

function keys(table: Readonly<Record<string, string>>): ConfigDef {
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]) => {
      const [, type, importance, required, none, value = ''] = ENTRY.exec(entry) ?? []
      const key: ConfigKey = {
        type: type as ConfigType,
        importance: importance as Importance,
        doc: 'Setting of Kafka clients, passed on.'
      }
      if (required !== undefined) return [name, key]
      return [name, { ...key, default: none === undefined ? defaultOf(key.type, value) : null }]
    })
  )
}

const security: ConfigDef = { ...sslConfig, ...saslConfig, ...unusedSaslConfig }
const everywhere: ConfigDef = { ...keys(common), ...security }

/** What a connector may override of each of its clients. */
export const clientConfigs: Readonly<Record<'producer' | 'consumer' | 'admin', ConfigDef>> = {
  producer: { ...everywhere, ...keys(producer) },
  consumer: { ...everywhere, ...keys(consumer) },
  admin: { ...everywhere, ...keys(admin) }
}
