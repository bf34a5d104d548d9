import { ConnectError } from '../../errors.ts'

/*
  The batches of a fetch answer lie one behind the other; the last one may be cut. The layout of a batch and
  of its records is in producing/record-batch.ts. Offsets and times become numbers, without a BigInt on the
  way: both are far below 2 ** 53, and what is not is refused.
*/
const BATCH_LENGTH_AT = 8
const LENGTH_COVERS_FROM = 12
const LEADER_EPOCH_AT = 12
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const LAST_OFFSET_DELTA_AT = 23
const BASE_TIMESTAMP_AT = 27
const MAX_TIMESTAMP_AT = 35
const PRODUCER_ID_AT = 43
const COUNT_AT = 57
const HEADER_BYTES = 61
const COMPRESSION = 0b111
const APPEND_TIME = 1 << 3
const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5
const HIGH_WORD = 2 ** 32
/** The only format since Kafka 0.11. */
const MAGIC = 2

export interface BatchHeader {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly crc: number
  /** A number of `compressionsAlgorithmsByBitmask`; 0: none. */
  readonly compression: number
  readonly isAppendTime: boolean
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: bigint
  readonly count: number
  /** What the crc covers. */
  readonly checked: Buffer
  /** The records, compressed as they came. */
  readonly records: Buffer
  /** Where the next batch begins. */
  readonly end: number
}

/** The batch at `at`; null where there is none, or not all of it. */
export function readBatchHeader(bytes: Buffer, at: number): BatchHeader | null {
  const end = batchEnd(bytes, at)
  if (end === null) return null
  const attributes = bytes.readInt16BE(at + ATTRIBUTES_AT)
  const baseOffset = readInt64(bytes, at)
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(at + LAST_OFFSET_DELTA_AT),
    leaderEpoch: bytes.readInt32BE(at + LEADER_EPOCH_AT),
    crc: bytes.readUInt32BE(at + CRC_AT),
    compression: attributes & COMPRESSION,
    isAppendTime: (attributes & APPEND_TIME) !== 0,
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
    baseTimestamp: readInt64(bytes, at + BASE_TIMESTAMP_AT),
    maxTimestamp: readInt64(bytes, at + MAX_TIMESTAMP_AT),
    producerId: bytes.readBigInt64BE(at + PRODUCER_ID_AT),
    count: bytes.readInt32BE(at + COUNT_AT),
    checked: bytes.subarray(at + ATTRIBUTES_AT, end),
    records: bytes.subarray(at + HEADER_BYTES, end),
    end
  }
}

/** The last whole batch; null when there is none. */
export function lastBatch(bytes: Buffer): BatchHeader | null {
  let at = 0
  for (;;) {
    const end = batchEnd(bytes, at)
    if (end === null) return null
    if (batchEnd(bytes, end) === null) return readBatchHeader(bytes, at)
    at = end
  }
}

/** Where the batch at `at` ends; null where there is none, or not all of it. */
function batchEnd(bytes: Buffer, at: number): number | null {
  if (bytes.length - at < HEADER_BYTES) return null
  const length = bytes.readInt32BE(at + BATCH_LENGTH_AT)
  const end = at + LENGTH_COVERS_FROM + length
  if (end > bytes.length) return null
  const magic = bytes.readInt8(at + MAGIC_AT)
  if (magic === MAGIC && end >= at + HEADER_BYTES) return end
  throw corrupt(`a batch of format ${magic} with a length of ${length}`)
}

/** A record as its batch has it. */
interface BatchRecord {
  readonly offsetDelta: number
  readonly timestampDelta: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
  /** How many bytes it takes in its batch. */
  readonly bytes: number
}

interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

const NO_HEADERS: readonly RecordHeader[] = Object.freeze([])

/** Reads the records of one batch, unpacked before, one after the other. */
export class RecordReader {
  readonly #bytes: Buffer
  #at = 0
  #left: number

  constructor(bytes: Buffer, count: number) {
    this.#bytes = bytes
    this.#left = count
  }

  get left(): number {
    return this.#left
  }

  /** Only while some are left. */
  next(): BatchRecord {
    this.#left--
    const start = this.#at
    const length = this.#varInt()
    const end = this.#at + length
    if (length < 0 || end > this.#bytes.length) throw corrupt('a record longer than its batch')
    // Attributes: none are in use.
    this.#at++
    const timestampDelta = this.#varInt()
    const offsetDelta = this.#varInt()
    const key = this.#slice()
    const value = this.#slice()
    const headers = this.#headers()
    if (this.#at !== end) throw corrupt('a record that does not end where it should')
    return { offsetDelta, timestampDelta, key, value, headers, bytes: end - start }
  }

  #headers(): readonly RecordHeader[] {
    const count = this.#varInt()
    if (count === 0) return NO_HEADERS
    const headers: RecordHeader[] = []
    for (let left = count; left > 0; left--) {
      const key = this.#slice()
      if (key === null) throw corrupt('a header without a name')
      headers.push({ key: key.toString(), value: this.#slice() })
    }
    return headers
  }

  /** Bytes behind their length; null for a length of -1. */
  #slice(): Buffer | null {
    const length = this.#varInt()
    if (length < 0) return null
    const start = this.#at
    const end = start + length
    if (end > this.#bytes.length) throw corrupt('a key or value longer than its batch')
    this.#at = end
    return this.#bytes.subarray(start, end)
  }

  /** Zigzag varint. Beyond 28 bits (deltas of timestamps) plain arithmetic replaces the bit operations. */
  #varInt(): number {
    const bytes = this.#bytes
    let byte = this.#byte(bytes)
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let rest = byte & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.#byte(bytes)
      rest |= (byte & 0x7f) << shift
      if (byte < 0x80) return (rest >>> 1) ^ -(rest & 1)
    }
    return this.#longVarInt(rest)
  }

  #longVarInt(low: number): number {
    let rest = low
    for (let factor = 2 ** 28; factor < 2 ** 70; factor = 128 * factor) {
      const byte = this.#byte(this.#bytes)
      rest += (byte & 0x7f) * factor
      if (byte >= 0x80) continue
      if (!Number.isSafeInteger(rest)) break
      return rest % 2 === 0 ? rest / 2 : -(rest + 1) / 2
    }
    throw corrupt('a number of more than 53 bits')
  }

  #byte(bytes: Buffer): number {
    const byte = bytes[this.#at++]
    if (byte === undefined) throw corrupt('a record longer than its batch')
    return byte
  }
}

function readInt64(bytes: Buffer, at: number): number {
  const value = HIGH_WORD * bytes.readInt32BE(at) + bytes.readUInt32BE(at + 4)
  if (Number.isSafeInteger(value)) return value
  throw corrupt('a number of more than 53 bits')
}

/** The caller says in which partition, and where. */
function corrupt(what: string): ConnectError {
  return new ConnectError('KAFKA_ERROR', `it holds ${what}`)
}
