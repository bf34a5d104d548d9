import { type ConfigMap, type Parsed, parseConfig } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import { LEAST_BATCH_BYTES, producerKeys, ROUND_ROBIN } from './producer-keys.ts'

/** How a producer sends, read from Java client properties. Times are milliseconds. */
export interface ProducingSettings {
  readonly idempotent: boolean
  /** Requests in flight per broker. */
  readonly maxInFlight: number
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  /** Of gzip or zstd, whichever compresses. */
  readonly compressionLevel: number
  /** Records of one partition are put together up to this size; a larger record goes alone. */
  readonly batchBytes: number
  readonly maxRequestBytes: number
  /** Null keys: bytes that go to one partition before the next is taken. */
  readonly stickyBytes: number
  /** How many bytes of records a caller should have under way at most. */
  readonly bufferBytes: number
  readonly ignoreKeys: boolean
  /** Keys or not: one record to each partition in turn. */
  readonly roundRobin: boolean
  readonly maxBlockMs: number
  /** After this the broker aborts a transaction by itself. */
  readonly transactionTimeoutMs: number
  readonly deliveryTimeoutMs: number
}

/** With more in flight the broker could not tell a repeated batch from a lost one. */
const IDEMPOTENT_IN_FLIGHT = 5

/** Kafka Connect's producers repeat without end unless they are told otherwise. */
export const DELIVERY_WITHOUT_LIMIT = ['delivery.timeout.ms', '2147483647'] as const

/**
 * Of properties that `connectionSettings` has checked; throws ConfigError for what only fits badly together.
 */
export function producingSettings(properties: ConfigMap): ProducingSettings {
  const { 'key.serializer': _key, 'value.serializer': _value, ...keys } = producerKeys
  const values = parseConfig(keys, new Map([DELIVERY_WITHOUT_LIMIT, ...properties]))
  requireMatching(values, properties)
  const compression = values['compression.type']
  const maxInFlight = values['max.in.flight.requests.per.connection']
  const maxRequestBytes = Math.max(1, values['max.request.size'])
  const idempotent = values['enable.idempotence']
  return {
    idempotent,
    // Without sequence numbers only one request at a time keeps the order across retries.
    maxInFlight: idempotent ? Math.min(maxInFlight, IDEMPOTENT_IN_FLIGHT) : 1,
    compression,
    compressionLevel:
      values[compression === 'gzip' ? 'compression.gzip.level' : 'compression.zstd.level'],
    batchBytes: Math.min(Math.max(values['batch.size'], LEAST_BATCH_BYTES), maxRequestBytes),
    maxRequestBytes,
    stickyBytes: Math.max(1, values['batch.size']),
    bufferBytes: Math.max(1, values['buffer.memory']),
    roundRobin: values['partitioner.class'] === ROUND_ROBIN,
    ignoreKeys: values['partitioner.ignore.keys'],
    maxBlockMs: values['max.block.ms'],
    transactionTimeoutMs: values['transaction.timeout.ms'],
    deliveryTimeoutMs: values['delivery.timeout.ms']
  }
}

type ProducerValues = Omit<Parsed<typeof producerKeys>, 'key.serializer' | 'value.serializer'>

/**
 * Rules over several keys, in the words of Kafka's producer; those of idempotence count for it when it was
 * asked for in so many words.
 */
function requireMatching(values: ProducerValues, given: ConfigMap): void {
  const timeoutMs = values['transaction.timeout.ms']
  if (timeoutMs < 1) {
    throw new ConfigError(
      `Invalid value ${timeoutMs} for configuration transaction.timeout.ms: Value must be at least 1`
    )
  }
  if (!given.has('enable.idempotence') || !values['enable.idempotence']) return
  const problem =
    values.retries === 0
      ? 'Must set retries to non-zero when using the idempotent producer.'
      : !['all', '-1'].includes(values.acks)
        ? 'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.'
        : values['max.in.flight.requests.per.connection'] > IDEMPOTENT_IN_FLIGHT
          ? `Must set max.in.flight.requests.per.connection to at most ${IDEMPOTENT_IN_FLIGHT} when using the idempotent producer.`
          : null
  if (problem !== null) throw new ConfigError(problem)
}
