import { configDef } from '../../config/config-def.ts'
import { PASSED_ON } from './client-keys.ts'
import {
  alike,
  BYTES_ONLY,
  idle,
  IDLE_CONNECTION,
  JAVA_CLASS,
  NO_METRICS,
  OPERATING_SYSTEM,
  REPEATED
} from './no-effect.ts'

/** A small batch costs a request as much as a large one: `batch.size` below this makes none smaller. */
export const LEAST_BATCH_BYTES = 524_288

/** The one class of Kafka's that `partitioner.class` can name. */
export const ROUND_ROBIN = 'org.apache.kafka.clients.producer.RoundRobinPartitioner'

const IN_TURN = 'partitions for records without key are taken in turn'

/** Keys of producers beside those of every client. */
export const producerKeys = configDef(
  alike(PASSED_ON, {
    acks: {
      type: 'string',
      default: 'all',
      oneOf: ['all', '-1', '0', '1'],
      importance: 'low',
      ...idle('every write waits for all replicas', 'all', '-1')
    },
    'batch.size': {
      type: 'int',
      default: 16_384,
      atLeast: 0,
      importance: 'medium',
      noEffect: {
        reason: `batches hold up to ${LEAST_BATCH_BYTES} bytes at least; below that it only says when records without key go to the next partition`,
        asDone: (value: string) => Number(value) >= LEAST_BATCH_BYTES
      }
    },
    'bootstrap.servers': { type: 'list', distinct: true, nonEmpty: true, importance: 'high' },
    'buffer.memory': { type: 'long', default: 33_554_432, atLeast: 0, importance: 'high' },
    'client.id': { type: 'string', default: '', importance: 'medium' },
    'compression.gzip.level': {
      type: 'int',
      default: -1,
      importance: 'medium',
      check: (value: number) =>
        value === -1 || (value >= 1 && value <= 9)
          ? null
          : 'Value must be between 1 and 9 or equal to -1'
    },
    'compression.lz4.level': {
      type: 'int',
      default: 9,
      atLeast: 1,
      atMost: 17,
      importance: 'medium',
      ...idle('the library has one level for LZ4')
    },
    'compression.type': {
      type: 'string',
      default: 'none',
      oneOf: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
      importance: 'high'
    },
    'compression.zstd.level': {
      type: 'int',
      default: 3,
      atLeast: -131_072,
      atMost: 22,
      importance: 'medium'
    },
    'connections.max.idle.ms': {
      type: 'long',
      default: 540_000,
      importance: 'medium',
      ...IDLE_CONNECTION
    },
    'delivery.timeout.ms': { type: 'int', default: 120_000, atLeast: 0, importance: 'medium' },
    'enable.idempotence': { type: 'boolean', default: true, importance: 'low' },
    'enable.metrics.push': { type: 'boolean', default: true, importance: 'low', ...NO_METRICS },
    'interceptor.classes': {
      type: 'list',
      default: [],
      distinct: true,
      importance: 'low',
      ...JAVA_CLASS
    },
    'key.serializer': { type: 'class', importance: 'high', ...BYTES_ONLY },
    'linger.ms': {
      type: 'long',
      default: 5,
      atLeast: 0,
      importance: 'medium',
      ...idle('records are sent as soon as a request may be', '0')
    },
    'max.block.ms': { type: 'long', default: 60_000, atLeast: 0, importance: 'medium' },
    'max.in.flight.requests.per.connection': {
      type: 'int',
      default: 5,
      atLeast: 1,
      importance: 'low'
    },
    'max.request.size': { type: 'int', default: 1_048_576, atLeast: 0, importance: 'medium' },
    'metadata.max.idle.ms': {
      type: 'long',
      default: 300_000,
      atLeast: 5000,
      importance: 'low',
      ...idle('what is known of a topic is kept while the task runs')
    },
    'partitioner.adaptive.partitioning.enable': {
      type: 'boolean',
      default: true,
      importance: 'low',
      ...idle(IN_TURN)
    },
    'partitioner.availability.timeout.ms': {
      type: 'long',
      default: 0,
      atLeast: 0,
      importance: 'low',
      ...idle(IN_TURN, '0')
    },
    'partitioner.class': {
      type: 'class',
      default: null,
      importance: 'medium',
      ...idle(
        'it names a Java class: records go where the default partitioner puts them',
        '',
        ROUND_ROBIN.toLowerCase()
      )
    },
    'partitioner.ignore.keys': { type: 'boolean', default: false, importance: 'medium' },
    'receive.buffer.bytes': {
      type: 'int',
      default: 32_768,
      atLeast: -1,
      importance: 'medium',
      ...OPERATING_SYSTEM
    },
    retries: { type: 'int', default: 2_147_483_647, atLeast: 0, importance: 'high', ...REPEATED },
    'transaction.timeout.ms': { type: 'int', default: 60_000, importance: 'low' },
    'transaction.two.phase.commit.enable': {
      type: 'boolean',
      default: false,
      importance: 'low',
      ...idle('the worker ends the transactions it begins', 'false')
    },
    'transactional.id': {
      type: 'string',
      default: null,
      nonEmpty: true,
      importance: 'low',
      ...idle('the worker names the transactions it writes')
    },
    'value.serializer': { type: 'class', importance: 'high', ...BYTES_ONLY }
  })
)
