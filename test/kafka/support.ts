import { Kafka, logLevel } from 'kafkajs'
import type { ClientProperties, TopicLogOptions } from '../../src/kafka/contracts.ts'
import { hideNegativeTimeoutWarnings } from '../../src/kafka/kafkajs-warnings.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'

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
