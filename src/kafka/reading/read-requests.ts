import {
  type RecordsBatch,
  fetchV4,
  fetchV5,
  fetchV6,
  fetchV7,
  fetchV8,
  fetchV9,
  fetchV10,
  fetchV11,
  fetchV12,
  listOffsetsV2,
  listOffsetsV3,
  listOffsetsV4,
  listOffsetsV5,
  listOffsetsV6,
  listOffsetsV7,
  listOffsetsV8,
  listOffsetsV9
} from '@platformatic/kafka'
import { errorName } from '../client/broker-errors.ts'
import type { BrokerAddress, FetchSettings } from '../../settings/clients/client-settings.ts'
import type { AbortedTransaction } from './fetched-records.ts'
import type { ApiVersions, NetworkClient } from '../client/network-client.ts'

/** Which end of a partition `listOffsets` asks for. */
export const offsetSpecs = { earliest: -2n, latest: -1n } as const

interface PartitionOffset {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly offset: bigint
}

type ListOffsetsArguments = [
  replica: number,
  isolationLevel: number,
  topics: {
    name: string
    partitions: { partitionIndex: number; currentLeaderEpoch: number; timestamp: bigint }[]
  }[]
]

const listOffsetsApi: ApiVersions<
  ListOffsetsArguments,
  { readonly topics: readonly { readonly partitions: readonly PartitionOffset[] }[] }
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

type FetchArguments = [
  maxWaitMs: number,
  minBytes: number,
  maxBytes: number,
  isolationLevel: number,
  sessionId: number,
  sessionEpoch: number,
  topics: {
    topicId: string
    partitions: {
      partition: number
      currentLeaderEpoch: number
      fetchOffset: bigint
      lastFetchedEpoch: number
      partitionMaxBytes: number
    }[]
  }[],
  forgotten: [],
  rackId: string
]

interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly partitionIndex: number
      readonly errorCode: number
      readonly abortedTransactions: readonly AbortedTransaction[] | null
      readonly records?: RecordsBatch[] | null
    }[]
  }[]
}

/**
 * Up to version 12 a fetch names topics; later ones use topic ids, which add nothing for a log that is read
 * by name.
 */
const fetchApi: ApiVersions<FetchArguments, FetchResponse> = [
  fetchV4.api,
  fetchV5.api,
  fetchV6.api,
  fetchV7.api,
  fetchV8.api,
  fetchV9.api,
  fetchV10.api,
  fetchV11.api,
  fetchV12.api
]

export interface ReadRequest {
  readonly topic: string
  readonly readCommitted: boolean
}

/** The earliest or latest offset of partitions led by one broker; `error` is `NONE` or Kafka's name. */
export async function listOffsets(
  network: NetworkClient,
  leader: BrokerAddress,
  { topic, readCommitted }: ReadRequest,
  partitions: readonly number[],
  spec: bigint
): Promise<{ partition: number; error: string; offset: bigint }[]> {
  const response = await network.callForResponse(
    leader,
    listOffsetsApi,
    -1,
    readCommitted ? 1 : 0,
    [
      {
        name: topic,
        partitions: partitions.map((partitionIndex) => ({
          partitionIndex,
          currentLeaderEpoch: -1,
          timestamp: spec
        }))
      }
    ]
  )
  return response.topics.flatMap((each) =>
    each.partitions.map(({ partitionIndex, errorCode, offset }) => ({
      partition: partitionIndex,
      error: errorName(errorCode),
      offset
    }))
  )
}

interface FetchAnswer {
  readonly partition: number
  readonly error: string
  readonly batches: readonly RecordsBatch[]
  readonly aborted: readonly AbortedTransaction[] | null
}

/** Batches at the given positions from the leader of these partitions. */
export async function fetchRecords(
  network: NetworkClient,
  leader: BrokerAddress,
  { topic, readCommitted }: ReadRequest,
  positions: ReadonlyMap<number, bigint>,
  { maxWaitMs, minBytes, maxBytes, maxPartitionBytes }: FetchSettings
): Promise<FetchAnswer[]> {
  const response = await network.callForResponse(
    leader,
    fetchApi,
    maxWaitMs,
    minBytes,
    maxBytes,
    readCommitted ? 1 : 0,
    0,
    -1,
    [
      {
        topicId: topic,
        partitions: [...positions].map(([partition, fetchOffset]) => ({
          partition,
          currentLeaderEpoch: -1,
          fetchOffset,
          lastFetchedEpoch: -1,
          partitionMaxBytes: maxPartitionBytes
        }))
      }
    ],
    [],
    ''
  )
  return response.responses.flatMap((each) =>
    each.partitions.map(({ partitionIndex, errorCode, records, abortedTransactions }) => ({
      partition: partitionIndex,
      error: errorName(errorCode),
      batches: records ?? [],
      aborted: readCommitted ? (abortedTransactions ?? []) : null
    }))
  )
}
