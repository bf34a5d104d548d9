import type { Clock } from '../../clock.ts'
import { RetriableError, isRetriable, messageOf } from '../../errors.ts'
import type {
  ClientProperties,
  ConsumerGroups,
  GroupConsumer,
  KafkaClients
} from '../../kafka/contracts.ts'
import type { SinkTaskContext, TopicPartition, TopicPosition } from '../../plugin/sink.ts'
import { consumingSettings, type OffsetReset } from '../../settings/clients/consumer-settings.ts'
import { partitionKey } from './assigned-partitions.ts'

interface PartitionOriginsOptions {
  readonly clients: KafkaClients
  readonly client: ClientProperties
  readonly clientId: string
  readonly consumer: Pick<GroupConsumer, 'commit'>
  /** How long a commit may take. */
  readonly timeoutMs: number
  readonly clock: Clock
}

/** What Kafka says of partitions, for plugins that ask: over connections that are made when one does. */
export class PartitionOrigins {
  readonly #options: PartitionOriginsOptions
  #groups: ConsumerGroups | null = null
  #isClosed = false

  constructor(options: PartitionOriginsOptions) {
    this.#options = options
  }

  origins(partitions: readonly TopicPartition[]): ReturnType<SinkTaskContext['origins']> {
    return this.#answer((groups) => this.#ask(groups, partitions))
  }

  async strangers(): Promise<readonly string[]> {
    const { groupId } = consumingSettings(this.#options.client)
    const members = await this.#answer((groups) => groups.members(groupId))
    return members.filter(({ isOurs }) => isOurs === false).map(({ name }) => name)
  }

  async confirm(positions: readonly TopicPosition[]): Promise<boolean> {
    const { consumer, timeoutMs } = this.#options
    const outcome = await consumer.commit(
      positions.map(({ offset, ...position }) => ({ ...position, offset: Number(offset) })),
      timeoutMs
    )
    return outcome.every(({ error }) => error === null)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#groups?.close()
  }

  async #answer<T>(ask: (groups: ConsumerGroups) => Promise<T>): Promise<T> {
    const { clients, client, clientId } = this.#options
    if (this.#isClosed) throw new RetriableError('The task has ended')
    this.#groups ??= clients.consumerGroups(client, clientId)
    try {
      return await ask(this.#groups)
    } catch (error) {
      if (!isRetriable(error)) throw error
      throw new RetriableError(`Kafka did not answer: ${messageOf(error)}`, {
        cause: error,
        outage: true,
        trouble: 'Kafka is away'
      })
    }
  }

  async #ask(
    groups: ConsumerGroups,
    partitions: readonly TopicPartition[]
  ): ReturnType<SinkTaskContext['origins']> {
    const { groupId, reset } = consumingSettings(this.#options.client)
    const topics = [...new Set(partitions.map(({ topic }) => topic))]
    const [ids, committed, first, end] = await Promise.all([
      groups.ids(topics),
      groups.committed(groupId),
      groups.offsetsAt(partitions, 'earliest'),
      groups.offsetsAt(partitions, 'latest')
    ])
    const byKey = new Map(committed.map((each) => [partitionKey(each), each]))
    const rest = partitions.filter((each) => !byKey.has(partitionKey(each)))
    const starts = await this.#starts(groups, rest, reset)
    return {
      clusterId: ids.cluster,
      partitions: partitions.map(({ topic, partition }, index) => {
        const key = partitionKey({ topic, partition })
        return {
          topic,
          partition,
          committed: bigint(byKey.get(key)?.offset ?? null),
          metadata: byKey.get(key)?.metadata ?? null,
          start: bigint(byKey.get(key)?.offset ?? starts.get(key) ?? null),
          first: BigInt(first[index]?.offset ?? 0),
          end: BigInt(end[index]?.offset ?? 0),
          topicId: ids.topics.get(topic) ?? null
        }
      })
    }
  }

  /** Where nothing is committed. */
  async #starts(
    groups: ConsumerGroups,
    partitions: readonly TopicPartition[],
    reset: OffsetReset
  ): Promise<ReadonlyMap<string, number>> {
    if (reset === 'none' || partitions.length === 0) return new Map()
    const at = typeof reset === 'string' ? reset : this.#options.clock.now() - reset.beforeMs
    const found = await groups.offsetsAt(partitions, at)
    // No record is as young as that: what comes next is.
    const without = found.filter(({ offset }) => offset === null)
    const latest = await groups.offsetsAt(without, 'latest')
    return new Map(
      [...found, ...latest].flatMap(({ offset, ...each }) =>
        offset === null ? [] : [[partitionKey(each), offset] as const]
      )
    )
  }
}

const bigint = (offset: number | null): bigint | null => (offset === null ? null : BigInt(offset))
