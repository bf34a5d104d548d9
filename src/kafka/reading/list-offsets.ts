import {
  listOffsetsV2,
  listOffsetsV3,
  listOffsetsV4,
  listOffsetsV5,
  listOffsetsV6,
  listOffsetsV7,
  listOffsetsV8,
  listOffsetsV9
} from '@platformatic/kafka'
import type { BrokerAddress } from '../../settings/clients/client-settings.ts'
import { errorName } from '../client/broker-errors.ts'
import type { ApiVersions, NetworkClient } from '../client/network-client.ts'
import type { TopicPartition } from '../contracts.ts'

/** The first offset, the one behind the last, or that of the first record at or behind an instant. */
export type OffsetSpec = 'earliest' | 'latest' | { readonly epochMs: number }

const EARLIEST = -2n
const LATEST = -1n

interface PartitionAsked {
  readonly partitionIndex: number
  readonly currentLeaderEpoch: number
  readonly timestamp: bigint
}

const listOffsetsApi: ApiVersions<
  [
    replica: number,
    isolationLevel: number,
    topics: { readonly name: string; readonly partitions: PartitionAsked[] }[]
  ],
  {
    readonly topics: readonly {
      readonly name: string
      readonly partitions: readonly {
        readonly partitionIndex: number
        readonly errorCode: number
        readonly offset: bigint
        readonly leaderEpoch?: number
      }[]
    }[]
  }
> = [
  listOffsetsV2.api,
  listOffsetsV3.api,
  listOffsetsV4.api,
  listOffsetsV5.api,
  listOffsetsV6.api,
  listOffsetsV7.api,
  listOffsetsV8.api,
  listOffsetsV9.api
]

export interface ListedOffset extends TopicPartition {
  /** `NONE` or Kafka's name of the error. */
  readonly error: string
  /** Null: there is no record at or behind the instant. */
  readonly offset: number | null
}

/**
 * Offsets of partitions that one broker leads. With `readCommitted` the latest is where the first open
 * transaction begins.
 */
export async function listOffsets(
  network: NetworkClient,
  leader: BrokerAddress,
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
  readCommitted: boolean
): Promise<ListedOffset[]> {
  const timestamp =
    spec === 'earliest' ? EARLIEST : spec === 'latest' ? LATEST : BigInt(Math.trunc(spec.epochMs))
  const topics = Map.groupBy(partitions, ({ topic }) => topic)
  const response = await network.callForResponse(
    leader,
    listOffsetsApi,
    -1,
    readCommitted ? 1 : 0,
    [...topics].map(([name, of]) => ({
      name,
      partitions: of.map(({ partition }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp
      }))
    }))
  )
  return response.topics.flatMap((topic) =>
    topic.partitions.map(({ partitionIndex, errorCode, offset }) => ({
      topic: topic.name,
      partition: partitionIndex,
      error: errorName(errorCode),
      offset: offset < 0n ? null : Number(offset)
    }))
  )
}
