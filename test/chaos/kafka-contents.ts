import { type Admin, Kafka, logLevel } from 'kafkajs'
import { hideNegativeTimeoutWarnings } from '../../src/kafka/admin/kafkajs-warnings.ts'
import { uniqueName } from '../support/environment.ts'

interface StoredRecord {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
}

/** What is in topics of one broker, read by a client that is not ours. All topics have one partition. */
export class KafkaContents {
  readonly #kafka: Kafka
  readonly #admin: Admin

  constructor(bootstrap: string) {
    hideNegativeTimeoutWarnings()
    this.#kafka = new Kafka({
      brokers: [bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 30 }
    })
    this.#admin = this.#kafka.admin()
  }

  async connect(): Promise<void> {
    await this.#admin.connect()
  }

  async createTopic(topic: string): Promise<void> {
    await this.#admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
  }

  async endOffset(topic: string): Promise<number> {
    const [partition] = await this.#admin.fetchTopicOffsets(topic)
    return Number(partition?.high ?? 0)
  }

  /** All records before the present end. */
  async read(topic: string): Promise<StoredRecord[]> {
    const end = await this.endOffset(topic)
    if (end === 0) return []
    return await this.#consume(topic, true, ({ offset }) => offset >= end - 1)
  }

  /**
   * All records of transactions that were committed. Where the end of a topic is a transaction's mark no
   * record has the last offset: a record of our own says where to end.
   */
  async readCommitted(topic: string): Promise<StoredRecord[]> {
    const last = uniqueName(LAST)
    const producer = this.#kafka.producer()
    await producer.connect()
    await producer.send({ topic, messages: [{ value: last }] })
    await producer.disconnect()
    const records = await this.#consume(topic, false, ({ value }) => value === last)
    return records.filter(({ value }) => value?.startsWith(LAST) !== true)
  }

  async close(): Promise<void> {
    await this.#admin.disconnect()
  }

  /** Records from the beginning to the one that `isLast`. */
  async #consume(
    topic: string,
    readUncommitted: boolean,
    isLast: (record: StoredRecord) => boolean
  ): Promise<StoredRecord[]> {
    const consumer = this.#kafka.consumer({ groupId: uniqueName('contents'), readUncommitted })
    const records: StoredRecord[] = []
    const done = Promise.withResolvers<void>()
    const limit = setTimeout(
      () => done.reject(new Error(`The end of ${topic} was not reached in ${READ_TIMEOUT_MS} ms`)),
      READ_TIMEOUT_MS
    )
    try {
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      await consumer.run({
        eachMessage: ({ message }) => {
          const key = message.key?.toString() ?? null
          const value = message.value?.toString() ?? null
          const record = { offset: Number(message.offset), key, value }
          records.push(record)
          if (isLast(record)) done.resolve()
          return Promise.resolve()
        }
      })
      await done.promise
    } finally {
      clearTimeout(limit)
      await consumer.disconnect()
    }
    return records
  }
}

const LAST = 'last-'
const READ_TIMEOUT_MS = 60_000
