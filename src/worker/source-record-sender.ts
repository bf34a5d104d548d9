import type { SourceRecord } from '../data/record.ts'
import { ConnectError } from '../errors.ts'
import type { ProducerRecord, RecordProducer } from '../kafka/contracts.ts'
import type { Logger } from '../log.ts'
import { describeRecord, recordText, type RowNamer } from './record-text.ts'
import type { RetryWithTolerance } from './retry-with-tolerance.ts'
import type { SubmittedBatch, SubmittedRecords } from './submitted-records.ts'

/** Source records and, in the same order, what each became; null when it is dropped. */
export interface ConvertedBatch {
  readonly sources: readonly SourceRecord[]
  readonly records: readonly (ProducerRecord | null)[]
}

/** How many sends may wait for their acknowledgement at once (I8: the queue has a bound). */
export const MAX_SENDS_IN_FLIGHT = 5
/** Records of one send at most. */
export const MAX_RECORDS_PER_SEND = 1000

/** Hands converted records to Kafka, in order, and acknowledges them to SubmittedRecords. */
export class SourceRecordSender {
  readonly #makeProducer: () => RecordProducer
  readonly #submitted: SubmittedRecords
  readonly #errors: RetryWithTolerance
  readonly #log: Logger
  readonly #onAcked: (written: number, dropped: number) => void
  readonly #onRecordAcked: ((record: SourceRecord) => void) | null
  readonly #rowOf: RowNamer | undefined
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
    /** After Kafka acknowledged a batch; `dropped` counts those of it that were not sent. */
    onAcked(written: number, dropped: number): void
    /** For each record Kafka acknowledged or that was dropped; null when nobody wants to know. */
    onRecordAcked: ((record: SourceRecord) => void) | null
    rowOf?: RowNamer
  }) {
    this.#makeProducer = options.producer
    this.#submitted = options.submitted
    this.#errors = options.errors
    this.#log = options.log
    this.#onAcked = options.onAcked
    this.#onRecordAcked = options.onRecordAcked
    this.#rowOf = options.rowOf
    this.#producer = options.producer()
  }

  /** Sends one batch; waits only while too many are under way. Throws what an earlier send failed with. */
  async send(batch: ConvertedBatch): Promise<void> {
    while (this.#inFlight.size >= MAX_SENDS_IN_FLIGHT || this.#repairing !== null) {
      await (this.#repairing ?? Promise.race(this.#inFlight))
    }
    this.throwFailure()
    if (this.#cancelled) return
    // I1: registered before it is sent, in the order of the task.
    const submitted = this.#submitted.submit(batch.sources)
    const records = batch.records.filter((record) => record !== null)
    // Kept until the acknowledgement only where somebody will look at it: what waits here is work for the garbage collector.
    const kept = this.#errors.tolerateAll || this.#onRecordAcked !== null ? batch : null
    const settled = this.#deliver(records, batch.records.length, submitted, kept)
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => this.#inFlight.delete(settled))
    this.#inFlight.add(settled)
  }

  async #deliver(
    records: readonly ProducerRecord[],
    polled: number,
    submitted: SubmittedBatch,
    kept: ConvertedBatch | null
  ): Promise<void> {
    const written = records.length
    const sent = written === 0 ? Promise.resolve() : this.#producer.send(records)
    try {
      await sent
    } catch (error) {
      if (kept === null || !this.#errors.tolerateAll || this.#cancelled) throw error
      await this.#repair(kept)
    }
    submitted.ack()
    this.#onAcked(written, polled - written)
    if (kept !== null && this.#onRecordAcked !== null) kept.sources.forEach(this.#onRecordAcked)
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
  async #repair(batch: ConvertedBatch): Promise<void> {
    const repair = (this.#repairing ?? Promise.resolve()).then(() => this.#sendOneByOne(batch))
    const turn = repair.catch(() => undefined)
    this.#repairing = turn
    try {
      await repair
    } finally {
      // Sends that failed with this one wait for their own turn: only the last ends the repair.
      if (this.#repairing === turn) this.#repairing = null
    }
  }

  async #sendOneByOne(batch: ConvertedBatch): Promise<void> {
    this.#log.warn('A send failed; its records are sent again one by one', {
      records: batch.records.length
    })
    await this.#producer.close(0)
    this.#producer = this.#makeProducer()
    for (const [at, record] of batch.records.entries()) {
      if (record === null || this.#cancelled) continue
      try {
        await this.#producer.send([record])
      } catch (error) {
        const source = batch.sources[at] as SourceRecord
        this.#errors.skipOrThrow(error, {
          stage: 'KAFKA_PRODUCE',
          executing: 'org.apache.kafka.connect.runtime.WorkerSourceTask',
          describe: () => describeRecord(source, this.#rowOf),
          text: () => recordText(source)
        })
        await this.#producer.close(0)
        this.#producer = this.#makeProducer()
      }
    }
  }
}
