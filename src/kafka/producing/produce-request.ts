import {
  Writer,
  createAPI,
  produceV3,
  produceV4,
  produceV5,
  produceV6,
  produceV7,
  produceV8,
  produceV9,
  produceV10,
  produceV11
} from '@platformatic/kafka'
import { errorName } from '../client/broker-errors.ts'
import type { BrokerAddress } from '../../settings/clients/client-settings.ts'
import type { NetworkClient } from '../client/network-client.ts'
import { partitionKey } from '../client/partition-key.ts'

const ACKS_ALL = -1
const FLEXIBLE_FROM = 9

/** One encoded batch for one partition. */
interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
}

export interface PartitionOutcome {
  /** `NONE` or Kafka's name of the error. */
  readonly error: string
  readonly message: string | null
}

export interface ProduceAnswer {
  /** By `partitionKey`. */
  readonly outcomes: ReadonlyMap<string, PartitionOutcome>
  /** How long the broker wants to be left alone, for a quota is used up. */
  readonly throttleMs: number
}

interface ProduceResponse {
  readonly throttleTimeMs: number
  readonly responses: readonly {
    readonly name: string
    readonly partitionResponses: readonly {
      readonly index: number
      readonly errorCode: number
      readonly errorMessage?: string | null | undefined
    }[]
  }[]
}

/**
 * Produce Request => transactional_id NULLABLE_STRING | acks INT16 | timeout_ms INT32 | [topic name STRING,
 * [index INT32, records BYTES]] Versions 3 to 8 are not flexible, 9 to 11 are (compact lengths, tagged
 * fields).
 */
function createRequest(flexible: boolean) {
  return (
    transactionalId: string | null,
    timeoutMs: number,
    batches: readonly PartitionBatch[]
  ): Writer => {
    const topics = Map.groupBy(batches, ({ topic }) => topic)
    const writer = Writer.create()
      .appendString(transactionalId, flexible)
      .appendInt16(ACKS_ALL)
      .appendInt32(timeoutMs)
      .appendArray(
        [...topics],
        (w, [topic, partitions]) => {
          w.appendString(topic, flexible).appendArray(
            partitions,
            (inner, { partition, batch }) =>
              inner.appendInt32(partition).appendBytes(batch, flexible),
            flexible,
            flexible
          )
        },
        flexible,
        flexible
      )
    return flexible ? writer.appendTaggedFields() : writer
  }
}

const produceApi = [
  produceV3,
  produceV4,
  produceV5,
  produceV6,
  produceV7,
  produceV8,
  produceV9,
  produceV10,
  produceV11
].map(({ api, parseResponse }) => {
  const flexible = api.version >= FLEXIBLE_FROM
  return createAPI<
    [transactionalId: string | null, timeoutMs: number, batches: readonly PartitionBatch[]],
    ProduceResponse
  >(api.key, api.version, createRequest(flexible), parseResponse, flexible, flexible)
})

/**
 * Writes batches (at most one per partition) with acks=all in one request.
 * Rejects when there was no answer: then the batches may or may not have been written.
 */
export async function produce(
  network: NetworkClient,
  broker: BrokerAddress,
  batches: readonly PartitionBatch[],
  transactionalId: string | null = null
): Promise<ProduceAnswer> {
  const response = await network.callForResponse(
    broker,
    produceApi,
    transactionalId,
    network.settings.requestTimeoutMs,
    batches
  )
  const outcomes = new Map<string, PartitionOutcome>()
  for (const { name, partitionResponses } of response.responses) {
    for (const { index, errorCode, errorMessage } of partitionResponses) {
      outcomes.set(partitionKey(name, index), {
        error: errorName(errorCode),
        message: errorMessage ?? null
      })
    }
  }
  return { outcomes, throttleMs: response.throttleTimeMs }
}
