import { Admin, Consumer, type MessagesStream, stringDeserializers } from '@platformatic/kafka'

/**
 * Reads topics back from Kafka for the demo and for measurements: what arrived, not what was meant to be
 * sent.
 */
export class TopicReader {
  readonly #admin: Admin
  readonly #consumer: Consumer<string, string, string, string>
  readonly #streams: MessagesStream<string, string, string, string>[] = []

  /** `encoding`: in which values are text; latin1 keeps bytes that are none. */
  constructor(bootstrap: string, groupId: string, encoding: 'utf8' | 'latin1' = 'utf8') {
    const base = {
      clientId: groupId,
      bootstrapBrokers: bootstrap.split(','),
      connectTimeout: 5000,
      timeout: 10_000,
      retries: 3
    }
    this.#admin = new Admin(base)
    const value = (data?: Buffer): string | undefined => data?.toString(encoding)
    const deserializers = { ...stringDeserializers, value }
    this.#consumer = new Consumer({
      ...base,
      groupId,
      deserializers
    })
  }

  /** End offset per partition; null when the topic does not exist. */
  async endOffsets(topic: string): Promise<bigint[] | null> {
    const topics = await this.#admin.listTopics()
    if (!topics.includes(topic)) return null
    // Another broker may know the topic before the one that the consumer asks.
    const metadata = await this.#consumer.metadata({ topics: [topic] })
    if (metadata.topics.get(topic) === undefined) return null
    return (await this.#consumer.listOffsets({ topics: [topic] })).get(topic) ?? null
  }

  /** Calls `onValue` with each record's value from these offsets on, for ever. */
  async follow(
    topics: readonly { topic: string; from: readonly bigint[] }[],
    onValue: (topic: string, value: string | null) => void
  ): Promise<void> {
    const stream = await this.#consumer.consume({
      topics: topics.map(({ topic }) => topic),
      mode: 'manual',
      autocommit: false,
      maxWaitTime: 200,
      offsets: topics.flatMap(({ topic, from }) =>
        from.map((offset, partition) => ({ topic, partition, offset }))
      )
    })
    this.#streams.push(stream)
    stream.on('data', (message) => onValue(message.topic, message.value ?? null))
    stream.on('error', (error: Error) => {
      throw new Error(`Reading back from Kafka failed: ${error.message}`, { cause: error })
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#streams.map((stream) => stream.close()))
    await this.#consumer.close(true)
    await this.#admin.close()
  }
}
