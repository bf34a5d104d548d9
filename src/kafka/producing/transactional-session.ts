import type { ConnectError } from '../../errors.ts'
import type { ProducerSession, SessionEvents } from './producer-session.ts'
import { partitionKey } from '../client/partition-key.ts'
import type { ProducerIdentity } from './record-batch.ts'
import {
  type TopicPartition,
  type TransactionCoordinator,
  transactionError
} from './transaction-coordinator.ts'

/**
 * Sends in transactions, with one epoch. A partition belongs to the open transaction before the first batch
 * goes to it; those asked for together are added by one request. Whatever the broker refuses ends the
 * producer: the transaction can only be aborted then.
 */
export class TransactionalSession implements ProducerSession {
  readonly transactionalId: string
  readonly identity: ProducerIdentity
  readonly #coordinator: TransactionCoordinator
  readonly #limitMs: number
  readonly #stopped = new AbortController()
  readonly #added = new Set<string>()
  readonly #wanted = new Map<string, TopicPartition>()
  #events: SessionEvents | null = null
  #adding = false

  constructor(coordinator: TransactionCoordinator, identity: ProducerIdentity, limitMs: number) {
    this.#coordinator = coordinator
    this.transactionalId = coordinator.transactionalId
    this.identity = identity
    this.#limitMs = limitMs
  }

  /** Whether the coordinator knows of a transaction, or may. */
  get open(): boolean {
    return this.#added.size > 0 || this.#adding || this.#wanted.size > 0
  }

  listen(events: SessionEvents): void {
    this.#events = events
  }

  async identify(): Promise<void> {}

  admits(topic: string, partition: number): boolean {
    const key = partitionKey(topic, partition)
    if (this.#added.has(key)) return true
    this.#wanted.set(key, { topic, partition })
    if (!this.#adding) {
      this.#adding = true
      // After this turn: other partitions of the same records come along.
      queueMicrotask(() => void this.#addWanted())
    }
    return false
  }

  onSequenceRefused(partition: string, error: string): ConnectError {
    return transactionError(
      `Kafka refused records for ${partition} of ${this.transactionalId}`,
      error
    )
  }

  /** A producer of transactions leaves nothing out: what Kafka refuses ends the transaction. */
  onBatchLeftOut(): void {}

  /** The transaction has ended; the next partition begins another one. */
  ended(): void {
    this.#added.clear()
  }

  stop(): void {
    this.#stopped.abort()
  }

  async #addWanted(): Promise<void> {
    try {
      while (this.#wanted.size > 0) {
        const adding = new Map(this.#wanted)
        await this.#coordinator.addPartitions(
          this.identity,
          [...adding.values()],
          this.#limitMs,
          this.#stopped.signal
        )
        for (const key of adding.keys()) {
          this.#wanted.delete(key)
          this.#added.add(key)
        }
        this.#events?.onReady()
      }
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#events?.onFatal(error as ConnectError)
    } finally {
      this.#adding = false
    }
  }
}
