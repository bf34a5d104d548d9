import type { TestContext } from 'node:test'
import { Consumer } from '@platformatic/kafka'
import { kafkaBootstrap, uniqueName } from './environment.ts'

export interface RawRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** The records of a topic's one partition, key and value in bytes; the list grows as they arrive. */
export async function followRaw(t: TestContext, topic: string): Promise<readonly RawRecord[]> {
  const name = uniqueName('raw-reader')
  const consumer = new Consumer({
    clientId: name,
    groupId: name,
    bootstrapBrokers: [kafkaBootstrap()]
  })
  t.after(() => consumer.close(true))
  const records: RawRecord[] = []
  const stream = await consumer.consume({
    topics: [topic],
    mode: 'manual',
    autocommit: false,
    maxWaitTime: 100,
    offsets: [{ topic, partition: 0, offset: 0n }]
  })
  stream.on(
    'data',
    ({ key, value }) => void records.push({ key: key ?? null, value: value ?? null })
  )
  return records
}
