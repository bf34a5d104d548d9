import { type ClientSettings, clientSettings } from './client-properties.ts'
import type { ClientProperties } from './contracts.ts'
import { PropertiesReader } from './properties-reader.ts'
import type { CompressionType } from './record-batch.ts'

export interface ProducerSettings {
  readonly client: ClientSettings
  readonly idempotent: boolean
  /** Requests in flight per broker. */
  readonly maxInFlight: number
  readonly compression: CompressionType
  /** Records of one partition are put together up to this size; a larger record goes alone. */
  readonly batchBytes: number
  readonly maxRequestBytes: number
  /** Null keys: bytes that go to one partition before the next is taken. */
  readonly stickyBytes: number
  /** How many bytes of records a caller should have under way at most. */
  readonly bufferBytes: number
  readonly ignoreKeys: boolean
  readonly maxBlockMs: number
  /** After this the broker aborts a transaction by itself. */
  readonly transactionTimeoutMs: number
  readonly deliveryTimeoutMs: number
}

const compressionTypes = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
/** A small batch costs a request as much as a large one: `batch.size` below this has no effect. */
const LEAST_BATCH_BYTES = 524_288
/** With more in flight the broker could not tell a repeated batch from a lost one. */
const IDEMPOTENT_IN_FLIGHT = 5

/** Producer properties with Connect's defaults. Throws ConfigError that names the property. */
export function producerSettings(properties: ClientProperties): ProducerSettings {
  const read = new PropertiesReader(properties)
  const idempotent = read.boolean('enable.idempotence', true)
  const maxInFlight = read.integer('max.in.flight.requests.per.connection', IDEMPOTENT_IN_FLIGHT, 1)
  const maxRequestBytes = read.integer('max.request.size', 1_048_576, 1)
  const batchSize = read.integer('batch.size', 16_384)
  return {
    client: clientSettings(properties),
    idempotent,
    // Without sequence numbers only one request at a time keeps the order across retries.
    maxInFlight: idempotent ? Math.min(maxInFlight, IDEMPOTENT_IN_FLIGHT) : 1,
    compression: read.oneOf('compression.type', compressionTypes, 'none'),
    batchBytes: Math.min(Math.max(batchSize, LEAST_BATCH_BYTES), maxRequestBytes),
    maxRequestBytes,
    stickyBytes: Math.max(1, batchSize),
    bufferBytes: Math.max(1, read.integer('buffer.memory', 33_554_432)),
    ignoreKeys: read.boolean('partitioner.ignore.keys', false),
    maxBlockMs: read.integer('max.block.ms', 60_000),
    transactionTimeoutMs: read.integer('transaction.timeout.ms', 60_000, 1),
    deliveryTimeoutMs: read.integer('delivery.timeout.ms', 2_147_483_647)
  }
}
