import type { SourceRecord } from '../data/record.ts'
import { ConnectError } from '../errors.ts'
import type { ProducerRecord, RecordProducer } from '../kafka/contracts.ts'
import type { Logger } from '../log.ts'
import { describeRecord } from './record-conversion.ts'
import type { RetryWithTolerance } from './retry-with-tolerance.ts'
import type { SubmittedRecords } from './submitted-records.ts'

/** A record with the producer record it became; null when it is dropped. */
export interface ConvertedRecord {
  readonly source: SourceRecord
  readonly record: ProducerRecord | null
}

/** How many sends may wait for their acknowledgement at once (I8: the queue has a bound). */
const MAX_SENDS_IN_FLIGHT = 5
/** Records of one send at most. */
export const MAX_RECORDS_PER_SEND = 1000

/** Hands converted records to Kafka, in order, and acknowledges them to SubmittedRecords. */
export class SourceRecordSender {
  readonly #makeProducer: () => RecordProducer
  readonly #submitted: SubmittedRecords
  readonly #errors: RetryWithTolerance
  readonly #log: Logger
  readonly #onAcked: (records: readonly ConvertedRecord[]) => void
  #producer: RecordProducer
  readonly #inFlight = new Set<Promise<void>>()
  /** Tolerated failures are resent one after the other; later sends wait for that. */
  #repairing: Promise<void> | null = null
  #failure: unknown = null
  #cancelled = false

  constructor(options: {
    producer: () => RecordProducer
    submitted: SubmittedRecords
    errors: RetryWithTolerance
    log: Logger
    /** After Kafka acknowledged the records, or they were dropped. */
    onAcked(records: readonly ConvertedRecord[]): void
  }) {
    this.#makeProducer = options.producer
    this.#submitted = options.submitted
    this.#errors = options.errors
    this.#log = options.log
    this.#onAcked = options.onAcked
    this.#producer = options.producer()
  }

  /** Sends one batch; waits only while too many are under way. Throws what an earlier send failed with. */
  async send(batch: readonly ConvertedRecord[]): Promise<void> {
    while (this.#inFlight.size >= MAX_SENDS_IN_FLIGHT || this.#repairing !== null) {
      await (this.#repairing ?? Promise.race(this.#inFlight))
    }
    this.throwFailure()
    if (this.#cancelled) return
    // I1: registered before it is sent, in the order of the task.
    const submitted = this.#submitted.submit(batch.map(({ source }) => source))
    const records: ProducerRecord[] = []
    for (const { record } of batch) if (record !== null) records.push(record)
    const sent = records.length === 0 ? Promise.resolve() : this.#producer.send(records)
    const settled = sent
      .catch((error: unknown) => this.#onSendFailure(error, batch))
      .then(() => {
        submitted.ack()
        this.#onAcked(batch)
      })
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => this.#inFlight.delete(settled))
    this.#inFlight.add(settled)
  }

  /** The first failure of a send makes the task fail at its next step. */
  throwFailure(): void {
    if (this.#failure === null) return
    throw new ConnectError('KAFKA_ERROR', 'Unrecoverable exception from producer send callback', {
      cause: this.#failure
    })
  }

  /** Waits for everything under way, at most until `limit` resolves. */
  async drain(limit: Promise<unknown>): Promise<void> {
    let over = false
    const stop = limit.then(() => {
      over = true
    })
    while (this.#inFlight.size > 0 && !over) await Promise.race([...this.#inFlight, stop])
  }

  /** I2: nothing more is handed to Kafka. */
  cancel(): void {
    this.#cancelled = true
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#producer.close(timeoutMs)
  }

  /** With `errors.tolerance=all` the records of a failed send go again one by one and those Kafka refuses are skipped. */
  async #onSendFailure(error: unknown, batch: readonly ConvertedRecord[]): Promise<void> {
    if (!this.#errors.tolerateAll || this.#cancelled) throw error
    const previous = this.#repairing ?? Promise.resolve()
    const repair = previous.then(() => this.#sendOneByOne(batch))
    this.#repairing = repair.catch(() => undefined)
    try {
      await repair
    } finally {
      this.#repairing = null
    }
  }

  async #sendOneByOne(batch: readonly ConvertedRecord[]): Promise<void> {
    this.#log.warn('A send failed; its records are sent again one by one', {
      records: batch.length
    })
    await this.#producer.close(0)
    this.#producer = this.#makeProducer()
    for (const { source, record } of batch) {
      if (record === null || this.#cancelled) continue
      try {
        await this.#producer.send([record])
      } catch (error) {
        this.#errors.skipOrThrow(error, {
          stage: 'KAFKA_PRODUCE',
          executing: 'org.apache.kafka.connect.runtime.WorkerSourceTask',
          describe: () => describeRecord(source)
        })
        await this.#producer.close(0)
        this.#producer = this.#makeProducer()
      }
    }
  }
}
