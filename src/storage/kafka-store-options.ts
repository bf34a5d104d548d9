import type { Clock } from '../clock.ts'
import type { ClientProperties, KafkaClients } from '../kafka/contracts.ts'
import type { Logger } from '../log.ts'

/** What the three stores that live in a topic need alike. */
export interface KafkaStoreOptions {
  readonly clients: KafkaClients
  /**
   * Client properties for the topic's reader and writer. `isolation.level` decides whether open transactions
   * are seen.
   */
  readonly client: ClientProperties
  /** `<group.id>[-<client.id>]-configs`, `-offsets` or `-statuses`. */
  readonly clientId: string
  readonly topic: string
  /**
   * How to create the topic when it is missing; -1 leaves a number to the broker. The config topic always has
   * one partition.
   */
  readonly create: {
    readonly partitions: number
    readonly replicationFactor: number
    readonly settings: ReadonlyMap<string, string>
  }
  readonly clock: Clock
  /** Default: the logger of the JVM worker's class of the same task. */
  readonly log?: Logger
}
