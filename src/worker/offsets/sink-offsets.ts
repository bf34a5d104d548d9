import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { ConsumerGroups, KafkaClients } from '../../kafka/contracts.ts'
import type { AlteringOffsets, SinkConnectorPlugin } from '../../plugin/sink.ts'
import type { AlteredOffsets, OffsetChange } from '../../plugin/source.ts'
import type { StartFrom } from '../../plugin/start-from.ts'
import { consumerGroup } from '../../settings/worker/layered-properties.ts'
import type { StoredOffset } from '../../storage/offset-store.ts'
import type { ConnectorClientProperties } from '../connector-client-properties.ts'
import type { RequestedOffset } from '../contracts.ts'
import { alteredOffsets, type OffsetsOfKind, type Resolved } from './offsets-of-kind.ts'
import {
  type GroupPosition,
  groupPositions,
  partitionName,
  storedPosition,
  storedPositions
} from './sink-positions.ts'
import { sinkStart } from './sink-start.ts'

interface SinkOffsetsOptions {
  readonly clients: KafkaClients
  readonly clientProperties: ConnectorClientProperties
  readonly clock: Clock
}

type Sink = Resolved<SinkConnectorPlugin>

const STORED = { isCheck: false, all: false } as const

/** What brokers say of a group that has members: tasks that have not ended, or were started again. */
const HAS_MEMBERS: ReadonlySet<unknown> = new Set([
  'UNKNOWN_MEMBER_ID',
  'GROUP_SUBSCRIBED_TO_TOPIC',
  'NON_EMPTY_GROUP'
])

const MOST_NAMED = 5

/**
 * The positions of sinks: those committed for their consumer group. A connector that keeps positions of its
 * own as well is told of a change first, and may be told again.
 */
export class SinkOffsets implements OffsetsOfKind<SinkConnectorPlugin> {
  readonly #options: SinkOffsetsOptions

  constructor(options: SinkOffsetsOptions) {
    this.#options = options
  }

  async all(sink: Sink): Promise<StoredOffset[]> {
    const failed = `Failed to retrieve consumer group offsets for sink connector ${sink.name}`
    return storedPositions(await this.#committed(sink, failed))
  }

  left(sink: Sink): Promise<StoredOffset[]> {
    return this.all(sink)
  }

  async modify(sink: Sink, changes: readonly RequestedOffset[] | null): Promise<boolean> {
    if (changes === null) return this.#reset(sink)
    const news = await this.#newOf(sink, changes)
    const { complete, changes: altered } = await this.#altered(sink, news, STORED)
    await this.#alter(sink, groupPositions(altered))
    return complete
  }

  /**
   * I15: what is written back as it was read changes nothing. After a crash the group is behind the positions
   * that a connector keeps itself, and these must not go back to it.
   */
  async #newOf(sink: Sink, changes: readonly RequestedOffset[]): Promise<StoredOffset[]> {
    const wanted = groupPositions(changes)
    const failed = `Failed to list offsets prior to altering offsets for sink connector ${sink.name}`
    const committed = await this.#committed(sink, failed)
    const before = new Map(committed.map((one) => [partitionName(one), one.offset]))
    return wanted.filter((one) => one.offset !== before.get(partitionName(one))).map(storedPosition)
  }

  checked(sink: Sink, given: readonly RequestedOffset[]): Promise<AlteredOffsets> {
    return this.#altered(sink, given, { isCheck: true, all: false })
  }

  /** Members of its group: tasks of other clusters, other programs, tasks that could not leave. */
  async inTheWay(sink: Sink): Promise<string | null> {
    return this.#with(sink, async (groups, group) => {
      const members = await groups.members(group)
      if (members.length === 0) return null
      const named = members.slice(0, MOST_NAMED).map(({ name }) => name)
      const more = members.length > MOST_NAMED ? ` and ${members.length - MOST_NAMED} more` : ''
      return `Consumer group ${group} has members that are no tasks of this cluster's connector ${sink.name}, or could not leave: ${named.join(', ')}${more}`
    })
  }

  async write(sink: Sink, changes: readonly OffsetChange[]): Promise<void> {
    const { changes: altered } = await this.#altered(sink, changes, STORED)
    await this.#alter(sink, groupPositions(altered))
  }

  startFrom({ name, plugin }: Sink): StartFrom {
    const { clients, clientProperties, clock } = this.#options
    return plugin.startFrom ?? sinkStart({ name, clients, clientProperties, clock })
  }

  /** All that is committed goes, and the group with it: what it subscribed to is forgotten, too. */
  async #reset(sink: Sink): Promise<boolean> {
    const failed = `Failed to list offsets prior to resetting offsets for sink connector ${sink.name}`
    const committed = await this.#committed(sink, failed)
    const wanted = committed.map((position) => storedPosition({ ...position, offset: null }))
    const { complete } = await this.#altered(sink, wanted, { isCheck: false, all: true })
    await this.#changing(sink, 'reset', async (groups, group) => {
      await groups.deleteGroup(group)
    })
    return complete
  }

  /** I15: a connector that keeps positions of its own changes those first. */
  async #altered(
    sink: Sink,
    given: readonly RequestedOffset[],
    how: Omit<AlteringOffsets, 'clusterId'>
  ): Promise<AlteredOffsets> {
    const wanted = groupPositions(given).map(storedPosition)
    const clusterId = (): Promise<string> => this.#clusterId(sink)
    const { complete, changes } = await alteredOffsets(wanted, () =>
      sink.plugin.alterOffsets?.(sink.config, wanted, { ...how, clusterId })
    )
    return { complete, changes: groupPositions(changes).map(storedPosition) }
  }

  async #clusterId(sink: Sink): Promise<string> {
    return this.#with(sink, async (groups) => (await groups.ids([])).cluster)
  }

  /** Also what was altered before: a move is repeated until all of it is there. */
  async #alter(sink: Sink, positions: readonly GroupPosition[]): Promise<void> {
    const kept = positions.flatMap(({ topic, partition, offset }) =>
      offset === null ? [] : [{ topic, partition, offset }]
    )
    const removed = positions.filter(({ offset }) => offset === null)
    await this.#changing(sink, 'alter', async (groups, group) => {
      if (kept.length > 0) await groups.alter(group, kept)
      if (removed.length === 0) return
      const names = new Set(removed.map(partitionName))
      const committed = await groups.committed(group)
      const gone = committed.filter((position) => names.has(partitionName(position)))
      if (gone.length === 0) return
      if (gone.length === committed.length) await groups.deleteGroup(group)
      else await groups.deleteOffsets(group, gone)
    })
  }

  async #committed(sink: Sink, failed: string): ReturnType<ConsumerGroups['committed']> {
    try {
      return await this.#with(sink, (groups, group) => groups.committed(group))
    } catch (cause) {
      throw new ConnectError('INTERNAL', failed, { cause })
    }
  }

  async #changing(
    sink: Sink,
    verb: 'alter' | 'reset',
    change: (groups: ConsumerGroups, group: string) => Promise<void>
  ): Promise<void> {
    try {
      await this.#with(sink, change)
    } catch (cause) {
      throw notChanged(sink.name, verb, cause)
    }
  }

  async #with<T>(
    { name, config }: Sink,
    use: (groups: ConsumerGroups, group: string) => Promise<T>
  ): Promise<T> {
    const { clients, clientProperties } = this.#options
    const group = consumerGroup(clientProperties.consumer(config))
    const groups = clients.consumerGroups(
      clientProperties.admin(config),
      `connector-worker-adminclient-${name}`
    )
    try {
      return await use(groups, group)
    } finally {
      await groups.close()
    }
  }
}

function notChanged(name: string, verb: 'alter' | 'reset', cause: unknown): ConnectError {
  const what = `Failed to ${verb} consumer group offsets for connector ${name}`
  const reason = cause instanceof ConnectError ? cause.facts['kafkaError'] : undefined
  if (!HAS_MEMBERS.has(reason)) return new ConnectError('INTERNAL', what, { cause })
  return new ConnectError(
    'RETRIABLE',
    `${what} either because its tasks haven't stopped completely yet or the connector was resumed before the request to ${verb} its offsets could be successfully completed. If the connector is in a stopped state, this operation can be safely retried. If it doesn't eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie sink tasks.`,
    { cause }
  )
}
