import type { TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { KafkaStoreOptions } from '../../src/storage/kafka-store-options.ts'
import type { Logger } from '../../src/log.ts'
import { kafkaBootstrap, uniqueName } from './environment.ts'
import { recordingLog } from './recording-log.ts'

/** Options of a store on the broker under test, with a topic of its own unless one is given. */
export function storeOptions(
  topic: string = uniqueName('store'),
  log: Logger = recordingLog().log
): KafkaStoreOptions {
  return {
    clients: createKafkaClients(systemClock, log),
    client: new Map([['bootstrap.servers', kafkaBootstrap()]]),
    clientId: topic,
    topic,
    clock: systemClock,
    create: { partitions: 3, replicationFactor: 1, settings: new Map() },
    log
  }
}

/** Stops the store when the test ends. */
export function closing<T extends { stop(): Promise<void> }>(t: TestContext, store: T): T {
  t.after(() => store.stop())
  return store
}

export interface RawRecord {
  readonly key: string | null
  readonly value: string | null
}

/**
 * Another writer and reader of a store's topic: `write` puts any bytes there, `read` answers everything in
 * it.
 */
export async function rawTopic(
  t: TestContext,
  topic: string
): Promise<{
  write(...records: RawRecord[]): Promise<void>
  read(): Promise<RawRecord[]>
}> {
  const records: RawRecord[] = []
  const { clients, client, create } = storeOptions(topic)
  const log = closing(
    t,
    clients.topicLog({
      topic,
      client,
      clientId: `${topic}-raw`,
      create: { ...create, partitions: 1 },
      property: 'test',
      purpose: 'test',
      singlePartition: false,
      onRecord: ({ key, value }) =>
        void records.push({ key: key?.toString() ?? null, value: value?.toString() ?? null })
    })
  )
  await log.start()
  const producer = clients.producer(client, `${topic}-raw-producer`)
  t.after(() => producer.close(1000))
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text))
  return {
    async write(...toWrite) {
      await producer.send(
        toWrite.map(({ key, value }) => ({
          topic,
          partition: null,
          key: bytes(key),
          value: bytes(value),
          timestamp: null,
          headers: []
        }))
      )
    },
    async read() {
      await log.readToEnd(10_000)
      return [...records]
    }
  }
}
