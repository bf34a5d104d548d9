import type { ConfigMap } from '../../config/config-def.ts'
import { javaFullMatch } from '../../config/java-regex.ts'
import { ConfigError } from '../../errors.ts'
import type {
  ClusterAdmin,
  ConsumerGroups,
  KafkaClients,
  TopicPartition
} from '../../kafka/contracts.ts'
import {
  type ConsumingSettings,
  consumingSettings,
  type OffsetReset
} from '../../settings/clients/consumer-settings.ts'
import { topicSubscription } from '../../settings/connector/connector-settings.ts'
import { abortable } from '../../wait.ts'
import type { ConnectorClientProperties } from '../connector-client-properties.ts'
import { partitionName } from './sink-positions.ts'

/** What a partition holds: offsets from `first` to the one before `end`, some of them perhaps no more. */
export interface PartitionRange extends TopicPartition {
  readonly first: number
  readonly end: number
}

interface LookOptions {
  readonly name: string
  readonly clients: KafkaClients
  readonly clientProperties: ConnectorClientProperties
}

/** Looks at the topics of a sink, as its consumer would find them now. */
export class SinkTopicsLook {
  readonly #admin: ClusterAdmin
  readonly #groups: ConsumerGroups
  readonly #config: ConfigMap
  readonly #consumer: ConsumingSettings

  private constructor({ name, clients, clientProperties }: LookOptions, config: ConfigMap) {
    const client = clientProperties.admin(config)
    const clientId = `connector-worker-adminclient-${name}`
    this.#admin = clients.admin(client, clientId)
    this.#groups = clients.consumerGroups(client, clientId)
    this.#config = config
    this.#consumer = consumingSettings(clientProperties.consumer(config))
  }

  /**
   * `config`: of the connector, with `${…}` resolved. Nobody waits for the look any more once `signal`
   * aborts.
   */
  static async with<T>(
    options: LookOptions,
    config: ConfigMap,
    signal: AbortSignal,
    use: (look: SinkTopicsLook) => Promise<T>
  ): Promise<T> {
    const look = new SinkTopicsLook(options, config)
    try {
      return await abortable(use(look), signal)
    } finally {
      await Promise.all([look.#admin.close(), look.#groups.close()])
    }
  }

  /** Where a partition starts for which nothing valid is committed. */
  get reset(): OffsetReset {
    return this.#consumer.reset
  }

  /** Partitions of each topic that is there. */
  async topics(): Promise<ReadonlyMap<string, readonly TopicPartition[]>> {
    const counts = await this.#admin.describeTopics(await this.#names())
    const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
    return new Map(
      sorted.map(([topic, count]) => [
        topic,
        Array.from({ length: count }, (_, partition) => ({ topic, partition }))
      ])
    )
  }

  /** By `partitionName`. */
  async ranges(
    partitions: readonly TopicPartition[]
  ): Promise<ReadonlyMap<string, PartitionRange>> {
    const first = await this.#offsetsAt(partitions, 'earliest')
    const end = await this.#offsetsAt(partitions, 'latest')
    return new Map(
      partitions.map(({ topic, partition }) => {
        const name = partitionName({ topic, partition })
        const range = { first: first.get(name) ?? 0, end: end.get(name) ?? 0 }
        return [name, { topic, partition, ...range }]
      })
    )
  }

  /** Of the first record at or behind a time (epoch ms), by `partitionName`; null: there is none. */
  async offsetsAtTime(
    partitions: readonly TopicPartition[],
    ms: number
  ): Promise<ReadonlyMap<string, number | null>> {
    return this.#offsetsAt(partitions, ms)
  }

  async #offsetsAt(
    partitions: readonly TopicPartition[],
    at: 'earliest' | 'latest' | number
  ): Promise<Map<string, number | null>> {
    const found = await this.#groups.offsetsAt(partitions, at)
    return new Map(found.map(({ offset, ...of }) => [partitionName(of), offset]))
  }

  async #names(): Promise<readonly string[]> {
    const wanted = topicSubscription(this.#config)
    if (wanted.kind === 'topics') return wanted.topics
    const matches = javaFullMatch(wanted.text)
    const { excludeInternalTopics } = this.#consumer
    const all = await this.#groups.topics()
    const names = all.flatMap(({ name, isInternal }) =>
      !(isInternal && excludeInternalTopics) && matches(name) ? [name] : []
    )
    if (names.length === 0) throw new ConfigError(`No topic matches topics.regex=${wanted.text}`)
    return names
  }
}
