import type { Clock } from '../../clock.ts'
import type { ConfigMap } from '../../config/config-def.ts'
import { ConfigError, messageOf } from '../../errors.ts'
import type { KafkaClients, TopicPartition } from '../../kafka/contracts.ts'
import type {
  NewPosition,
  StartFrom,
  StartPreview,
  StartWanted,
  StoredPosition
} from '../../plugin/start-from.ts'
import type { OffsetReset } from '../../settings/clients/consumer-settings.ts'
import type { ConnectorClientProperties } from '../connector-client-properties.ts'
import {
  byPartition,
  type GroupPosition,
  groupPositions,
  offsetMap,
  partitionName,
  storedPosition
} from './sink-positions.ts'
import {
  about,
  type SinkStart,
  sinkStartRequest,
  type SinkStartRequest
} from './sink-start-request.ts'
import { type PartitionRange, SinkTopicsLook } from './sink-topics-look.ts'

interface SinkStartOptions {
  readonly name: string
  readonly clients: KafkaClients
  readonly clientProperties: ConnectorClientProperties
  readonly clock: Clock
}

interface PartitionStart extends TopicPartition {
  readonly start: SinkStart
}

/** How the positions of a sink are moved that are in its consumer group alone. */
export function sinkStart(options: SinkStartOptions): StartFrom {
  return {
    plan: (config, wanted, _, signal) => plan(options, config, wanted, signal),
    preview: (config, changes, stored, signal) => preview(options, config, changes, stored, signal)
  }
}

async function plan(
  options: SinkStartOptions,
  config: ConfigMap,
  wanted: StartWanted,
  signal: AbortSignal
): Promise<NewPosition[]> {
  if ('restored' in wanted) return groupPositions(wanted.restored).map(storedPosition)
  const request = sinkStartRequest(wanted.given, options.clock.now())
  const positions = await SinkTopicsLook.with(options, config, signal, async (look) => {
    const starts = partitionStarts(request, await look.topics())
    return startPositions(starts, look)
  })
  return positions.sort(byPartition).map(storedPosition)
}

function partitionStarts(
  request: SinkStartRequest,
  topics: ReadonlyMap<string, readonly TopicPartition[]>
): PartitionStart[] {
  if (topics.size === 0) throw new ConfigError('None of the topics of the connector is there')
  if ('all' in request) {
    return [...topics.values()].flat().map((of) => ({ ...of, start: request.all }))
  }
  return [...request.topics].flatMap(([topic, of]) => {
    const partitions = topics.get(topic)
    if (partitions === undefined) throw unknownTopic(topic, [...topics.keys()])
    if ('all' in of) return partitions.map((each) => ({ ...each, start: of.all }))
    return [...of.partitions].map(([partition, start]) => {
      if (partition < partitions.length) return { topic, partition, start }
      throw new ConfigError(
        `Topic ${topic} has the partitions 0 to ${partitions.length - 1}, and no ${partition}`
      )
    })
  })
}

function unknownTopic(topic: string, known: readonly string[]): ConfigError {
  const some = known.slice(0, 10).join(', ')
  return new ConfigError(
    `The connector reads no topic ${topic}, or it is not there; it reads ${some}${known.length > 10 ? ' …' : ''}`
  )
}

async function startPositions(
  starts: readonly PartitionStart[],
  look: SinkTopicsLook
): Promise<GroupPosition[]> {
  const ranges = await look.ranges(starts)
  const times = await offsetsAtTimes(starts, look)
  return starts.flatMap(({ start, topic, partition }) => {
    const name = partitionName({ topic, partition })
    const range = ranges.get(name)
    if (range === undefined) return []
    const offset = about(`Partition ${name}`, () => startOffset(start, range, times.get(name)))
    return [{ topic, partition, offset }]
  })
}

/** Of those that start with a time. */
async function offsetsAtTimes(
  starts: readonly PartitionStart[],
  look: SinkTopicsLook
): Promise<ReadonlyMap<string, number | null>> {
  const byTime = new Map<number, TopicPartition[]>()
  for (const { start, topic, partition } of starts) {
    if (start.kind !== 'time') continue
    const partitions = byTime.get(start.ms) ?? []
    byTime.set(start.ms, partitions)
    partitions.push({ topic, partition })
  }
  const found = new Map<string, number | null>()
  for (const [ms, partitions] of byTime) {
    for (const [name, offset] of await look.offsetsAtTime(partitions, ms)) found.set(name, offset)
  }
  return found
}

function startOffset(
  start: SinkStart,
  { first, end }: PartitionRange,
  atTime: number | null | undefined
): number {
  switch (start.kind) {
    case 'earliest':
      return first
    case 'latest':
      return end
    case 'time':
      // No record is as young: behind the last one, as a consumer that asked for the time would begin.
      return atTime ?? end
    case 'offset':
      if (start.offset >= first && start.offset <= end) return start.offset
      throw new ConfigError(
        `it can start at the offsets ${first} to ${end}, not at ${start.offset}`
      )
  }
}

async function preview(
  options: SinkStartOptions,
  config: ConfigMap,
  changes: readonly NewPosition[],
  stored: readonly StoredPosition[],
  signal: AbortSignal
): Promise<StartPreview[]> {
  const before = new Map(
    groupPositions(stored).map((position) => [partitionName(position), position.offset])
  )
  const moved = groupPositions(changes).map((to) => ({
    to,
    from: { ...to, offset: before.get(partitionName(to)) ?? null }
  }))
  try {
    return await SinkTopicsLook.with(options, config, signal, async (look) => {
      const ranges = await look.ranges(moved.map(({ to }) => to))
      return moved.map((move) => counted(move, ranges.get(partitionName(move.to)), look.reset))
    })
  } catch (error) {
    const why = signal.aborted ? 'it takes too long' : messageOf(error)
    return moved.map((move) => notCounted(move, why))
  }
}

interface MovedPosition {
  readonly from: GroupPosition
  readonly to: GroupPosition
}

/** Offsets in between: how many of them are records no more, or never were, Kafka does not tell. */
function counted(
  move: MovedPosition,
  range: PartitionRange | undefined,
  reset: OffsetReset
): StartPreview {
  const from = effective(move.from.offset, range, reset)
  const to = effective(move.to.offset, range, reset)
  if (from === null || to === null) {
    return notCounted(move, 'auto.offset.reset decides where it starts')
  }
  if (from === to) return { ...known(move), effect: 'none', rows: 0, first: null, last: null }
  const [first, end] = from < to ? [from, to] : [to, from]
  return {
    ...known(move),
    effect: from < to ? 'skipped' : 'sent again',
    rows: end - first,
    first: offsetMap(first),
    last: offsetMap(end - 1)
  }
}

/** Where the consumer would begin; null: not known here. */
function effective(
  offset: number | null,
  range: PartitionRange | undefined,
  reset: OffsetReset
): number | null {
  if (range === undefined) return null
  if (offset !== null && offset >= range.first && offset <= range.end) return offset
  if (reset === 'earliest') return range.first
  return reset === 'latest' ? range.end : null
}

function notCounted(move: MovedPosition, why: string): StartPreview {
  const problem = `Not counted: ${why}`
  return { ...known(move), effect: 'none', rows: null, first: null, last: null, problem }
}

function known({ from, to }: MovedPosition): Pick<StartPreview, 'name' | 'from' | 'to'> {
  return { name: partitionName(to), from: offsetMap(from.offset), to: offsetMap(to.offset) }
}
