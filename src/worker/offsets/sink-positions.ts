import { ConnectError } from '../../errors.ts'
import type { ConsumerPosition, TopicPartition } from '../../kafka/contracts.ts'
import type { StoredMap, StoredOffset } from '../../storage/offset-store.ts'
import type { RequestedOffset } from '../contracts.ts'

const TOPIC = 'kafka_topic'
const PARTITION = 'kafka_partition'
const OFFSET = 'kafka_offset'

/** Where the group of a sink goes on in a partition; `offset` null: what is committed is removed. */
export interface GroupPosition extends TopicPartition {
  readonly offset: number | null
}

/** A committed position in the form of Kafka Connect's answers. */
export function storedPosition({ topic, partition, offset }: GroupPosition): StoredOffset {
  return { partition: { [PARTITION]: partition, [TOPIC]: topic }, offset: offsetMap(offset) }
}

export function offsetMap(offset: number | null): StoredMap | null {
  return offset === null ? null : { [OFFSET]: offset }
}

/** Committed positions, by topic and partition. */
export function storedPositions(committed: readonly ConsumerPosition[]): StoredOffset[] {
  return [...committed].sort(byPartition).map(storedPosition)
}

export function byPartition(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}

/** `orders-0`: one of them, in messages and as a key. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** Whether it is a partition of a sink in the form above, whosever it is. */
export function isSinkPartition(partition: StoredMap): boolean {
  return Object.hasOwn(partition, TOPIC) && Object.hasOwn(partition, PARTITION)
}

/**
 * Offsets of a request. Numbers may be texts, as in the JVM worker; of a partition given twice the last one
 * counts. Throws that worker's 400s, and one for offsets no partition can have.
 */
export function groupPositions(requested: readonly RequestedOffset[]): GroupPosition[] {
  const positions = new Map<string, GroupPosition>()
  for (const { partition, offset } of requested) {
    const of = requestedPartition(partition)
    positions.set(partitionName(of), { ...of, offset: requestedOffset(of, offset) })
  }
  return [...positions.values()]
}

function requestedPartition(map: RequestedOffset['partition']): TopicPartition {
  if (map === null)
    throw wrong('The partition for a sink connector offset cannot be null or missing')
  if (!Object.hasOwn(map, TOPIC) || !Object.hasOwn(map, PARTITION)) {
    throw wrong(
      `The partition for a sink connector offset must contain the keys '${TOPIC}' and '${PARTITION}'`
    )
  }
  const { [TOPIC]: topic, [PARTITION]: partition } = map
  if (topic === null) throw wrong('Kafka topic names must be valid strings and may not be null')
  if (partition === null) throw wrong('Kafka partitions must be valid numbers and may not be null')
  const number = integer(partition, 32)
  if (number !== null) return { topic: javaText(topic), partition: Number(number) }
  throw wrong(
    `Failed to parse the following Kafka partition value in the provided offsets: '${javaText(partition)}'. Partition values for sink connectors need to be integers.`
  )
}

function requestedOffset(of: TopicPartition, map: RequestedOffset['offset']): number | null {
  if (map === null) return null
  if (!Object.hasOwn(map, OFFSET)) {
    throw wrong(
      `The offset for a sink connector should either be null or contain the key '${OFFSET}'`
    )
  }
  const given = map[OFFSET]
  const offset = integer(given, 64)
  if (offset === null) {
    throw wrong(
      `Failed to parse the following Kafka offset value in the provided offsets: '${javaText(given)}'. Offset values for sink connectors need to be integers.`
    )
  }
  if (offset < 0n || offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw wrong(`Partition ${partitionName(of)} can have no offset ${offset}`)
  }
  return Number(offset)
}

/** As `Integer.parseInt` and `Long.parseLong` read what `String.valueOf` made; null: not at all. */
function integer(value: unknown, bits: 32 | 64): bigint | null {
  const text = javaText(value)
  if (!/^[+-]?[0-9]{1,40}$/.test(text)) return null
  const number = BigInt(text.replace(/^\+/, ''))
  return BigInt.asIntN(bits, number) === number ? number : null
}

/** Scalars as Java prints them; lists and objects, which only appear in error texts, as JSON. */
function javaText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

function wrong(message: string): ConnectError {
  return new ConnectError('BAD_REQUEST', message)
}
