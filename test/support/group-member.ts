import type { TestContext } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { kafkaBootstrap } from './environment.ts'

/** Somebody else's member of a consumer group, who subscribes to a topic; resolves once it has joined. */
export async function groupMember(t: TestContext, groupId: string, topic: string): Promise<void> {
  const kafka = new Kafka({ brokers: [kafkaBootstrap()], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId })
  const joined = Promise.withResolvers<void>()
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve())
  await consumer.connect()
  t.after(() => consumer.disconnect())
  await consumer.subscribe({ topics: [topic] })
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined })
  await joined.promise
}
