import type { Clock } from '../../clock.ts'
import type { ConnectError } from '../../errors.ts'
import { Backoff } from '../../wait.ts'
import type { ProducerRecord } from '../contracts.ts'
import type { PendingSend } from './pending-send.ts'
import { partitionKey } from '../client/partition-key.ts'
import { type ProducerIdentity, encodeBatch, recordBytes, stampBatch } from './record-batch.ts'
import type { SendingSettings } from './sending-policy.ts'

const SEQUENCE_MASK = 0x7fffffff

/** What a delivery has for a partition; from `next` on it is in no batch yet. */
interface Chunk {
  readonly records: readonly ProducerRecord[]
  readonly delivery: PendingSend
  next: number
}

/** Some records of one delivery that went into the same batch. */
interface Part {
  readonly delivery: PendingSend
  readonly records: readonly ProducerRecord[]
}

/**
 * Encoded records of one partition, kept unchanged until acknowledged: the broker recognises a repeated batch
 * by its sequence.
 */
export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
  readonly count: number
  readonly queue: PartitionQueue
  readonly parts: readonly Part[]
  /** -1 until it is sent for the first time. */
  sequence: number
  stampedFor: ProducerIdentity | null | undefined
  inFlight: boolean
}

/** The oldest record that is in no batch fits into none; and whose it is. */
export class RecordTooLarge extends Error {
  readonly record: ProducerRecord
  readonly delivery: PendingSend

  constructor(message: string, record: ProducerRecord, delivery: PendingSend) {
    super(message)
    this.record = record
    this.delivery = delivery
  }
}

/**
 * The records of one partition on their way, oldest first: batches sent and not acknowledged, then records
 * not yet in a batch.
 *
 * FIRST: one batch goes alone. A broker that knows nothing of a producer id takes any sequence number from
 *   it, so that a second batch could be taken while the first comes back. Once it is acknowledged → SENDING.
 * SENDING: batches go out one after the other, several in flight. A new identity → FIRST.
 * RECOVERING: a batch came back, in whichever state. Nothing goes out until no batch is in flight; then →
 *   FIRST, at the oldest unacknowledged batch, so that the order in the log is that of the sends.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly key: string
  /** Monotonic time before which nothing is sent again. */
  retryAtMs = 0
  readonly #clock: Clock
  readonly #settings: SendingSettings
  readonly #backoff: Backoff
  /** What the topic seems to take. */
  #batchBytes: number
  #chunks: Chunk[] = []
  #unacknowledged: Batch[] = []
  #nextSequence = 0
  #identity: ProducerIdentity | null = null
  #inFlight = 0
  #state: 'FIRST' | 'SENDING' | 'RECOVERING' = 'FIRST'

  constructor(clock: Clock, topic: string, partition: number, settings: SendingSettings) {
    this.#clock = clock
    this.topic = topic
    this.partition = partition
    this.key = partitionKey(topic, partition)
    this.#settings = settings
    this.#backoff = new Backoff({ ...settings.client.backoff, spread: [0.8, 1.2] })
    this.#batchBytes = settings.batchBytes
  }

  add(records: readonly ProducerRecord[], delivery: PendingSend): void {
    this.#chunks.push({ records, delivery, next: 0 })
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0 && this.#unacknowledged.length === 0
  }

  /**
   * The batch to send now, or null. `identity` changes only while nothing is in flight. Throws
   * RecordTooLarge.
   */
  next(identity: ProducerIdentity | null): Batch | null {
    if (identity !== this.#identity) this.#restartSequence(identity)
    if (this.#state !== 'SENDING' && this.#inFlight > 0) return null
    if (this.#state === 'RECOVERING') {
      this.#state = 'FIRST'
      this.forgetSettled()
    }
    let batch = this.#unacknowledged.find(({ inFlight }) => !inFlight)
    if (batch === undefined) {
      if (this.#chunks.length === 0) return null
      batch = this.#takeBatch()
      this.#unacknowledged.push(batch)
    }
    if (batch.sequence < 0) {
      batch.sequence = this.#nextSequence
      this.#nextSequence = (this.#nextSequence + batch.count) & SEQUENCE_MASK
    }
    if (batch.stampedFor !== identity) {
      stampBatch(batch.batch, identity, batch.sequence)
      batch.stampedFor = identity
    }
    batch.inFlight = true
    this.#inFlight++
    return batch
  }

  acknowledged(batch: Batch): void {
    this.#landed(batch)
    this.#backoff.reset()
    this.retryAtMs = 0
    if (this.#state === 'FIRST') this.#state = 'SENDING'
    this.#unacknowledged = this.#unacknowledged.filter((each) => each !== batch)
    for (const { delivery, records } of batch.parts) delivery.acknowledge(records.length)
  }

  /** The batch must be sent again, and so must everything behind it. */
  returned(batch: Batch): void {
    this.#landed(batch)
    this.#state = 'RECOVERING'
  }

  /**
   * As `returned`, and nothing goes out before a pause: longer after each failure since the last
   * acknowledgement.
   */
  retryLater(batch: Batch): void {
    this.returned(batch)
    this.retryAtMs = this.#clock.monotonicMs() + this.#backoff.next()
  }

  /**
   * Leaves out what belongs to settled deliveries and is not on its way. It is there only where a delivery
   * can end without the others, which excludes sequence numbers: they may have no holes.
   */
  forgetSettled(): void {
    this.#chunks = this.#chunks.filter(({ delivery }) => !delivery.settled)
    this.#unacknowledged = this.#unacknowledged.flatMap((batch) => {
      const open = batch.parts.filter(({ delivery }) => !delivery.settled)
      if (batch.inFlight || open.length === batch.parts.length) return [batch]
      return open.length === 0 ? [] : [this.#encode(open)]
    })
  }

  /**
   * Takes a batch out that the broker will never take, if all whose records are in it agree. It leaves a hole
   * in the sequence, so what is behind it needs a new identity.
   */
  refused(batch: Batch, reason: ConnectError): boolean {
    if (!batch.parts.every(({ delivery, records }) => delivery.refuse(records, reason)))
      return false
    this.returned(batch)
    this.#unacknowledged = this.#unacknowledged.filter((each) => each !== batch)
    // Batches that were made smaller to find it tell nothing of what the topic takes.
    this.#batchBytes = this.#settings.batchBytes
    return true
  }

  /** Leaves out the record that a RecordTooLarge was thrown for. */
  skipTooLarge({ record }: RecordTooLarge): void {
    const chunk = this.#chunks[0]
    if (chunk?.records[chunk.next] !== record) return
    chunk.next++
    if (chunk.next === chunk.records.length) this.#chunks.shift()
  }

  /** Whether an earlier batch came back, so that the broker cannot know the place of those behind it. */
  get isRecovering(): boolean {
    return this.#state === 'RECOVERING'
  }

  /** Whether nothing older is unacknowledged. */
  isOldest(batch: Batch): boolean {
    return this.#unacknowledged[0] === batch
  }

  /** Replaces a batch that was too large by two halves; later ones are made smaller from the start. */
  shrink(batch: Batch): void {
    this.#batchBytes = Math.max(1, Math.ceil(batch.batch.length / 2))
    this.split(batch)
  }

  /** Replaces a batch by two halves of the same sequence numbers. */
  split(batch: Batch): void {
    this.returned(batch)
    const half = Math.ceil(batch.count / 2)
    const first = this.#encode(partsOf(batch.parts, 0, half))
    const second = this.#encode(partsOf(batch.parts, half, batch.count))
    first.sequence = batch.sequence
    second.sequence = (batch.sequence + half) & SEQUENCE_MASK
    const at = this.#unacknowledged.indexOf(batch)
    this.#unacknowledged.splice(at, 1, first, second)
  }

  /** A new producer id counts from 0: what is unacknowledged is numbered anew. */
  #restartSequence(identity: ProducerIdentity | null): void {
    this.#identity = identity
    this.#state = 'FIRST'
    this.#nextSequence = 0
    for (const batch of this.#unacknowledged) batch.sequence = -1
  }

  #landed(batch: Batch): void {
    if (!batch.inFlight) return
    batch.inFlight = false
    this.#inFlight--
  }

  /** As many waiting records as fit into one batch, from one send or several. */
  #takeBatch(): Batch {
    const parts: Part[] = []
    let bytes = 0
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const { records, delivery, next: from } = chunk
      for (; chunk.next < records.length; chunk.next++) {
        const record = records[chunk.next] as ProducerRecord
        const size = recordBytes(record)
        if (!this.#fits(bytes, size, record, delivery)) break
        bytes += size
      }
      if (chunk.next > from) parts.push({ delivery, records: records.slice(from, chunk.next) })
      if (chunk.next < records.length) break
      this.#chunks.shift()
    }
    return this.#encode(parts, bytes)
  }

  /**
   * Whether a record still belongs into a batch. A record that fits into none throws, once everything before
   * it is sent.
   */
  #fits(bytes: number, size: number, record: ProducerRecord, delivery: PendingSend): boolean {
    if (bytes > 0) return bytes + size <= this.#batchBytes
    if (size <= this.#settings.maxRecordBytes) return true
    throw new RecordTooLarge(
      `A record for ${this.key} is ${size} bytes when serialized, which is larger than ${this.#settings.maxRecordBytes}, the value of max.request.size`,
      record,
      delivery
    )
  }

  #encode(parts: readonly Part[], bytes = sizeOf(parts)): Batch {
    const { compression } = this.#settings
    const records = parts.length === 1 ? (parts[0] as Part).records : parts.flatMap(recordsOf)
    return {
      topic: this.topic,
      partition: this.partition,
      batch: encodeBatch(records, bytes, compression, this.#clock.now()),
      count: records.length,
      queue: this,
      parts,
      sequence: -1,
      stampedFor: undefined,
      inFlight: false
    }
  }
}

const recordsOf = ({ records }: Part): readonly ProducerRecord[] => records

function sizeOf(parts: readonly Part[]): number {
  let bytes = 0
  for (const { records } of parts) for (const record of records) bytes += recordBytes(record)
  return bytes
}

/** What is in [from, to) of all records of the parts. */
function partsOf(parts: readonly Part[], from: number, to: number): Part[] {
  let start = 0
  return parts.flatMap(({ delivery, records }) => {
    const some = records.slice(Math.max(0, from - start), Math.max(0, to - start))
    start += records.length
    return some.length === 0 ? [] : [{ delivery, records: some }]
  })
}
