import {
  offsetCommitV2,
  offsetCommitV3,
  offsetCommitV4,
  offsetCommitV5,
  offsetCommitV6,
  offsetCommitV7,
  offsetCommitV8,
  offsetCommitV9,
  offsetFetchV2,
  offsetFetchV3,
  offsetFetchV4,
  offsetFetchV5,
  offsetFetchV6,
  offsetFetchV7,
  offsetFetchV8,
  offsetFetchV9
} from '@platformatic/kafka'
import type { BrokerAddress } from '../../settings/clients/client-settings.ts'
import { errorName } from '../client/broker-errors.ts'
import type { ApiVersions, NetworkClient } from '../client/network-client.ts'
import type { ConsumerPosition, TopicPartition } from '../contracts.ts'

/** A commit that belongs to no round of the group: the broker takes it only while the group is empty. */
export const NO_ROUND = { generation: -1, memberId: '', groupInstanceId: null } as const

export interface CommittingMember {
  readonly generation: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface PartitionOutcome extends TopicPartition {
  /** `NONE` or Kafka's name of the error. */
  readonly error: string
}

/** A partition of which nothing is committed has no offset. */
type FetchedOffset = PartitionOutcome &
  Omit<ConsumerPosition, 'offset'> & {
    readonly offset: number | null
  }

interface FetchedOffsets {
  /** Of the group as a whole. */
  readonly error: string
  readonly partitions: readonly FetchedOffset[]
}

const offsetCommitApi = [
  offsetCommitV2.api,
  offsetCommitV3.api,
  offsetCommitV4.api,
  offsetCommitV5.api,
  offsetCommitV6.api,
  offsetCommitV7.api,
  offsetCommitV8.api,
  offsetCommitV9.api
]

interface FetchedGroup {
  readonly errorCode?: number
  readonly topics?: readonly {
    readonly name: string
    readonly partitions: readonly {
      readonly partitionIndex: number
      readonly errorCode: number
      readonly committedOffset: bigint
      readonly committedLeaderEpoch: number
      readonly metadata?: string | null | undefined
    }[]
  }[]
}

interface GroupAsked {
  groupId: string
  memberEpoch: number
  topics: { name: string; partitionIndexes: number[] }[] | null
}

/** Up to version 7 the answer is about one group, from 8 on it has one for each. */
const offsetFetchApi: ApiVersions<
  [groups: GroupAsked[], requireStable: boolean],
  FetchedGroup & { readonly groups: readonly FetchedGroup[] }
> = [
  offsetFetchV2.api,
  offsetFetchV3.api,
  offsetFetchV4.api,
  offsetFetchV5.api,
  offsetFetchV6.api,
  offsetFetchV7.api,
  offsetFetchV8.api,
  offsetFetchV9.api
]

/** One request to the group's coordinator, as this member of this round and none other. */
export async function commitOffsets(
  network: NetworkClient,
  coordinator: BrokerAddress,
  groupId: string,
  { generation, memberId, groupInstanceId }: CommittingMember,
  positions: readonly ConsumerPosition[]
): Promise<readonly PartitionOutcome[]> {
  const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([name, of]) => ({
    name,
    partitions: of.map(({ partition, offset, leaderEpoch = -1, metadata = '' }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: metadata
    }))
  }))
  const response = await network.callForResponse(
    coordinator,
    offsetCommitApi,
    groupId,
    generation,
    memberId,
    groupInstanceId,
    topics
  )
  return response.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) => ({
      topic: name,
      partition: partitionIndex,
      error: errorName(errorCode)
    }))
  )
}

/**
 * What the group has committed of these partitions, null: of all. A partition whose offset is part of a
 * transaction that has not ended answers UNSTABLE_OFFSET_COMMIT, from brokers that can tell.
 */
export async function fetchOffsets(
  network: NetworkClient,
  coordinator: BrokerAddress,
  groupId: string,
  partitions: readonly TopicPartition[] | null
): Promise<FetchedOffsets> {
  const topics =
    partitions === null
      ? null
      : [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, of]) => ({
          name,
          partitionIndexes: of.map(({ partition }) => partition)
        }))
  const group = { groupId, memberEpoch: -1, topics }
  const response = await network.callForResponse(coordinator, offsetFetchApi, [group], true)
  const answer = response.groups[0] ?? response
  return {
    error: errorName(answer.errorCode ?? 0),
    partitions: (answer.topics ?? []).flatMap(({ name, partitions: of }) =>
      of.map(({ partitionIndex, errorCode, committedOffset, committedLeaderEpoch, metadata }) => ({
        topic: name,
        partition: partitionIndex,
        error: errorName(errorCode),
        offset: committedOffset < 0n ? null : Number(committedOffset),
        ...(committedLeaderEpoch >= 0 ? { leaderEpoch: committedLeaderEpoch } : {}),
        ...(metadata === null || metadata === undefined || metadata === '' ? {} : { metadata })
      }))
    )
  }
}
