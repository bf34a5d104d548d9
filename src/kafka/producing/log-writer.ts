import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import { within } from '../../wait.ts'
import { type ClientSettings, addresses } from '../client/client-settings.ts'
import { NetworkClient } from '../client/network-client.ts'
import { noCompression } from './compression.ts'
import type { PendingSend } from './pending-send.ts'
import { ProducerCore } from './producer-core.ts'
import { plainSession } from './producer-session.ts'

export interface LogEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

/**
 * What waits for the same partition goes out as one batch up to this size, and about as much in one request.
 */
const BATCH_BYTES = 262_144

/**
 * Writes to an internal topic, each write within a limit of its own: one that took too long or was refused
 * rejects, and others go on. Acks are those of all replicas; without a producer id, which not every cluster
 * gives, one request at a time keeps the order across retries.
 */
export class LogWriter {
  readonly #clock: Clock
  readonly #settings: ClientSettings
  readonly #topic: string
  readonly #network: NetworkClient
  readonly #core: ProducerCore
  #stopped = false

  constructor(clock: Clock, settings: ClientSettings, clientId: string, topic: string) {
    this.#clock = clock
    this.#settings = settings
    this.#topic = topic
    this.#network = new NetworkClient(settings, clientId)
    this.#core = new ProducerCore(clock, this.#network, {
      settings: {
        client: settings,
        maxInFlight: 1,
        compression: noCompression,
        batchBytes: BATCH_BYTES,
        maxRequestBytes: BATCH_BYTES,
        maxRecordBytes: Number.POSITIVE_INFINITY,
        stickyBytes: BATCH_BYTES,
        ignoreKeys: false,
        roundRobin: false,
        createsTopics: false,
        maxBlockMs: Number.POSITIVE_INFINITY
      },
      session: plainSession,
      onRefusal: 'reject',
      log: null,
      onFatal: (error, guilty) => this.#fail(error, guilty)
    })
  }

  /**
   * Resolves when all entries are acknowledged. Rejects with ConnectError: timed out (retriable), refused, or
   * stopped; entries behind the one that failed are not written to its partition then. I8: what is not
   * acknowledged within `timeoutMs` is not tried again; the attempt that was under way may still have reached
   * the log.
   */
  async write(entries: readonly LogEntry[], timeoutMs: number): Promise<void> {
    if (this.#stopped) throw this.#closed()
    if (entries.length === 0) return
    const delivery = this.#core.send(
      entries.map((entry) => ({
        ...entry,
        topic: this.#topic,
        partition: null,
        timestamp: null,
        headers: []
      }))
    )
    const late = (): ConnectError =>
      new ConnectError(
        'KAFKA_UNAVAILABLE',
        `Topic ${this.#topic} at ${addresses(this.#settings)} did not acknowledge a write within ${timeoutMs} ms`,
        { topic: this.#topic }
      )
    try {
      await within(this.#clock, delivery.outcome, timeoutMs, late)
    } finally {
      delivery.abandon()
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([this.#core.end(this.#closed()), this.#network.close()])
  }

  #fail(error: ConnectError, guilty: readonly PendingSend[]): void {
    for (const delivery of guilty.length > 0 ? guilty : this.#core.deliveries) delivery.fail(error)
  }

  #closed(): ConnectError {
    return new ConnectError('WORKER_STOPPING', `Writing to topic ${this.#topic} was stopped`)
  }
}
