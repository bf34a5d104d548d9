import type { TopicPartition } from '../contracts.ts'
import { Reader, Writer } from './protocol-bytes.ts'

/*
  What consumers of a group tell each other, byte for byte as Java's clients write it:

  Subscription => version INT16 | topics ARRAY of STRING | user_data NULLABLE_BYTES
    v1+ owned ARRAY of TopicPartitions | v2+ generation INT32 | v3 rack STRING (length -1: null)
  Assignment (v0 … v3 alike) => version INT16 | assigned ARRAY of TopicPartitions | user_data NULLABLE_BYTES
  TopicPartitions => topic STRING | partitions ARRAY of INT32

  Brokers read subscriptions, too: 4.x never answers a join whose subscription it cannot read.
*/
const NEWEST = 3
const NO_GENERATION = -1

/** What a member brings to a join. */
export interface Subscription {
  readonly topics: readonly string[]
  /** Of its assignor; null: none. */
  readonly userData: Uint8Array | null
  readonly ownedPartitions: readonly TopicPartition[]
  /** Of the round that gave it `ownedPartitions`; null: it does not say. */
  readonly generation: number | null
  /** `client.rack`; null: none. */
  readonly rack: string | null
}

/** What the leader gives to a member. */
export interface PartitionAssignment {
  readonly partitions: readonly TopicPartition[]
  readonly userData: Uint8Array | null
}

/** Topics and owned partitions are written in order, whatever order they come in. */
export function encodeSubscription(subscription: Subscription, version = NEWEST): Buffer {
  const { topics, userData, ownedPartitions, generation, rack } = subscription
  const writer = new Writer()
  writer.int16(version)
  writer.int32(topics.length)
  for (const topic of topics.toSorted()) writer.string(topic)
  writer.nullableBytes(userData)
  if (version >= 1) writePartitions(writer, ownedPartitions.toSorted(byTopicAndPartition))
  if (version >= 2) writer.int32(generation ?? NO_GENERATION)
  if (version >= 3) writer.nullableString(rack)
  return writer.bytes()
}

/**
 * Fields that are missing at the end take their defaults, whatever the version promises, and a newer version
 * is read as far as it is known. Throws ConnectError for bytes that end within a field.
 */
export function decodeSubscription(bytes: Uint8Array): Subscription {
  const reader = new Reader(bytes, 'subscription of a consumer')
  const version = reader.version()
  const has = (since: number): boolean => version >= since && reader.more()
  const topics = reader.array(() => reader.string())
  const userData = has(0) ? reader.nullableBytes() : null
  const ownedPartitions = has(1) ? readPartitions(reader) : []
  const generation = has(2) ? reader.int32() : NO_GENERATION
  const rack = has(3) ? reader.string() : ''
  return {
    topics,
    userData,
    ownedPartitions,
    generation: generation < 0 ? null : generation,
    rack: rack === '' ? null : rack
  }
}

export function encodeAssignment(assignment: PartitionAssignment, version = NEWEST): Buffer {
  const writer = new Writer()
  writer.int16(version)
  writePartitions(writer, assignment.partitions)
  writer.nullableBytes(assignment.userData)
  return writer.bytes()
}

/** As `decodeSubscription`; no bytes at all: the leader gave this member nothing. */
export function decodeAssignment(bytes: Uint8Array): PartitionAssignment {
  if (bytes.length === 0) return { partitions: [], userData: null }
  const reader = new Reader(bytes, 'assignment of a consumer')
  reader.version()
  const partitions = readPartitions(reader)
  return { partitions, userData: reader.more() ? reader.nullableBytes() : null }
}

/** The order of Java's texts, and of partitions as numbers. */
export function byTopicAndPartition(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}

/** A topic stands where its first partition does. */
function writePartitions(writer: Writer, partitions: readonly TopicPartition[]): void {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
  writer.int32(byTopic.size)
  for (const [topic, ofTopic] of byTopic) {
    writer.string(topic)
    writer.int32(ofTopic.length)
    for (const { partition } of ofTopic) writer.int32(partition)
  }
}

function readPartitions(reader: Reader): TopicPartition[] {
  return reader
    .array(() => ({ topic: reader.string(), partitions: reader.array(() => reader.int32()) }))
    .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
