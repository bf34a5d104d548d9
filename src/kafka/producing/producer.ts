import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { settledWithin } from '../../wait.ts'
import { addresses } from '../client/client-settings.ts'
import { NetworkClient } from '../client/network-client.ts'
import type {
  ClientProperties,
  ProducerRecord,
  RecordProducer,
  RefusedRecord
} from '../contracts.ts'
import type { PendingSend } from './pending-send.ts'
import { ProducerCore } from './producer-core.ts'
import { IdempotentSession, type ProducerSession, plainSession } from './producer-session.ts'
import { type ProducerSettings, producerSettings } from './producer-settings.ts'

/** After this a send that is not acknowledged is worth a word. */
export const STANDSTILL_MS = 30_000
/** `delivery.timeout.ms` of Connect's producers: no limit. */
const NO_LIMIT_MS = 2_147_483_647

interface ProducerOptions {
  /** On whose behalf records go out; by default an idempotent producer's. */
  readonly session?: ProducerSession
  readonly refused?: 'fail' | 'report'
  readonly standstillMs?: number
}

/**
 * Idempotent producer: acks=all, up to five requests in flight per broker, order per partition kept across
 * retries, broker restarts and leader changes. A failed attempt is repeated until `delivery.timeout.ms`, by
 * default for ever.
 *
 * The first failure that cannot be repaired ends the producer: that send rejects with the reason (facts:
 * topic, partition, kafkaError), all others with the same reason as their cause. With `refused: 'report'`
 * records that Kafka will never take are left out instead, and everything behind them goes on in order. How
 * much waits here is bounded by the sends the caller has under way.
 *
 * OPEN takes sends. `close` → CLOSING: what is under way may come to its end. A limit or a failure ends it,
 * from OPEN or CLOSING.
 */
export class KafkaRecordProducer implements RecordProducer {
  readonly bufferBytes: number
  readonly #clock: Clock
  readonly #settings: ProducerSettings
  readonly #standstillMs: number
  readonly #clientId: string
  readonly #network: NetworkClient
  readonly #core: ProducerCore
  /** Why nothing more is taken: closed, or ended by a failure. null while OPEN. */
  #refusal: ConnectError | null = null

  constructor(
    clock: Clock,
    client: ClientProperties,
    clientId: string,
    log: Logger,
    { session, refused = 'fail', standstillMs = STANDSTILL_MS }: ProducerOptions = {}
  ) {
    this.#clock = clock
    this.#settings = producerSettings(client, clock)
    this.bufferBytes = this.#settings.bufferBytes
    this.#standstillMs = standstillMs
    this.#clientId = clientId
    this.#network = new NetworkClient(this.#settings.client, clientId)
    const own = this.#settings.idempotent
      ? new IdempotentSession(clock, this.#network, log)
      : plainSession
    this.#core = new ProducerCore(clock, this.#network, {
      settings: this.#settings,
      session: session ?? own,
      onRefusal: refused === 'report' ? 'report' : 'end',
      log,
      onFatal: (error, guilty) => this.#fail(error, guilty)
    })
  }

  get standstill(): string | null {
    const [oldest] = this.#core.deliveries
    if (oldest === undefined) return null
    const waitedMs = this.#clock.monotonicMs() - oldest.startedMs
    if (waitedMs < this.#standstillMs) return null
    // Not how long: the text is compared to tell whether something is new.
    const since = new Date(this.#clock.now() - waitedMs).toISOString().slice(0, 16)
    const why = this.#core.trouble ?? 'a broker has not answered yet'
    return `Kafka has not acknowledged records since ${since}Z: ${why}`
  }

  async send(records: readonly ProducerRecord[]): Promise<readonly RefusedRecord[]> {
    if (this.#refusal !== null) throw this.#refusal
    if (records.length === 0) return []
    const delivery = this.#core.send(records)
    if (this.#settings.deliveryTimeoutMs < NO_LIMIT_MS) void this.#watchExpiry(delivery)
    return delivery.outcome
  }

  async close(timeoutMs: number): Promise<void> {
    const closed = new ConnectError('WORKER_STOPPING', `Producer ${this.#clientId} was closed`)
    this.#refusal ??= closed
    const underWay = [...this.#core.deliveries].map(({ outcome }) => outcome)
    if (underWay.length > 0 && timeoutMs > 0) {
      await settledWithin(this.#clock, Promise.allSettled(underWay), timeoutMs)
    }
    await Promise.all([this.#core.end(closed), this.#network.close()])
  }

  /** I8: a send that takes longer ends the producer. */
  async #watchExpiry({ outcome }: PendingSend): Promise<void> {
    const { client, deliveryTimeoutMs } = this.#settings
    if (await settledWithin(this.#clock, outcome, deliveryTimeoutMs)) return
    this.#fail(
      new ConnectError(
        'KAFKA_UNAVAILABLE',
        `Kafka at ${addresses(client)} did not acknowledge records within ${deliveryTimeoutMs} ms (delivery.timeout.ms)`
      ),
      []
    )
  }

  /** The guilty sends fail first, so that their callers see the reason before others see the consequence. */
  #fail(error: ConnectError, guilty: readonly PendingSend[]): void {
    this.#refusal = notSent(error)
    for (const delivery of guilty) delivery.fail(error)
    void this.#core.end(guilty.length === 0 ? error : this.#refusal)
  }
}

function notSent(reason: ConnectError): ConnectError {
  return new ConnectError(
    reason.code,
    `Not sent, because the producer ended with an earlier failure: ${reason.message}`,
    { cause: reason }
  )
}
