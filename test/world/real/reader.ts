import avsc from 'avsc'
import { type Consumer, type IHeaders, Kafka, logLevel, type Message, type Producer } from 'kafkajs'
import { hideNegativeTimeoutWarnings } from '../../../src/kafka/admin/kafkajs-warnings.ts'
import { kafkaBootstrap, schemaRegistryUrl, uniqueName } from '../../support/environment.ts'
import { until } from '../../support/until.ts'

/** The key of records that no converter can read. */
export const UNREADABLE = 'unreadable'

export interface Arrival {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: Buffer | null
  /** The columns of a row, as a record of any format says them; null: no value, or none to be read. */
  readonly fields: Readonly<Record<string, unknown>> | null
  readonly headers: IHeaders
}

/**
 * Follows the topics of a house with a client that is not ours, as a reader of committed records or of all.
 */
export class TopicsReader {
  readonly #consumer: Consumer
  readonly #kafka: Kafka
  readonly #producer: Producer
  readonly #schemas = new Map<number, avsc.Type>()

  constructor(committedOnly: boolean) {
    hideNegativeTimeoutWarnings()
    this.#kafka = new Kafka({
      brokers: [kafkaBootstrap()],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 30 }
    })
    this.#consumer = this.#kafka.consumer({
      groupId: uniqueName('world'),
      readUncommitted: !committedOnly,
      maxWaitTimeInMs: 200
    })
    this.#producer = this.#kafka.producer()
  }

  /** Records that no source wrote. */
  async send(topic: string, message: Message): Promise<void> {
    await this.#producer.send({ topic, messages: [message] })
  }

  /** Topics with the numbers of their partitions. */
  async createTopics(topics: ReadonlyMap<string, number>): Promise<void> {
    await this.#producer.connect()
    const admin = this.#kafka.admin()
    await admin.connect()
    await admin.createTopics({
      waitForLeaders: false,
      topics: [...topics].map(([topic, numPartitions]) => ({ topic, numPartitions }))
    })
    // kafkajs gives up on a broker that has not heard of a topic yet.
    await until(async () => {
      await admin.fetchTopicMetadata({ topics: [...topics.keys()] })
      return true
    }, 'the topics are there')
    await admin.disconnect()
  }

  async follow(
    topics: readonly string[],
    onArrival: (arrival: Arrival) => void,
    onError: (error: unknown) => void
  ): Promise<void> {
    await this.#consumer.connect()
    await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await this.#consumer.run({
      eachMessage: async ({ topic, partition, message }) => {
        try {
          const { key, value, headers = {} } = message
          const isRow = value !== null && key?.toString() !== UNREADABLE
          const fields = isRow ? await this.#fieldsOf(value) : null
          onArrival({ topic, partition, offset: Number(message.offset), key, fields, headers })
        } catch (error) {
          onError(error)
        }
      }
    })
  }

  /** `topics` are not needed any more. */
  async close(topics: readonly string[]): Promise<void> {
    await Promise.all([this.#consumer.disconnect(), this.#producer.disconnect()])
    const admin = this.#kafka.admin()
    await admin.connect()
    const existing = new Set(await admin.listTopics())
    await admin.deleteTopics({ topics: topics.filter((topic) => existing.has(topic)) })
    await admin.disconnect()
  }

  async #fieldsOf(value: Buffer): Promise<Record<string, unknown>> {
    if (value[0] === 0) return await this.#avro(value)
    // Ids beyond 2^53 keep their digits.
    const parsed = JSON.parse(value.toString(), (_, one: unknown, context?: { source?: string }) =>
      typeof one === 'number' && !Number.isSafeInteger(one) && /^-?\d+$/.test(context?.source ?? '')
        ? BigInt(context?.source ?? '')
        : one
    ) as Record<string, unknown>
    return 'schema' in parsed && 'payload' in parsed
      ? (parsed['payload'] as Record<string, unknown>)
      : parsed
  }

  async #avro(value: Buffer): Promise<Record<string, unknown>> {
    const id = value.readInt32BE(1)
    let type = this.#schemas.get(id)
    if (type === undefined) {
      const response = await fetch(`${schemaRegistryUrl()}/schemas/ids/${id}`)
      const { schema } = (await response.json()) as { schema: string }
      type = avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema)
      this.#schemas.set(id, type)
    }
    return type.fromBuffer(value.subarray(5)) as Record<string, unknown>
  }
}
