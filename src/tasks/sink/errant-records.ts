import type { RecordBytes, SinkRecord } from '../../data/record.ts'
import { RetriableError } from '../../errors.ts'
import type { ErrantRecordReporter } from '../../plugin/sink.ts'
import { abortable } from '../../wait.ts'
import type { RetryWithTolerance } from '../pipeline/retry-with-tolerance.ts'
import type { SinkConversion } from '../pipeline/sink-conversion.ts'
import {
  consumedRecordText,
  describeSinkRecord,
  type SinkRecordNamer
} from '../pipeline/sink-record-text.ts'
import type { FailedRecord } from './dead-letter.ts'
import type { DeadLetterQueue } from './dead-letter-queue.ts'

interface ErrantRecordsOptions {
  readonly errors: RetryWithTolerance
  readonly conversion: SinkConversion
  readonly deadLetters: DeadLetterQueue | null
  readonly nameOf: SinkRecordNamer
  /** Nobody may wait any more. */
  readonly givenUp: AbortSignal
}

const PUT = { name: 'TASK_PUT', className: 'org.apache.kafka.connect.sink.SinkTask' } as const

/**
 * Takes the records that a plugin cannot write. What it reports is waited for before anything counts as
 * written (I10), whether the plugin waits for it or not; and what a report rejected with is not forgotten
 * because the plugin caught it.
 */
export class ErrantRecords implements ErrantRecordReporter {
  readonly #options: ErrantRecordsOptions
  readonly #underWay = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | null = null

  constructor(options: ErrantRecordsOptions) {
    this.#options = options
  }

  report(record: SinkRecord, error: unknown): Promise<void> {
    const reported = this.#report(record, error).catch((failure: unknown) => {
      this.#failure ??= { error: failure }
      throw failure
    })
    this.#underWay.add(reported)
    void reported.then(
      () => this.#underWay.delete(reported),
      () => this.#underWay.delete(reported)
    )
    return reported
  }

  /**
   * What was reported since the last time has been taken. Rejects with the first failure: a RetriableError
   * when the dead letter queue did not take a record.
   */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay)
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) throw failure.error
  }

  async #report(record: SinkRecord, error: unknown): Promise<void> {
    const { errors, conversion, deadLetters, nameOf, givenUp } = this.#options
    const bytes =
      deadLetters === null ? null : (record.originalBytes ?? (await conversion.bytesOf(record)))
    let sent: Promise<void> = Promise.resolve()
    try {
      errors.skipOrThrow(error, {
        stage: PUT.name,
        executing: PUT.className,
        describe: () => describeSinkRecord(record, nameOf),
        text: () => consumedRecordText(consumed(record)),
        report: (failure) => {
          if (bytes === null || deadLetters === null) return
          sent = deadLetters.send(failedRecord(record, bytes), { stage: PUT, error: failure })
        }
      })
    } catch (notTolerated) {
      // It is on its way all the same, as in a JVM worker, and nobody waits for it.
      sent.catch(() => undefined)
      throw notTolerated
    }
    await abortable(sent, givenUp, () => new RetriableError('The task was given up'))
  }
}

function consumed(record: SinkRecord): Omit<FailedRecord, keyof RecordBytes> & {
  readonly offset: number
  readonly timestampType: SinkRecord['timestampType']
} {
  const { timestamp, timestampType } = record
  // A record that a plugin made stands where the plugin says.
  return record.originalBytes === null
    ? {
        topic: record.topic,
        partition: record.kafkaPartition ?? 0,
        offset: Number(record.kafkaOffset),
        timestamp,
        timestampType
      }
    : {
        topic: record.originalTopic,
        partition: record.originalKafkaPartition,
        offset: Number(record.originalKafkaOffset),
        timestamp,
        timestampType
      }
}

function failedRecord(record: SinkRecord, bytes: RecordBytes): FailedRecord {
  return { ...consumed(record), key: bytes.key, value: bytes.value, headers: bytes.headers }
}
