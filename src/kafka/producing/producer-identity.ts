import {
  initProducerIdV0,
  initProducerIdV1,
  initProducerIdV2,
  initProducerIdV3,
  initProducerIdV4,
  initProducerIdV5
} from '@platformatic/kafka'
import { ConnectError } from '../../errors.ts'
import { errorName, isRetriableName } from '../client/broker-errors.ts'
import type { ApiVersions, NetworkClient } from '../client/network-client.ts'
import type { ProducerIdentity } from './record-batch.ts'

const NO_TRANSACTION_TIMEOUT = 2_147_483_647

/**
 * From version 3 on, a producer that names what it is gets the next epoch, unless another one took its place.
 */
export const initProducerIdApi: ApiVersions<
  [
    transactionalId: string | null,
    transactionTimeoutMs: number,
    producerId?: bigint,
    producerEpoch?: number
  ],
  { readonly errorCode: number; readonly producerId: bigint; readonly producerEpoch: number }
> = [
  initProducerIdV0.api,
  initProducerIdV1.api,
  initProducerIdV2.api,
  initProducerIdV3.api,
  initProducerIdV4.api,
  initProducerIdV5.api
]

/**
 * A new producer id from any broker; null when the principal may not have one (brokers before 2.8 ask for
 * IdempotentWrite). Rejects with ConnectError or the library's error.
 */
export async function newProducerIdentity(
  network: NetworkClient
): Promise<ProducerIdentity | null> {
  const { errorCode, producerId, producerEpoch } = await network.callAny(
    initProducerIdApi,
    null,
    NO_TRANSACTION_TIMEOUT
  )
  const error = errorName(errorCode)
  if (error === 'NONE') return { producerId, epoch: producerEpoch, transactional: false }
  if (error === 'CLUSTER_AUTHORIZATION_FAILED') return null
  throw new ConnectError(
    isRetriableName(error) ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR',
    `The broker gave no producer id: ${error}`,
    { kafkaError: error }
  )
}
