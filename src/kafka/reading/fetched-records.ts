import { crc32c } from '@platformatic/kafka'
import { ConnectError, messageOf } from '../../errors.ts'
import type { ConsumedRecord, TopicPartition } from '../contracts.ts'
import { decompressed } from './decompression.ts'
import type { AbortedTransaction } from './fetch-request.ts'
import {
  type BatchHeader,
  lastBatch,
  readBatchHeader,
  RecordReader
} from './record-batch-reader.ts'

interface Fetched extends TopicPartition {
  readonly records: Buffer
  readonly aborted: readonly AbortedTransaction[] | null
}

interface OpenBatch {
  readonly header: BatchHeader
  readonly reader: RecordReader
}

/**
 * What one answer brought of one partition, handed out record by record from `position` on: without control
 * records and, for read_committed, without those of aborted transactions. Batches wait as they came and are
 * checked and unpacked when it is their turn.
 *
 * The broker lists the aborted transactions that reach into an answer with each answer anew, so that nothing
 * has to be remembered from one to the next. Of one producer there may be several: the first record of each
 * begins it, its abort marker ends it.
 */
export class FetchedRecords {
  readonly topic: string
  readonly partition: number
  /** How many bytes the answer keeps. */
  readonly bytes: number
  /** Behind the last whole batch of the answer. */
  readonly end: number
  /** Leader epoch of that batch. */
  readonly endEpoch: number
  /** Next to be handed out. */
  position: number
  /** Leader epoch of the last batch handed out; -1 before the first. */
  lastEpoch = -1
  readonly #records: Buffer
  readonly #checkCrcs: boolean
  readonly #aborted: AbortedTransaction[]
  #abortedAt = 0
  readonly #abortedProducers = new Set<bigint>()
  #at = 0
  #open: OpenBatch | null = null
  /** The batch whose turn it is, on its way to be open. */
  #unpacking: Promise<true> | null = null

  constructor(fetched: Fetched, position: number, checkCrcs: boolean) {
    this.topic = fetched.topic
    this.partition = fetched.partition
    this.bytes = fetched.records.length
    this.position = position
    this.#records = fetched.records
    this.#checkCrcs = checkCrcs
    const last = this.#guarded(() => lastBatch(fetched.records))
    this.end = Math.max(position, last === null ? 0 : last.lastOffset + 1)
    this.endEpoch = last?.leaderEpoch ?? -1
    this.#aborted = [...(fetched.aborted ?? [])].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /**
   * Gets the next batch ready: false when there is none, and `position` is behind all of them. Rejects or
   * throws KAFKA_ERROR, naming the partition, for what is not as it was written.
   */
  prepare(): boolean | Promise<boolean> {
    while (this.#open === null) {
      if (this.#unpacking !== null) return this.#unpacking
      const header = this.#guarded(() => readBatchHeader(this.#records, this.#at))
      if (header === null) return false
      if (!this.#guarded(() => this.#begin(header))) this.#passed(header)
    }
    return true
  }

  /**
   * Hands out what is left of the prepared batch, at most `records` of them, until `bytes` are reached;
   * answers their bytes.
   */
  take(records: number, bytes: number, into: ConsumedRecord[]): number {
    const open = this.#open
    if (open === null) return 0
    const { header, reader } = open
    const { baseOffset, leaderEpoch, isAppendTime, baseTimestamp, maxTimestamp } = header
    const { topic, partition } = this
    let taken = 0
    let left = records
    this.#guarded(() => {
      while (left > 0 && taken < bytes && reader.left > 0) {
        const record = reader.next()
        const offset = baseOffset + record.offsetDelta
        if (offset < this.position) continue
        const timestamp = isAppendTime ? maxTimestamp : baseTimestamp + record.timestampDelta
        into.push({
          topic,
          partition,
          offset,
          leaderEpoch,
          timestamp: timestamp < 0 ? null : timestamp,
          timestampType:
            timestamp < 0 ? 'NoTimestampType' : isAppendTime ? 'LogAppendTime' : 'CreateTime',
          key: record.key,
          value: record.value,
          headers: record.headers
        })
        this.position = offset + 1
        this.lastEpoch = leaderEpoch
        taken += record.bytes
        left--
      }
    })
    if (reader.left === 0) this.#passed(header)
    return taken
  }

  /** Whether the batch is to be handed out: then it is open, or on its way to that. */
  #begin(header: BatchHeader): boolean {
    if (header.lastOffset < this.position) return false
    if (this.#checkCrcs && crc32c(header.checked) !== header.crc) {
      throw new ConnectError('KAFKA_ERROR', 'its checksum is wrong')
    }
    this.#noteAborted(header.lastOffset)
    if (header.isControl) {
      // A marker, of whichever kind: what its producer writes next is another transaction.
      this.#abortedProducers.delete(header.producerId)
      return false
    }
    if (header.isTransactional && this.#abortedProducers.has(header.producerId)) return false
    const records = decompressed(header.records, header.compression)
    if (records instanceof Promise) this.#unpacking = this.#openWith(header, records)
    else this.#open = { header, reader: new RecordReader(records, header.count) }
    return true
  }

  async #openWith(header: BatchHeader, records: Promise<Buffer>): Promise<true> {
    try {
      this.#open = { header, reader: new RecordReader(await records, header.count) }
      return true
    } catch (error) {
      throw this.#unreadable(error)
    } finally {
      this.#unpacking = null
    }
  }

  #noteAborted(lastOffset: number): void {
    for (;;) {
      const next = this.#aborted[this.#abortedAt]
      if (next === undefined || next.firstOffset > lastOffset) return
      this.#abortedProducers.add(next.producerId)
      this.#abortedAt++
    }
  }

  /** Behind the batch, whatever compaction left of it. */
  #passed(header: BatchHeader): void {
    this.#open = null
    this.#at = header.end
    if (header.lastOffset < this.position - 1) return
    this.position = header.lastOffset + 1
    this.lastEpoch = header.leaderEpoch
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw this.#unreadable(error)
    }
  }

  #unreadable(error: unknown): ConnectError {
    const { topic, partition, position } = this
    return new ConnectError(
      'KAFKA_ERROR',
      `Partition ${topic}-${partition} cannot be read at offset ${position}: ${messageOf(error)}`,
      { topic, partition, offset: position, cause: error }
    )
  }
}
