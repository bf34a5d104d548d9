import type { Clock } from '../clock.ts'
import type { ClientProperties, ProducerRecord, TopicLog } from '../kafka/contracts.ts'
import { loggers } from '../log.ts'
import type { KafkaStoreOptions } from './kafka-store-options.ts'
import { OffsetIndex } from './offset-index.ts'
import type { StoredMap, StoredOffset, TransactionalOffsetStore } from './offset-store.ts'
import { recordBatches } from './record-batches.ts'

/**
 * Reading what was added since the last read; the whole topic was read by `start`. A transaction that a
 * crashed task left open holds up readers of committed records until its time-out, a minute by default.
 */
const READ_LIMIT_MS = 120_000

interface KafkaOffsetStoreOptions extends KafkaStoreOptions {
  /** For error texts: the property that named the topic. Default `offset.storage.topic`. */
  readonly property?: string
  /** Client properties of what writes and of what creates the topic; default: `client`. */
  readonly writerClient?: ClientProperties
  readonly adminClient?: ClientProperties
}

/** Source offsets in a compacted topic: the worker's, or a connector's own (`offsets.storage.topic`). */
export class KafkaOffsetStore implements TransactionalOffsetStore {
  readonly topic: string
  readonly #index: OffsetIndex
  readonly #topicLog: TopicLog
  readonly #clock: Clock
  readonly #starting = new AbortController()

  constructor(options: KafkaOffsetStoreOptions) {
    this.topic = options.topic
    this.#clock = options.clock
    this.#index = new OffsetIndex(
      options.log ?? loggers.get('org.apache.kafka.connect.storage.KafkaOffsetBackingStore')
    )
    this.#topicLog = options.clients.topicLog({
      topic: options.topic,
      client: options.client,
      writerClient: options.writerClient ?? options.client,
      adminClient: options.adminClient ?? options.client,
      clientId: options.clientId,
      create: options.create,
      property: options.property ?? 'offset.storage.topic',
      purpose: 'source connector offsets',
      singlePartition: false,
      onRecord: (record) => this.#index.apply(record)
    })
  }

  async start(): Promise<void> {
    await this.#topicLog.start(this.#starting.signal)
  }

  async get(connector: string, partitions: readonly StoredMap[]): Promise<(StoredMap | null)[]> {
    await this.#topicLog.readToEnd(READ_LIMIT_MS)
    return partitions.map((partition) => this.#index.get(connector, partition))
  }

  async all(connector: string): Promise<StoredOffset[]> {
    await this.#topicLog.readToEnd(READ_LIMIT_MS)
    return this.#index.all(connector)
  }

  async set(connector: string, offsets: readonly StoredOffset[], timeoutMs: number): Promise<void> {
    const records = this.#index.records(connector, offsets)
    const end = this.#clock.monotonicMs() + timeoutMs
    for (const batch of recordBatches(records)) {
      const left = Math.max(1, Math.ceil(end - this.#clock.monotonicMs()))
      await this.#topicLog.sendAll(batch, left)
    }
  }

  async transactionRecords(
    connector: string,
    offsets: readonly StoredOffset[]
  ): Promise<ProducerRecord[]> {
    return this.#index.records(connector, offsets).map(({ key, value }) => ({
      topic: this.topic,
      partition: null,
      key,
      value,
      timestamp: null,
      headers: []
    }))
  }

  /** Committed offsets come back through the topic. */
  onCommitted(): void {}

  async stop(): Promise<void> {
    this.#starting.abort()
    await this.#topicLog.stop()
  }
}
