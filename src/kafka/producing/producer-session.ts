import type { Clock } from '../../clock.ts'
import type { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { retrying } from '../../wait.ts'
import { brokerError, isRetriableBrokerError } from '../client/broker-errors.ts'
import type { NetworkClient } from '../client/network-client.ts'
import { newProducerIdentity } from './producer-identity.ts'
import type { ProducerIdentity } from './record-batch.ts'

/** On whose behalf a producer sends: plainly, idempotently, or in transactions. */
export interface ProducerSession {
  readonly transactionalId: string | null
  /** null: without idempotence; undefined: not known at present. Changes only while nothing is in flight. */
  readonly identity: ProducerIdentity | null | undefined
  /**
   * Makes `identity` known, trying again for as long as it may help. Rejects with ConnectError when it does
   * not.
   */
  identify(signal: AbortSignal): Promise<void>
  /** Whether batches for this partition may go now. If not, `events.onReady` is called when they may. */
  admits(topic: string, partition: number): boolean
  /**
   * The broker does not accept the place of the oldest batch of a partition in the sequence. Answers null
   * when sending goes on with a new identity once nothing is in flight, otherwise the error that ends the
   * producer.
   */
  onSequenceRefused(partition: string, error: string): ConnectError | null
  /** A batch was left out: what is behind it goes on with a new identity once nothing is in flight. */
  onBatchLeftOut(): void
  /** Set by whoever sends. */
  listen(events: SessionEvents): void
}

export interface SessionEvents {
  onReady(): void
  onFatal(error: ConnectError): void
}

/** No sequence numbers: only one request at a time keeps the order, and a repeated one may write twice. */
export const plainSession: ProducerSession = {
  transactionalId: null,
  identity: null,
  async identify() {},
  admits: () => true,
  onSequenceRefused: () => null,
  onBatchLeftOut() {},
  listen() {}
}

/**
 * A producer id of its own, replaced when the broker no longer knows it: a record whose acknowledgement was
 * lost then may be written twice.
 */
export class IdempotentSession implements ProducerSession {
  readonly transactionalId = null
  readonly #clock: Clock
  readonly #network: NetworkClient
  readonly #log: Logger
  #identity: ProducerIdentity | null | undefined = undefined

  constructor(clock: Clock, network: NetworkClient, log: Logger) {
    this.#clock = clock
    this.#network = network
    this.#log = log
  }

  get identity(): ProducerIdentity | null | undefined {
    return this.#identity
  }

  async identify(signal: AbortSignal): Promise<void> {
    if (this.#identity !== undefined) return
    try {
      this.#identity = await retrying(
        this.#clock,
        { backoff: this.#network.settings.backoff, isPassing: isRetriableBrokerError },
        () => newProducerIdentity(this.#network),
        signal
      )
    } catch (error) {
      if (signal.aborted) return
      throw brokerError(error, 'Failed to get a producer id')
    }
    if (this.#identity !== null) return
    this.#log.warn(
      'Kafka does not allow idempotent writes here: one request at a time, and a repeated one may write twice'
    )
  }

  admits(): boolean {
    return true
  }

  onSequenceRefused(partition: string, error: string): null {
    if (this.#identity !== undefined) {
      this.#log.warn(`Kafka lost the sequence of ${partition} (${error}); taking a new producer id`)
      this.#identity = undefined
    }
    return null
  }

  onBatchLeftOut(): void {
    if (this.#identity !== null) this.#identity = undefined
  }

  listen(): void {}
}
