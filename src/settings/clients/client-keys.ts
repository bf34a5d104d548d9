import { configDef } from '../../config/config-def.ts'
import { alike, idle, JAVA_CLASS, NO_METRICS, OPERATING_SYSTEM } from './no-effect.ts'

/** What validation shows of a key of Kafka's clients that is none of TLS or SASL. */
export const PASSED_ON = { doc: 'Setting of Kafka clients, passed on.' } as const

const REBOOTSTRAP = 'bootstrap servers are asked again whenever no known broker answers'

/** Keys of every Kafka client beside those of TLS and SASL: Kafka's types, defaults and ranges. */
export const clientKeys = configDef(
  alike(PASSED_ON, {
    'client.dns.lookup': {
      type: 'string',
      default: 'use_all_dns_ips',
      oneOf: ['use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only'],
      importance: 'medium',
      ...idle('all addresses of a name are tried', 'use_all_dns_ips')
    },
    'config.providers': {
      type: 'list',
      default: [],
      distinct: true,
      importance: 'low',
      ...idle("references are resolved by the worker's providers", '')
    },
    'metadata.max.age.ms': { type: 'long', default: 300_000, atLeast: 0, importance: 'low' },
    'metadata.recovery.rebootstrap.trigger.ms': {
      type: 'long',
      default: 300_000,
      atLeast: 0,
      importance: 'low',
      ...idle(REBOOTSTRAP)
    },
    'metadata.recovery.strategy': {
      type: 'string',
      default: 'rebootstrap',
      oneOfIgnoreCase: ['REBOOTSTRAP', 'NONE'],
      importance: 'low',
      ...idle(REBOOTSTRAP, 'rebootstrap')
    },
    'metric.reporters': {
      type: 'list',
      default: ['org.apache.kafka.common.metrics.JmxReporter'],
      distinct: true,
      importance: 'low',
      ...JAVA_CLASS
    },
    'metrics.num.samples': {
      type: 'int',
      default: 2,
      atLeast: 1,
      importance: 'low',
      ...NO_METRICS
    },
    'metrics.recording.level': {
      type: 'string',
      default: 'INFO',
      oneOf: ['INFO', 'DEBUG', 'TRACE'],
      importance: 'low',
      ...NO_METRICS
    },
    'metrics.sample.window.ms': {
      type: 'long',
      default: 30_000,
      atLeast: 0,
      importance: 'low',
      ...NO_METRICS
    },
    'reconnect.backoff.max.ms': {
      type: 'long',
      default: 1000,
      atLeast: 0,
      importance: 'low',
      ...idle('retry.backoff.max.ms paces new connections too')
    },
    'reconnect.backoff.ms': {
      type: 'long',
      default: 50,
      atLeast: 0,
      importance: 'low',
      ...idle('retry.backoff.ms paces new connections too')
    },
    'request.timeout.ms': { type: 'int', default: 30_000, atLeast: 0, importance: 'medium' },
    'retry.backoff.max.ms': { type: 'long', default: 1000, atLeast: 0, importance: 'low' },
    'retry.backoff.ms': { type: 'long', default: 100, atLeast: 0, importance: 'low' },
    'security.providers': { type: 'string', default: null, importance: 'low', ...JAVA_CLASS },
    'send.buffer.bytes': {
      type: 'int',
      default: 131_072,
      atLeast: -1,
      importance: 'medium',
      ...OPERATING_SYSTEM
    },
    'socket.connection.setup.timeout.max.ms': {
      type: 'long',
      default: 30_000,
      importance: 'medium',
      ...idle('socket.connection.setup.timeout.ms is not raised after failures')
    },
    'socket.connection.setup.timeout.ms': { type: 'long', default: 10_000, importance: 'medium' }
  })
)
