import type { Clock } from '../clock.ts'
import { ConnectError } from '../errors.ts'
import type { ClientProperties, KafkaClients, TransactionalProducer } from '../kafka/contracts.ts'
import type { Logger } from '../log.ts'
import { abortingAfter, within } from '../wait.ts'
import type { ConfigRecord } from './config-records.ts'

interface LeaderWriterOptions {
  readonly clients: KafkaClients
  readonly client: ClientProperties
  readonly clientId: string
  /** The same on every worker of the group: who claims it last is the only one whose writes count. */
  readonly transactionalId: string
  readonly topic: string
  readonly clock: Clock
  readonly log: Logger
}

/** A leader that was put out of the group without knowing must not hold up the one that took its place. */
const CLAIM_LIMIT_MS = 30_000

/**
 * What the leader writes to the config topic, each write a transaction (I3): an older leader is fenced by the
 * claim of the newer one. A write that failed ends the claim, for its outcome may not be known: the next
 * claim settles it.
 */
export class LeaderWriter {
  readonly #options: LeaderWriterOptions
  #producer: TransactionalProducer | null = null

  constructor(options: LeaderWriterOptions) {
    this.#options = options
  }

  get claimed(): boolean {
    return this.#producer !== null
  }

  async claim(): Promise<void> {
    if (this.#producer !== null) return
    const { clients, client, clientId, transactionalId, clock, log } = this.#options
    const producer = clients.transactionalProducer(client, clientId, transactionalId)
    try {
      await abortingAfter(clock, CLAIM_LIMIT_MS, (limit) => producer.initialize(limit))
    } catch (error) {
      await producer.close(0)
      throw error
    }
    log.debug('Claimed the right to write the config topic', { transactionalId })
    this.#producer = producer
  }

  async relinquish(): Promise<void> {
    const producer = this.#producer
    this.#producer = null
    await producer?.close(0)
  }

  /** All of them become visible together. */
  async write(records: readonly ConfigRecord[], limitMs: number): Promise<void> {
    const producer = this.#producer
    try {
      if (producer === null) throw new Error('This worker has not claimed it, or lost it again')
      const { topic, clock } = this.#options
      await within(clock, this.#transaction(producer, records), limitMs, () => {
        return new ConnectError(
          'KAFKA_UNAVAILABLE',
          `Topic ${topic} did not take a transaction within ${limitMs} ms`
        )
      })
    } catch (cause) {
      if (this.#producer === producer) await this.relinquish()
      throw new ConnectError(
        'KAFKA_UNAVAILABLE',
        'Failed to write to config topic; this may be due to a transient error and the request can be safely retried',
        { cause, leadership: true }
      )
    }
  }

  async #transaction(
    producer: TransactionalProducer,
    records: readonly ConfigRecord[]
  ): Promise<void> {
    const { topic } = this.#options
    await producer.send(
      records.map(({ key, value }) => ({
        topic,
        partition: 0,
        key,
        value,
        timestamp: null,
        headers: []
      }))
    )
    await producer.commit()
  }
}
