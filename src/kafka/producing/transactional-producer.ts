import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type {
  ClientProperties,
  ProducerRecord,
  RefusedRecord,
  TransactionalProducer
} from '../contracts.ts'
import { NetworkClient } from '../client/network-client.ts'
import { KafkaRecordProducer, STANDSTILL_MS } from './producer.ts'
import { type ProducerSettings, producerSettings } from './producer-settings.ts'
import type { ProducerIdentity } from './record-batch.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'
import { TransactionalSession } from './transactional-session.ts'

/** One epoch: what can be sent with it, until it is replaced or closed. */
interface Epoch {
  readonly identity: ProducerIdentity
  readonly session: TransactionalSession
  readonly producer: KafkaRecordProducer
  readonly sends: Set<Promise<unknown>>
  /** Why a send failed: from then on nothing can be committed with this epoch. */
  failure: unknown
}

/** A reader of committed records waits for an abandoned transaction: aborting it is worth this much. */
const ABORT_LIMIT_MS = 10_000

/**
 * NEW → `initialize` → READY ⇄ IN TRANSACTION (from the first send to `commit` or `abort`). A failed send
 * ends the epoch: its transaction can only be aborted. After a commit without an answer
 * (TRANSACTION_UNCERTAIN), `initialize` settles it and takes the next epoch. I2: once another producer took
 * an epoch, Kafka refuses whatever this one still sends.
 */
export class KafkaTransactionalProducer implements TransactionalProducer {
  readonly bufferBytes: number
  readonly #clock: Clock
  readonly #client: ClientProperties
  readonly #clientId: string
  readonly #settings: ProducerSettings
  readonly #log: Logger
  readonly #network: NetworkClient
  readonly #coordinator: TransactionCoordinator
  readonly #closed = new AbortController()
  #epoch: Epoch | null = null

  constructor(
    clock: Clock,
    client: ClientProperties,
    clientId: string,
    transactionalId: string,
    log: Logger
  ) {
    this.#clock = clock
    this.#client = client
    this.#clientId = clientId
    this.#log = log
    this.#settings = producerSettings(client, clock)
    this.bufferBytes = this.#settings.bufferBytes
    if (!this.#settings.idempotent) {
      log.warn(
        `enable.idempotence=false has no effect for ${clientId}: a producer of transactions is idempotent`
      )
    }
    this.#network = new NetworkClient(this.#settings.client, clientId)
    this.#coordinator = new TransactionCoordinator(clock, this.#network, transactionalId)
  }

  async initialize(signal?: AbortSignal): Promise<void> {
    const before = this.#epoch
    const { transactionTimeoutMs, maxBlockMs } = this.#settings
    const identity = await this.#coordinator.nextEpoch(
      transactionTimeoutMs,
      before?.identity ?? null,
      maxBlockMs,
      signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal])
    )
    if (before !== null) await this.#end(before, 0)
    this.#closed.signal.throwIfAborted()
    const session = new TransactionalSession(this.#coordinator, identity, maxBlockMs)
    const producer = new KafkaRecordProducer(this.#clock, this.#client, this.#clientId, this.#log, {
      session
    })
    this.#epoch = { identity, session, producer, sends: new Set(), failure: null }
  }

  get inTransaction(): boolean {
    return this.#epoch !== null && (this.#epoch.sends.size > 0 || this.#epoch.session.open)
  }

  get standstill(): string | null {
    return this.#coordinator.standstill(STANDSTILL_MS) ?? this.#epoch?.producer.standstill ?? null
  }

  send(records: readonly ProducerRecord[]): Promise<readonly RefusedRecord[]> {
    const epoch = this.#current()
    const sent = epoch.producer.send(records)
    // A failure is told to the sender, and again by `commit`.
    const watched = sent
      .catch((error: unknown) => {
        epoch.failure ??= error
      })
      .finally(() => epoch.sends.delete(watched))
    epoch.sends.add(watched)
    return sent
  }

  async commit(): Promise<void> {
    const epoch = this.#current()
    const { identity, session } = epoch
    await Promise.all(epoch.sends)
    if (epoch.failure !== null) throw epoch.failure
    if (!session.open) return
    const { transactionTimeoutMs } = this.#settings
    await this.#coordinator.end(identity, true, transactionTimeoutMs, this.#closed.signal)
    session.ended()
  }

  async abort(): Promise<void> {
    const epoch = this.#current()
    // What is still on its way must not become part of the next transaction.
    await Promise.all(epoch.sends)
    await this.#abort(epoch, ABORT_LIMIT_MS)
    epoch.session.ended()
  }

  async close(timeoutMs: number): Promise<void> {
    const epoch = this.#epoch
    if (epoch !== null) await this.#end(epoch, timeoutMs)
    if (epoch !== null && timeoutMs > 0) {
      await this.#abort(epoch, Math.min(timeoutMs, ABORT_LIMIT_MS)).catch((error: unknown) => {
        this.#log.debug('The transaction of a closed producer is left to its time-out', { error })
      })
    }
    this.#closed.abort()
    await this.#network.close()
  }

  async #abort({ identity, session }: Epoch, limitMs: number): Promise<void> {
    if (!session.open) return
    try {
      await this.#coordinator.end(identity, false, limitMs, this.#closed.signal)
    } catch (error) {
      // No partition got into the transaction: there is none.
      if ((error as ConnectError).facts['kafkaError'] !== 'INVALID_TXN_STATE') throw error
    }
  }

  async #end({ session, producer }: Epoch, timeoutMs: number): Promise<void> {
    if (timeoutMs === 0) session.stop()
    await producer.close(timeoutMs)
    session.stop()
  }

  #current(): Epoch {
    if (this.#epoch === null || this.#closed.signal.aborted) {
      throw new ConnectError(
        'WORKER_STOPPING',
        `Producer ${this.#clientId} has no epoch: it was not initialized, or closed`
      )
    }
    return this.#epoch
  }
}
