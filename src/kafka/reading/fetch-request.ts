import {
  type Reader,
  createAPI,
  fetchV4,
  fetchV5,
  fetchV6,
  fetchV7,
  fetchV8,
  fetchV9,
  fetchV10,
  fetchV11,
  fetchV12
} from '@platformatic/kafka'
import { ConnectError } from '../../errors.ts'
import type { BrokerAddress } from '../../settings/clients/client-settings.ts'
import { errorName, isRetriableName } from '../client/broker-errors.ts'
import type { NetworkClient } from '../client/network-client.ts'
import type { TopicPartition } from '../contracts.ts'

/*
  Fetch Response => throttle_time_ms INT32
    (from version 7) error_code INT16, session_id INT32
    [topic STRING, [partition INT32, error_code INT16, high_watermark INT64, last_stable_offset INT64,
      (from 5) log_start_offset INT64, [producer_id INT64, first_offset INT64],
      (from 11) preferred_read_replica INT32, records BYTES, (12) tagged fields]]
  Version 12 is flexible: compact lengths, and tagged fields behind every structure. Tag 0 of a partition is
  diverging_epoch: epoch INT32, end_offset INT64. The library's own parsers unpack and decode all records at
  once; here they stay bytes. Later versions use topic ids, which add nothing for who reads by name.
*/
const SESSION_FROM = 7
const LOG_START_FROM = 5
const PREFERRED_REPLICA_FROM = 11
const FLEXIBLE_FROM = 12
const DIVERGING_EPOCH_TAG = 0

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** From where a partition is read. */
interface FetchPosition extends TopicPartition {
  readonly offset: number
  /** What the client takes for the leader's epoch; -1: it does not know. */
  readonly leaderEpoch: number
  /** Of the record before `offset`; -1: not known. A broker whose log has another one there says so. */
  readonly lastEpoch: number
}

/** What a broker says of one partition. */
export interface FetchedPartition extends TopicPartition {
  /** `NONE`, or Kafka's name of the error. */
  readonly error: string
  /** Behind the last record that every in-sync replica has. */
  readonly highWatermark: number
  /** Before the first record of an open transaction. */
  readonly lastStableOffset: number
  /** Batches as they lie in the log; the first may begin before the position, the last be cut. */
  readonly records: Buffer
  /** Transactions among them that were aborted; null for read_uncommitted. */
  readonly aborted: readonly AbortedTransaction[] | null
  /** Where the log of the leader parts from what was read before; null: it does not. */
  readonly divergesAt: number | null
}

interface FetchLimits {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxPartitionBytes: number
  readonly readCommitted: boolean
}

const NO_RECORDS = Buffer.alloc(0)

function parseResponse(version: number) {
  const isFlexible = version >= FLEXIBLE_FROM
  return (_correlationId: number, _apiKey: number, _version: number, reader: Reader) => {
    reader.readInt32()
    const errorCode = version >= SESSION_FROM ? reader.readInt16() : 0
    if (version >= SESSION_FROM) reader.readInt32()
    const topics = reader.readArray(
      () => {
        const topic = reader.readString(isFlexible)
        const partitions = () => readPartition(reader, version, topic)
        return reader.readArray(partitions, isFlexible, false)
      },
      isFlexible,
      isFlexible
    )
    return { error: errorName(errorCode), partitions: topics.flat() }
  }
}

function readPartition(reader: Reader, version: number, topic: string): FetchedPartition {
  const isFlexible = version >= FLEXIBLE_FROM
  const partition = reader.readInt32()
  const error = errorName(reader.readInt16())
  const highWatermark = Number(reader.readInt64())
  const lastStableOffset = Number(reader.readInt64())
  if (version >= LOG_START_FROM) reader.readInt64()
  const aborted = reader.readNullableArray(
    () => ({ producerId: reader.readInt64(), firstOffset: Number(reader.readInt64()) }),
    isFlexible,
    isFlexible
  )
  if (version >= PREFERRED_REPLICA_FROM) reader.readInt32()
  const records = reader.readNullableBytes(isFlexible) ?? NO_RECORDS
  const divergesAt = isFlexible ? readDivergence(reader) : null
  return {
    topic,
    partition,
    error,
    highWatermark,
    lastStableOffset,
    records,
    aborted,
    divergesAt
  }
}

/** The tagged fields of a partition, of which one is of interest. */
function readDivergence(reader: Reader): number | null {
  let divergesAt: number | null = null
  for (let left = reader.readUnsignedVarInt(); left > 0; left--) {
    const tag = reader.readUnsignedVarInt()
    const end = reader.readUnsignedVarInt() + reader.position
    if (tag === DIVERGING_EPOCH_TAG) {
      const epoch = reader.readInt32()
      const endOffset = Number(reader.readInt64())
      if (epoch >= 0 && endOffset >= 0) divergesAt = endOffset
    }
    reader.skip(end - reader.position)
  }
  return divergesAt
}

const fetchApi = [
  fetchV4,
  fetchV5,
  fetchV6,
  fetchV7,
  fetchV8,
  fetchV9,
  fetchV10,
  fetchV11,
  fetchV12
].map(({ api, createRequest }) => {
  const isFlexible = api.version >= FLEXIBLE_FROM
  return createAPI<Parameters<typeof createRequest>, ReturnType<ReturnType<typeof parseResponse>>>(
    api.key,
    api.version,
    createRequest,
    parseResponse(api.version),
    isFlexible,
    isFlexible
  )
})

/** Without a session: each request says all there is to say. */
const NO_SESSION = [0, -1] as const
/** Without a rack no broker sends the client to a nearer replica, which may lag behind. */
const LEADER_ALONE = ''

/** Asks one broker for records. Rejects when there was no answer, or none that concerns partitions. */
export async function fetchRecords(
  network: NetworkClient,
  broker: BrokerAddress,
  positions: readonly FetchPosition[],
  limits: FetchLimits
): Promise<readonly FetchedPartition[]> {
  const topics = Map.groupBy(positions, ({ topic }) => topic)
  const { error, partitions } = await network.call(
    broker,
    fetchApi,
    limits.maxWaitMs,
    limits.minBytes,
    limits.maxBytes,
    limits.readCommitted ? 1 : 0,
    ...NO_SESSION,
    [...topics].map(([topicId, of]) => ({
      topicId,
      partitions: of.map(({ partition, offset, leaderEpoch, lastEpoch }) => ({
        partition,
        currentLeaderEpoch: leaderEpoch,
        fetchOffset: BigInt(offset),
        lastFetchedEpoch: lastEpoch,
        partitionMaxBytes: limits.maxPartitionBytes
      }))
    })),
    [],
    LEADER_ALONE
  )
  if (error !== 'NONE') {
    const code = isRetriableName(error) ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR'
    throw new ConnectError(code, `The broker refused to be read from: ${error}`, {
      kafkaError: error
    })
  }
  return limits.readCommitted ? partitions : partitions.map((each) => ({ ...each, aborted: null }))
}
