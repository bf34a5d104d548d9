import {
  addPartitionsToTxnV0,
  addPartitionsToTxnV1,
  addPartitionsToTxnV2,
  addPartitionsToTxnV3,
  endTxnV0,
  endTxnV1,
  endTxnV2,
  endTxnV3,
  endTxnV4
} from '@platformatic/kafka'
import type { Clock } from '../../clock.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import { Backoff } from '../../wait.ts'
import { brokerError, errorName, isRetriableName } from '../client/broker-errors.ts'
import type { ApiVersions, BrokerNode, NetworkClient } from '../client/network-client.ts'
import { initProducerIdApi } from './producer-identity.ts'
import type { ProducerIdentity } from './record-batch.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

interface TransactionPartitions {
  transactionalId: string
  producerId: bigint
  producerEpoch: number
  verifyOnly: boolean
  topics: { name: string; partitions: number[] }[]
}

/** Version 4 and later are for brokers among themselves. */
const addPartitionsApi: ApiVersions<
  [transactions: TransactionPartitions[]],
  {
    readonly resultsByTransaction: readonly {
      readonly topicResults: readonly {
        readonly resultsByPartition: readonly { readonly partitionErrorCode: number }[]
      }[]
    }[]
  }
> = [
  addPartitionsToTxnV0.api,
  addPartitionsToTxnV1.api,
  addPartitionsToTxnV2.api,
  addPartitionsToTxnV3.api
]

const endTransactionApi: ApiVersions<
  [transactionalId: string, producerId: bigint, producerEpoch: number, committed: boolean],
  { readonly errorCode: number }
> = [endTxnV0.api, endTxnV1.api, endTxnV2.api, endTxnV3.api, endTxnV4.api]

/** Another producer has the id now, or the broker aborted the transaction and with it this epoch. */
const fenced: ReadonlySet<string> = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH'])

/** The coordinator answers so while it still ends the transaction before; that takes milliseconds. */
const STILL_ENDING = 'CONCURRENT_TRANSACTIONS'
const STILL_ENDING_BACKOFF = { firstMs: 5, lastMs: 100 }

/** The answer of a broker to something a producer with a transactional id did. */
export function transactionError(doing: string, kafkaError: string): ConnectError {
  const refused = isRetriableName(kafkaError) ? 'KAFKA_UNAVAILABLE' : 'KAFKA_ERROR'
  const code = fenced.has(kafkaError) ? 'PRODUCER_FENCED' : refused
  return new ConnectError(code, `${doing}: ${kafkaError}`, { kafkaError })
}

/** One kind of request, for `TransactionCoordinator.#request`. */
interface Attempts {
  readonly doing: string
  /** From now on. */
  readonly limitMs: number
  readonly signal: AbortSignal
  /** Sends it and answers `NONE` or Kafka's name of what is wrong. */
  attempt(coordinator: BrokerNode): Promise<string>
}

/**
 * Requests to the broker that keeps the transactions of one transactional id. It is looked for again when it
 * has moved or does not answer; each request is repeated while that may help, within its limit: repeating has
 * no further effect.
 */
export class TransactionCoordinator {
  readonly transactionalId: string
  readonly #clock: Clock
  readonly #network: NetworkClient
  /** What is being asked for and was refused so far; null when nothing is. */
  #trouble: { readonly sinceMs: number; readonly why: string } | null = null
  #coordinator: BrokerNode | null = null

  constructor(clock: Clock, network: NetworkClient, transactionalId: string) {
    this.#clock = clock
    this.#network = network
    this.transactionalId = transactionalId
  }

  /** Why what is asked for has not come about, if it has not for longer than this. */
  standstill(afterMs: number): string | null {
    const { sinceMs, why } = this.#trouble ?? { sinceMs: Number.POSITIVE_INFINITY, why: '' }
    return this.#clock.monotonicMs() - sinceMs < afterMs || why === '' ? null : why
  }

  /**
   * The next epoch of the transactional id. Whatever transaction is open is aborted, one that is being
   * committed is waited for, and every producer with an older epoch is fenced. With `current` it is refused
   * (PRODUCER_FENCED) unless that is the last epoch given out.
   */
  async nextEpoch(
    transactionTimeoutMs: number,
    current: ProducerIdentity | null,
    limitMs: number,
    signal: AbortSignal
  ): Promise<ProducerIdentity> {
    const given = { producerId: -1n, epoch: -1 }
    await this.#request({
      doing: `Kafka gave no producer epoch for ${this.transactionalId}`,
      limitMs,
      signal,
      attempt: async (coordinator) => {
        const answer = await this.#network.callForResponse(
          coordinator,
          initProducerIdApi,
          this.transactionalId,
          transactionTimeoutMs,
          current?.producerId ?? -1n,
          current?.epoch ?? -1
        )
        given.producerId = answer.producerId
        given.epoch = answer.producerEpoch
        return errorName(answer.errorCode)
      }
    })
    return { ...given, transactional: true }
  }

  /** Makes partitions part of the open transaction, or opens one. */
  async addPartitions(
    { producerId, epoch }: ProducerIdentity,
    partitions: readonly TopicPartition[],
    limitMs: number,
    signal: AbortSignal
  ): Promise<void> {
    const transaction: TransactionPartitions = {
      transactionalId: this.transactionalId,
      producerId,
      producerEpoch: epoch,
      verifyOnly: false,
      topics: [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
        name,
        partitions: ofTopic.map(({ partition }) => partition)
      }))
    }
    await this.#request({
      doing: `Kafka did not accept ${transaction.topics.map(({ name }) => name).join(', ')} in a transaction of ${this.transactionalId}`,
      limitMs,
      signal,
      attempt: async (coordinator) => {
        const answer = await this.#network.callForResponse(coordinator, addPartitionsApi, [
          transaction
        ])
        const errors = answer.resultsByTransaction
          .flatMap(({ topicResults }) => topicResults)
          .flatMap(({ resultsByPartition }) => resultsByPartition)
          .map(({ partitionErrorCode }) => errorName(partitionErrorCode))
          .filter((error) => error !== 'NONE')
        // Partitions beside a bad one are not attempted: its error is the reason.
        return errors.find((error) => error !== 'OPERATION_NOT_ATTEMPTED') ?? errors[0] ?? 'NONE'
      }
    })
  }

  /**
   * Ends the open transaction. Rejects with TRANSACTION_UNCERTAIN when no answer came within the limit, or
   * before `signal` aborted.
   */
  async end(
    { producerId, epoch }: ProducerIdentity,
    committed: boolean,
    limitMs: number,
    signal: AbortSignal
  ): Promise<void> {
    const doing = `Kafka did not ${committed ? 'commit' : 'abort'} the transaction of ${this.transactionalId}`
    try {
      await this.#request({
        doing,
        limitMs,
        signal,
        attempt: async (coordinator) => {
          const { errorCode } = await this.#network.callForResponse(
            coordinator,
            endTransactionApi,
            this.transactionalId,
            producerId,
            epoch,
            committed
          )
          return errorName(errorCode)
        }
      })
    } catch (error) {
      const known = error instanceof ConnectError && error.facts['kafkaError'] !== undefined
      if (known && !error.retriable) throw error
      throw new ConnectError('TRANSACTION_UNCERTAIN', `${doing} in time; it may have`, {
        cause: error
      })
    }
  }

  async #request(attempts: Attempts): Promise<void> {
    try {
      await this.#repeat(attempts)
    } finally {
      this.#trouble = null
    }
  }

  async #repeat({ doing, limitMs, signal, attempt }: Attempts): Promise<void> {
    const startedMs = this.#clock.monotonicMs()
    const backoff = new Backoff(this.#network.settings.backoff)
    const stillEnding = new Backoff(STILL_ENDING_BACKOFF)
    for (;;) {
      // I2: what was given up is not begun any more.
      if (signal.aborted) throw new ConnectError('WORKER_STOPPING', `${doing}: it was given up`)
      const failure = await this.#try(doing, attempt)
      if (failure === null) return
      if (!failure.retriable) throw failure
      this.#trouble = { sinceMs: startedMs, why: messageOf(failure) }
      const isEnding = failure.facts['kafkaError'] === STILL_ENDING
      if (!isEnding) this.#coordinator = null
      const pauseMs = (isEnding ? stillEnding : backoff).next()
      if (this.#clock.monotonicMs() + pauseMs >= startedMs + limitMs) {
        throw new ConnectError('KAFKA_UNAVAILABLE', `${doing} within ${limitMs} ms`, {
          cause: failure
        })
      }
      await this.#clock.sleep(pauseMs, signal)
    }
  }

  /** One attempt; null when it succeeded. */
  async #try(doing: string, attempt: Attempts['attempt']): Promise<ConnectError | null> {
    try {
      const error = await attempt(await this.#find())
      return error === 'NONE' ? null : transactionError(doing, error)
    } catch (error) {
      return brokerError(error, doing)
    }
  }

  async #find(): Promise<BrokerNode> {
    this.#coordinator ??= await this.#network.coordinator('transaction', this.transactionalId)
    return this.#coordinator
  }
}
