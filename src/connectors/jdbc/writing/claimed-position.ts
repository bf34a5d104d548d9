import { ConnectError } from '../../../errors.ts'
import type { PartitionOrigin } from '../../../plugin/sink.ts'
import { type ClaimedOffset, offsetKey, type OffsetPartition } from '../database/sink-offsets.ts'

/** With it begins what a task that keeps positions in the database commits beside an offset in Kafka. */
export const METADATA = 'knode:'

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
 * I15: throws ConnectError for a partition whose row is gone. Where the group is, the database was: rows that
 * it has forgotten with its position would not come again.
 */
export function requireRows(
  origins: readonly PartitionOrigin[],
  rows: readonly OffsetPartition[]
): void {
  const there = new Set(rows.map((row) => offsetKey(row)))
  const gone = origins.find(
    (each) => !there.has(offsetKey(each)) && each.metadata?.startsWith(METADATA) === true
  )
  if (gone === undefined) return
  throw new ConnectError(
    'KAFKA_ERROR',
    `The database has no position of partition ${gone.partition} of topic ${gone.topic} any more: it was at ${gone.committed} at least, as the group has it. Where it is to be read from can be set by the offsets of the connector; sink.offsets.table and sink.offsets.name say where positions are looked for`
  )
}

/** What an operator should know of a claim; null: nothing. */
export function claimNotice(
  { topic, partition, nextOffset, before }: ClaimedOffset,
  { first, committed, metadata, topicId }: PartitionOrigin
): string | null {
  const name = `Partition ${partition} of topic ${topic}`
  const isOther = topicId !== null && before?.topicId !== null && before?.topicId !== topicId
  if (before !== null && isOther) {
    return `${name}: the topic was made anew since the database was at ${before.nextOffset ?? 'no offset'} of it, and is read from its beginning`
  }
  if (nextOffset < first) {
    return `${name}: ${first - nextOffset} offsets from ${nextOffset} on are missing in Kafka`
  }
  const isOurs = metadata?.startsWith(METADATA) === true
  // What this task did not come to commit any more is no news.
  const isLag = isOurs && (committed ?? 0n) <= nextOffset
  if (before === null || committed === null || committed === nextOffset || isLag) return null
  return `${name}: the group has committed offset ${committed}, and the database is at ${nextOffset}, which counts`
}
