import type { SourceRecord } from '../../data/record.ts'
import { DataError } from '../../errors.ts'
import type { ProducerRecord } from '../../kafka/contracts.ts'
import { closeConversion, type Converters } from './converters.ts'
import { describeRecord, recordText, type RowNamer } from './record-text.ts'
import type { RetryWithTolerance, Stage } from './retry-with-tolerance.ts'
import type { TransformationChain } from './transformation-chain.ts'

type Bytes = Uint8Array | null
const NO_HEADERS: ProducerRecord['headers'] = []

/** Turns source records into producer records: transformations, then header, key and value converter. */
export class RecordConversion {
  readonly #chain: TransformationChain
  readonly #converters: Converters
  readonly #errors: RetryWithTolerance
  readonly #rowOf: RowNamer | undefined
  #closed: Promise<void> | null = null

  constructor(
    chain: TransformationChain,
    converters: Converters,
    errors: RetryWithTolerance,
    rowOf?: RowNamer
  ) {
    this.#chain = chain
    this.#converters = converters
    this.#errors = errors
    this.#rowOf = rowOf
  }

  /** null: the record is dropped, by a transformation or by `errors.tolerance`. Answers at once unless something has to be waited for. */
  convert(record: SourceRecord): ProducerRecord | null | Promise<ProducerRecord | null> {
    if (!this.#chain.empty || record.headers.length > 0) return this.#convertSlowly(record)
    const { key, value } = this.#converters
    let keyBytes: Bytes | Promise<Bytes>
    let valueBytes: Bytes | Promise<Bytes>
    try {
      keyBytes = key.converter.fromConnectData(record.topic, record.keySchema, record.key)
      valueBytes = value.converter.fromConnectData(record.topic, record.valueSchema, record.value)
    } catch {
      // Found again, with its stage, by the careful path.
      return this.#convertSlowly(record)
    }
    if (keyBytes instanceof Promise || valueBytes instanceof Promise) {
      return this.#await(record, keyBytes, valueBytes)
    }
    return producerRecord(record, keyBytes, valueBytes, NO_HEADERS)
  }

  /** Nothing is converted any more; what still waits in a converter gives up. */
  close(): Promise<void> {
    this.#closed ??= closeConversion(this.#chain, this.#converters)
    return this.#closed
  }

  async #await(
    record: SourceRecord,
    key: Bytes | Promise<Bytes>,
    value: Bytes | Promise<Bytes>
  ): Promise<ProducerRecord | null> {
    // allSettled: neither may be left rejecting unseen.
    const [k, v] = await Promise.allSettled([key, value])
    if (k.status === 'rejected' || v.status === 'rejected') return this.#convertSlowly(record)
    return producerRecord(record, k.value, v.value, NO_HEADERS)
  }

  async #convertSlowly(original: SourceRecord): Promise<ProducerRecord | null> {
    const transformed = await this.#transform(original)
    if (transformed === null) return null
    const record = transformed
    const { key, value, header } = this.#converters
    const headers = await this.#stage('HEADER_CONVERTER', header.className, original, () =>
      record.headers.map((h) => {
        const bytes = header.converter.fromConnectHeader(record.topic, h.key, h.schema, h.value)
        return [h.key, bytes] as const
      })
    )
    if (headers === undefined) return null
    const keyBytes = await this.#stage('KEY_CONVERTER', key.className, original, () =>
      key.converter.fromConnectData(record.topic, record.keySchema, record.key, record.headers)
    )
    if (keyBytes === undefined) return null
    const valueBytes = await this.#stage('VALUE_CONVERTER', value.className, original, () =>
      value.converter.fromConnectData(
        record.topic,
        record.valueSchema,
        record.value,
        record.headers
      )
    )
    if (valueBytes === undefined) return null
    return producerRecord(record, keyBytes, valueBytes, headers)
  }

  async #transform(original: SourceRecord): Promise<SourceRecord | null> {
    let record = original
    for (let index = 0; index < this.#chain.length; index++) {
      const input = record
      const output = await this.#stage(
        'TRANSFORMATION',
        this.#chain.className(index),
        original,
        () => this.#chain.applyOne(index, input)
      )
      if (output === undefined || output === null) return null
      record = output
    }
    return record
  }

  /** undefined: the record is to be skipped. */
  async #stage<T>(
    stage: Stage,
    executing: string,
    original: SourceRecord,
    attempt: () => T | Promise<T>
  ): Promise<T | undefined> {
    try {
      return await attempt()
    } catch (error) {
      const describe = (): string => describeRecord(original, this.#rowOf)
      const context = { stage, executing, describe, text: () => recordText(original) }
      const named =
        error instanceof DataError
          ? new DataError(`${error.message} (${describe()})`, { cause: error })
          : error
      return this.#errors.recover(named, context, attempt)
    }
  }
}

function producerRecord(
  record: SourceRecord,
  key: Bytes,
  value: Bytes,
  headers: ProducerRecord['headers']
): ProducerRecord {
  return {
    topic: record.topic,
    partition: record.kafkaPartition,
    key,
    value,
    timestamp: record.timestamp,
    headers
  }
}
