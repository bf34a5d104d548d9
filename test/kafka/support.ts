import { Kafka, logLevel } from 'kafkajs'
import type { TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { readerSettings } from '../../src/kafka/client/client-settings.ts'
import type {
  ClientProperties,
  LogRecord,
  ProducerRecord,
  TopicLogOptions
} from '../../src/kafka/contracts.ts'
import { hideNegativeTimeoutWarnings } from '../../src/kafka/admin/kafkajs-warnings.ts'
import { TopicReader } from '../../src/kafka/reading/topic-reader.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'
import { recordingLog } from '../support/recording-log.ts'

/** Client properties for the broker of the suite, with short pauses. */
export function clientProperties(settings: Record<string, string> = {}): ClientProperties {
  return new Map(
    Object.entries({
      'bootstrap.servers': kafkaBootstrap(),
      'retry.backoff.ms': '20',
      'retry.backoff.max.ms': '200',
      'default.api.timeout.ms': '10000',
      ...settings
    })
  )
}

/** Options of a log on a topic of its own; a test states only what is unusual about it. */
export function logOptions(options: Partial<TopicLogOptions> = {}): TopicLogOptions {
  return {
    topic: uniqueName('log'),
    client: clientProperties(),
    clientId: uniqueName('client'),
    create: { partitions: 1, replicationFactor: 1, settings: new Map() },
    property: 'config.storage.topic',
    purpose: 'connector configurations',
    singlePartition: false,
    onRecord: () => undefined,
    ...options
  }
}

/** A second opinion: kafkajs itself, for what this room does not do. */
export function kafkaJs(): Kafka {
  hideNegativeTimeoutWarnings()
  return new Kafka({ brokers: [kafkaBootstrap()], logLevel: logLevel.NOTHING })
}

/** A topic with a name of its own. */
export async function createTopic(
  t: TestContext,
  numPartitions: number,
  settings: Record<string, string> = {}
): Promise<string> {
  const topic = uniqueName('topic')
  const admin = kafkaJs().admin()
  await admin.connect()
  t.after(() => admin.disconnect())
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }] })
  return topic
}

/** Everything in the topic, per partition in the order of the log. */
export async function readAll(
  topic: string,
  settings: Record<string, string> = {}
): Promise<Map<number, LogRecord[]>> {
  const records: LogRecord[] = []
  const reader = new TopicReader(
    systemClock,
    readerSettings(clientProperties(settings), systemClock),
    uniqueName('reader'),
    topic,
    (record) => records.push(record),
    recordingLog().log
  )
  await reader.start(15_000)
  await reader.stop()
  return Map.groupBy(records, ({ partition }) => partition)
}

export const record = (
  topic: string,
  value: string,
  partition: number | null = 0
): ProducerRecord => ({
  topic,
  partition,
  key: null,
  value: Buffer.from(value),
  timestamp: null,
  headers: []
})

export const valuesOf = (records: readonly LogRecord[] | undefined): string[] =>
  (records ?? []).map(({ value }) => String(value))
