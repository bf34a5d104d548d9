import { type Clock, systemClock } from '../clock.ts'
import type { TopicLog } from '../kafka/contracts.ts'
import { loggers } from '../log.ts'
import type { KafkaStoreOptions } from './kafka-store-options.ts'
import { OffsetIndex } from './offset-index.ts'
import type { OffsetStore, StoredMap, StoredOffset } from './offset-store.ts'
import { recordBatches } from './record-batches.ts'

/** Reading what was added since the last read; the whole topic was read by `start`. */
const READ_LIMIT_MS = 60_000

export interface KafkaOffsetStoreOptions extends KafkaStoreOptions {
  /** For error texts: the property that named the topic. Default `offset.storage.topic`. */
  readonly property?: string
  readonly clock?: Clock
}

/** Source offsets in a compacted topic: the worker's, or a connector's own (`offsets.storage.topic`). */
export class KafkaOffsetStore implements OffsetStore {
  readonly #index: OffsetIndex
  readonly #topicLog: TopicLog
  readonly #clock: Clock
  readonly #starting = new AbortController()

  constructor(options: KafkaOffsetStoreOptions) {
    this.#clock = options.clock ?? systemClock
    this.#index = new OffsetIndex(
      options.log ?? loggers.get('org.apache.kafka.connect.storage.KafkaOffsetBackingStore')
    )
    this.#topicLog = options.clients.topicLog({
      topic: options.topic,
      client: options.client,
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

  async stop(): Promise<void> {
    this.#starting.abort()
    await this.#topicLog.stop()
  }
}
