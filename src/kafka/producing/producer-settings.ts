import { type Compression, type CompressionType, compressionOf } from './compression.ts'
import { clientSettings } from '../client/client-properties.ts'
import type { Clock } from '../../clock.ts'
import { ConfigError } from '../../errors.ts'
import type { ClientProperties } from '../contracts.ts'
import { PropertiesReader } from '../client/properties-reader.ts'
import type { SendingSettings } from './sending-policy.ts'

export interface ProducerSettings extends SendingSettings {
  readonly idempotent: boolean
  /** How many bytes of records a caller should have under way at most. */
  readonly bufferBytes: number
  /** After this the broker aborts a transaction by itself. */
  readonly transactionTimeoutMs: number
  readonly deliveryTimeoutMs: number
}

const compressionTypes = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
/** A small batch costs a request as much as a large one: `batch.size` below this has no effect. */
const LEAST_BATCH_BYTES = 524_288
/** With more in flight the broker could not tell a repeated batch from a lost one. */
const IDEMPOTENT_IN_FLIGHT = 5

/** The one class of Kafka's that a configuration can name. */
const ROUND_ROBIN = 'org.apache.kafka.clients.producer.RoundRobinPartitioner'

/** Producer properties with Connect's defaults. Throws ConfigError that names the property. */
export function producerSettings(properties: ClientProperties, clock: Clock): ProducerSettings {
  const read = new PropertiesReader(properties)
  const idempotent = read.boolean('enable.idempotence', true)
  const maxInFlight = read.integer('max.in.flight.requests.per.connection', IDEMPOTENT_IN_FLIGHT, 1)
  const maxRequestBytes = read.integer('max.request.size', 1_048_576, 1)
  const batchSize = read.integer('batch.size', 16_384)
  return {
    client: clientSettings(properties, clock),
    idempotent,
    // Without sequence numbers only one request at a time keeps the order across retries.
    maxInFlight: idempotent ? Math.min(maxInFlight, IDEMPOTENT_IN_FLIGHT) : 1,
    compression: compressionFrom(read),
    batchBytes: Math.min(Math.max(batchSize, LEAST_BATCH_BYTES), maxRequestBytes),
    maxRequestBytes,
    maxRecordBytes: maxRequestBytes,
    createsTopics: true,
    stickyBytes: Math.max(1, batchSize),
    bufferBytes: Math.max(1, read.integer('buffer.memory', 33_554_432)),
    roundRobin: read.text('partitioner.class') === ROUND_ROBIN,
    ignoreKeys: read.boolean('partitioner.ignore.keys', false),
    maxBlockMs: read.integer('max.block.ms', 60_000),
    transactionTimeoutMs: read.integer('transaction.timeout.ms', 60_000, 1),
    deliveryTimeoutMs: read.integer('delivery.timeout.ms', 2_147_483_647)
  }
}

function compressionFrom(read: PropertiesReader): Compression {
  const type: CompressionType = read.oneOf('compression.type', compressionTypes, 'none')
  // -1 is gzip's own; zstd has levels below 0.
  const gzip = read.integer('compression.gzip.level', -1, -1)
  const zstd = read.integer('compression.zstd.level', 3, -131_072)
  if (gzip === 0 || gzip > 9) {
    throw new ConfigError(
      `Invalid value ${gzip} for configuration compression.gzip.level: expected -1 or 1 to 9`
    )
  }
  if (zstd > 22) {
    throw new ConfigError(
      `Invalid value ${zstd} for configuration compression.zstd.level: expected at most 22`
    )
  }
  return compressionOf(type, type === 'gzip' ? gzip : zstd)
}
