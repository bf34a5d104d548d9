import { systemClock } from '../../clock.ts'
import type { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { brokerError, isRetriableBrokerError } from '../client/broker-errors.ts'
import type { NetworkClient } from '../client/network-client.ts'
import { newProducerIdentity } from './producer-identity.ts'
import type { ProducerIdentity } from './record-batch.ts'

/** On whose behalf a producer sends: plainly, idempotently, or in transactions. */
export interface ProducerSession {
  readonly transactionalId: string | null
  /** null: without idempotence; undefined: not known at present. Changes only while nothing is in flight. */
  readonly identity: ProducerIdentity | null | undefined
  /** Makes `identity` known, trying again for as long as it may help. Rejects with ConnectError when it does not. */
  identify(signal: AbortSignal): Promise<void>
  /** Whether batches for this partition may go now. If not, `events.onReady` is called when they may. */
  admits(topic: string, partition: number): boolean
  /**
   * The broker does not accept the place of the oldest batch of a partition in the sequence. Answers null when sending goes on with a new
   * identity once nothing is in flight, otherwise the error that ends the producer.
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

/** A producer id of its own, replaced when the broker no longer knows it: a record whose acknowledgement was lost then may be written twice. */
export class IdempotentSession implements ProducerSession {
  readonly transactionalId = null
  readonly #network: NetworkClient
  readonly #log: Logger
  #identity: ProducerIdentity | null | undefined

  constructor(network: NetworkClient, idempotent: boolean, log: Logger) {
    this.#network = network
    this.#log = log
    this.#identity = idempotent ? undefined : null
  }

  get identity(): ProducerIdentity | null | undefined {
    return this.#identity
  }

  async identify(signal: AbortSignal): Promise<void> {
    const { retryBackoffMs, retryBackoffMaxMs } = this.#network.settings
    let backoffMs = Math.max(20, retryBackoffMs)
    while (this.#identity === undefined && !signal.aborted) {
      try {
        this.#identity = await newProducerIdentity(this.#network)
        if (this.#identity === null) {
          this.#log.warn(
            'Kafka does not allow idempotent writes here: one request at a time, and a repeated one may write twice'
          )
        }
      } catch (error) {
        if (signal.aborted) return
        if (!isRetriableBrokerError(error)) throw brokerError(error, 'Failed to get a producer id')
        await systemClock.sleep(backoffMs, signal)
        backoffMs = Math.min(backoffMs * 2, Math.max(20, retryBackoffMaxMs))
      }
    }
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
