import type { SourceRecord } from '../../data/record.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import type { ProducerRecord, RecordProducer, RefusedRecord } from '../../kafka/contracts.ts'
import { describeRecord, recordText } from '../pipeline/record-text.ts'
import type { RetryWithTolerance } from '../pipeline/retry-with-tolerance.ts'
import { SendWindow } from './send-window.ts'
import type { SourceTaskInstance } from './source-task-instance.ts'
import type { SubmittedBatch, SubmittedRecords } from './submitted-records.ts'

/** Source records and, in the same order, what each became; null when it is dropped. */
export interface ConvertedBatch {
  readonly sources: readonly SourceRecord[]
  readonly records: readonly (ProducerRecord | null)[]
  /** Of the records, about. */
  readonly bytes: number
}

/**
 * Hands converted records to Kafka, in order, and acknowledges them to SubmittedRecords. With
 * `errors.tolerance=all` a record that Kafka will never take is left out; what is behind it goes on in order,
 * and nothing goes twice.
 */
export class SourceRecordSender {
  readonly #submitted: SubmittedRecords
  readonly #errors: RetryWithTolerance
  readonly #onAcked: (written: number, dropped: number) => void
  readonly #plugin: SourceTaskInstance
  readonly #producer: RecordProducer
  readonly #window: SendWindow
  #failure: unknown = null
  #cancelled = false

  constructor(options: {
    /** Reports refused records if these are tolerated. */
    producer: RecordProducer
    submitted: SubmittedRecords
    errors: RetryWithTolerance
    /** After Kafka acknowledged a batch; `dropped` counts those of it that were not sent. */
    onAcked(written: number, dropped: number): void
    /** Is told of each record Kafka acknowledged or that was dropped, if it wants to know. */
    plugin: SourceTaskInstance
  }) {
    this.#submitted = options.submitted
    this.#errors = options.errors
    this.#onAcked = options.onAcked
    this.#plugin = options.plugin
    this.#producer = options.producer
    this.#window = new SendWindow(options.producer.bufferBytes)
  }

  get bytesPerSend(): number {
    return this.#window.bytesPerSend
  }

  get standstill(): string | null {
    return this.#producer.standstill
  }

  /** Sends one batch; waits only while too much is under way. Throws what an earlier send failed with. */
  async send(batch: ConvertedBatch): Promise<void> {
    await this.#window.room(batch.bytes)
    this.throwFailure()
    if (this.#cancelled) return
    // I1: registered before it is sent, in the order of the task.
    const submitted = this.#submitted.submit(batch.sources)
    const records = batch.records.filter((record) => record !== null)
    // Kept until the acknowledgement only where somebody will look at it: what waits here is work for the
    // garbage collector.
    const kept = this.#errors.tolerateAll || this.#plugin.watchesRecords ? batch : null
    const sent = this.#deliver(records, batch.records.length, submitted, kept)
    this.#window.add(
      sent.catch((error: unknown) => {
        this.#failure ??= error
      }),
      batch.bytes
    )
  }

  async #deliver(
    records: readonly ProducerRecord[],
    polled: number,
    submitted: SubmittedBatch,
    kept: ConvertedBatch | null
  ): Promise<void> {
    const refused = records.length === 0 ? [] : await this.#producer.send(records)
    if (kept !== null) for (const each of refused) this.#leaveOut(kept, each)
    submitted.ack()
    const written = records.length - refused.length
    this.#onAcked(written, polled - written)
    for (const source of kept?.sources ?? []) this.#plugin.recordCommitted(source)
  }

  #leaveOut({ sources, records }: ConvertedBatch, { record, reason }: RefusedRecord): void {
    const source = sources[records.indexOf(record)] as SourceRecord
    this.#errors.skipOrThrow(reason, {
      stage: 'KAFKA_PRODUCE',
      executing: 'org.apache.kafka.connect.runtime.WorkerSourceTask',
      describe: () => describeRecord(source, (record) => this.#plugin.nameRow(record)),
      text: () => recordText(source)
    })
  }

  /** The first failure of a send makes the task fail at its next step. */
  throwFailure(): void {
    if (this.#failure === null) return
    throw new ConnectError(
      'KAFKA_ERROR',
      `Unrecoverable exception from producer send callback: ${messageOf(this.#failure)}`,
      { cause: this.#failure }
    )
  }

  /** Resolves when nothing is under way. */
  drained(): Promise<void> {
    return this.#window.settled()
  }

  /** I2: nothing more is handed to Kafka. */
  cancel(): void {
    this.#cancelled = true
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#producer.close(timeoutMs)
  }
}
