import { ConnectError } from '../../../errors.ts'
import type { PartitionOrigin } from '../../../plugin/sink.ts'
import type { ClaimedOffset } from '../database/sink-offsets.ts'

/**
 * Where a partition is read from whose row was claimed: its position, or the first record that Kafka still
 * has. Throws ConnectError where `failsOnGap` and records are missing, and for a position that the topic has
 * not reached.
 */
export function positionOf(
  { nextOffset, ...row }: ClaimedOffset,
  { first, end }: PartitionOrigin,
  failsOnGap: boolean
): bigint {
  const name = `partition ${row.partition} of topic ${row.topic}`
  if (nextOffset > end) {
    throw new ConnectError(
      'KAFKA_ERROR',
      `The database is at offset ${nextOffset} of ${name}, which ends at ${end}: the topic has lost records, or was made anew. Where it is to be read from can be set by the offsets of the connector`
    )
  }
  if (nextOffset >= first) return nextOffset
  if (!failsOnGap) return first
  throw new ConnectError(
    'KAFKA_ERROR',
    `The database is at offset ${nextOffset} of ${name}, and Kafka has records from ${first} on: ${first - nextOffset} are missing. sink.offset.gap=continue goes on without them`
  )
}

/**
 * What an operator should know of a claim; null: nothing. `metadata`: with what a commit of a task begins
 * that keeps its positions in the database.
 */
export function claimNotice(
  { topic, partition, nextOffset, before }: ClaimedOffset,
  { first, committed, metadata: beside, topicId }: PartitionOrigin,
  metadata: string
): string | null {
  const name = `Partition ${partition} of topic ${topic}`
  const isOther = topicId !== null && before?.topicId !== null && before?.topicId !== topicId
  if (before !== null && isOther) {
    return `${name}: the topic was made anew since the database was at ${before.nextOffset ?? 'no offset'} of it, and is read from its beginning`
  }
  if (nextOffset < first) {
    return `${name}: ${first - nextOffset} offsets from ${nextOffset} on are missing in Kafka`
  }
  const isOurs = beside?.startsWith(metadata) === true
  // What this task did not come to commit any more is no news.
  const isLag = isOurs && (committed ?? 0n) <= nextOffset
  if (before === null || committed === null || committed === nextOffset || isLag) return null
  return `${name}: the group has committed offset ${committed}, and the database is at ${nextOffset}, which counts`
}
