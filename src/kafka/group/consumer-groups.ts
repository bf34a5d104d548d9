import type { Clock } from '../../clock.ts'
import type { ConnectError } from '../../errors.ts'
import { apiCall } from '../client/api-call.ts'
import { isRetriableBrokerError, isRetriableName, refusal } from '../client/broker-errors.ts'
import { addresses, type ClientSettings, clientSettings } from '../client/client-settings.ts'
import { type BrokerNode, NetworkClient, type TopicMetadata } from '../client/network-client.ts'
import type {
  ClientProperties,
  ConsumerGroups,
  ConsumerPosition,
  GroupClient,
  TopicPartition
} from '../contracts.ts'
import { type ListedOffset, listOffsets, type OffsetSpec } from '../reading/list-offsets.ts'
import { deleteGroup, deleteOffsets } from './group-deletions.ts'
import { describeMembers } from './group-members.ts'
import { commitOffsets, fetchOffsets, NO_ROUND, type PartitionOutcome } from './offset-requests.ts'

/** Kafka says the same of a topic that nobody has made, and of one its broker has not heard of yet. */
const UNKNOWN = 'UNKNOWN_TOPIC_OR_PARTITION'
/** Whether the group has members cannot be told while they come and go. */
const UNSETTLED = 'REBALANCE_IN_PROGRESS'

/**
 * Consumer groups from outside, with connections of its own. Each call asks the group's coordinator, or the
 * leaders of the partitions, anew, and tries again until `default.api.timeout.ms` is over.
 */
export class KafkaConsumerGroups implements ConsumerGroups {
  readonly #clock: Clock
  readonly #settings: ClientSettings
  readonly #network: NetworkClient
  readonly #closed = new AbortController()

  constructor(clock: Clock, client: ClientProperties, clientId: string) {
    this.#clock = clock
    this.#settings = clientSettings(client, clock)
    this.#network = new NetworkClient(this.#settings, clientId)
  }

  async committed(groupId: string): Promise<readonly ConsumerPosition[]> {
    return this.#ofGroup(groupId, 'read the offsets', async (coordinator, what) => {
      const { error, partitions } = await fetchOffsets(this.#network, coordinator, groupId, null)
      if (error === 'GROUP_ID_NOT_FOUND') return []
      accept(error, what)
      acceptEach(partitions, what)
      return partitions.flatMap(({ error: _error, offset, ...position }) =>
        offset === null ? [] : [{ ...position, offset }]
      )
    })
  }

  async members(groupId: string): Promise<readonly GroupClient[]> {
    return this.#ofGroup(groupId, 'read the members', async (coordinator, what) => {
      const { error, members } = await describeMembers(this.#network, coordinator, groupId)
      accept(error, what)
      return members
    })
  }

  async alter(groupId: string, positions: readonly ConsumerPosition[]): Promise<void> {
    if (positions.length === 0) return
    await this.#ofGroup(groupId, 'change offsets', async (coordinator, what) =>
      acceptEach(
        await commitOffsets(this.#network, coordinator, groupId, NO_ROUND, positions),
        what
      )
    )
  }

  async deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    await this.#ofGroup(groupId, 'delete offsets', async (coordinator, what) => {
      const deleted = await deleteOffsets(this.#network, coordinator, groupId, partitions)
      accept(deleted.error, what)
      acceptEach(deleted.partitions, what)
    })
  }

  async deleteGroup(groupId: string): Promise<boolean> {
    return this.#ofGroup(groupId, 'delete all', async (coordinator, what) => {
      const error = await deleteGroup(this.#network, coordinator, groupId)
      if (error === 'GROUP_ID_NOT_FOUND') return false
      accept(error, what)
      return true
    })
  }

  async offsetsAt(
    partitions: readonly TopicPartition[],
    at: 'earliest' | 'latest' | number
  ): Promise<readonly (TopicPartition & { readonly offset: number | null })[]> {
    if (partitions.length === 0) return []
    const spec = typeof at === 'number' ? { epochMs: at } : at
    return this.#call('find offsets of topics', async (what) => {
      const listed = await this.#listed(partitions, spec, what)
      const of = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`
      const offsets = new Map(listed.map((each) => [of(each), each.offset]))
      return partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        offset: offsets.get(of({ topic, partition })) ?? null
      }))
    })
  }

  async ids(names: readonly string[]): ReturnType<ConsumerGroups['ids']> {
    return this.#call('ask for ids', async () => {
      const topics = names.length === 0 ? new Map() : await this.#network.topics(names)
      return {
        cluster: await this.#network.clusterId(),
        topics: new Map(
          [...topics.values()].flatMap(({ name, id }) => (id === null ? [] : [[name, id] as const]))
        )
      }
    })
  }

  async topics(): Promise<readonly { readonly name: string; readonly isInternal: boolean }[]> {
    return this.#call('list the topics', async () => {
      const topics = [...(await this.#network.topics(null)).values()]
      return topics.map(({ name, isInternal }) => ({ name, isInternal }))
    })
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#network.close()
  }

  /** From the leaders of these partitions. */
  async #listed(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    what: string
  ): Promise<ListedOffset[]> {
    const leaders = await this.#leaders(partitions, what)
    const answers = await Promise.all(
      [...leaders.values()].map(({ leader, led }) =>
        listOffsets(this.#network, leader, led, spec, false)
      )
    )
    const listed = answers.flat()
    // Who leads a partition by the metadata and does not know it leads it no longer, or not yet.
    for (const each of listed) if (each.error !== 'NONE') throw refused(each.error, what, each)
    return listed
  }

  /** By broker id. */
  async #leaders(partitions: readonly TopicPartition[], what: string) {
    const topics = await this.#network.topics([...new Set(partitions.map(({ topic }) => topic))])
    const leaders = new Map<number, { leader: BrokerNode; led: TopicPartition[] }>()
    for (const each of partitions) {
      const leader = leaderOf(each, topics.get(each.topic), what)
      const known = leaders.get(leader.nodeId)
      if (known === undefined) leaders.set(leader.nodeId, { leader, led: [each] })
      else known.led.push(each)
    }
    return leaders
  }

  #ofGroup<T>(
    groupId: string,
    doing: string,
    operation: (coordinator: BrokerNode, what: string) => Promise<T>
  ): Promise<T> {
    return this.#call(`${doing} of consumer group ${groupId}`, async (what) =>
      operation(await this.#network.coordinator('group', groupId), what)
    )
  }

  #call<T>(doing: string, operation: (what: string) => Promise<T>): Promise<T> {
    const what = `Failed to ${doing} at ${addresses(this.#settings)}`
    const call = { what, isPassing }
    return apiCall(this.#clock, this.#settings, call, this.#closed.signal, () => operation(what))
  }
}

/** Throws while a partition has no leader, and for one that is not among those of its topic. */
function leaderOf(of: TopicPartition, topic: TopicMetadata | undefined, what: string): BrokerNode {
  const found = topic?.partitions.find(({ partition }) => partition === of.partition)
  if (found === undefined) {
    const error = topic === undefined || topic.error === 'NONE' ? UNKNOWN : topic.error
    throw refused(error, what, of, error !== UNKNOWN)
  }
  if (found.leader === null) throw refused('LEADER_NOT_AVAILABLE', what, of)
  return found.leader
}

function isPassing(error: unknown): boolean {
  const { facts } = error as { facts?: { kafkaError?: unknown } }
  return isRetriableBrokerError(error) || facts?.kafkaError === UNSETTLED
}

function accept(error: string, what: string): void {
  if (error !== 'NONE') throw refusal(error, what)
}

/** Throws for the first partition that was refused; one that is unknown is not waited for. */
function acceptEach(outcomes: readonly PartitionOutcome[], what: string): void {
  for (const each of outcomes) {
    if (each.error !== 'NONE') throw refused(each.error, what, each, each.error !== UNKNOWN)
  }
}

/** `mayPass`: whether to wait, where Kafka says that the error passes. */
function refused(
  error: string,
  what: string,
  { topic, partition }: TopicPartition,
  mayPass = true
): ConnectError {
  const doing = `${what}, topic ${topic}, partition ${partition}`
  return refusal(error, doing, { topic, partition }, mayPass && isRetriableName(error))
}
