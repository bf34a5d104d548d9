import { systemClock } from '../../src/clock.ts'
import { TopicReader } from '../../scripts/topic-reader.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { kafkaBootstrap, uniqueName } from './environment.ts'
import { until } from './until.ts'

/** Resolves when a broker that is asked knows it, too: one with much to do answers before it does. */
export async function makeTopic(name: string, partitions = 1): Promise<void> {
  const client = new Map([['bootstrap.servers', kafkaBootstrap()]])
  const admin = createKafkaClients(systemClock).admin(client, uniqueName('make-topic'))
  await admin.createTopic({ name, partitions, replicationFactor: 1, settings: new Map() })
  await until(async () => (await admin.describeTopics([name])).has(name), `${name} is known`)
  await admin.close()
}

/** The ids of rows, as they stand in records of JSON without schemas. */
export function idsOf(values: readonly string[]): number[] {
  return values.map((value) => (JSON.parse(value) as { id: number }).id)
}

/** Makes a topic of one partition and follows it from its beginning; `values` grows as records arrive. */
export async function followTopic(topic: string): Promise<{
  readonly values: readonly string[]
  stop(): Promise<void>
}> {
  await makeTopic(topic)
  const reader = new TopicReader(kafkaBootstrap(), uniqueName('follow'))
  const values: string[] = []
  // A broker may answer for a moment that it does not know a topic it has just made.
  await until(async () => {
    await reader.follow([{ topic, from: [0n] }], (_, value) => void values.push(value ?? '<null>'))
    return true
  }, `${topic} can be followed`)
  return { values, stop: () => reader.close() }
}
