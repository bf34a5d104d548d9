import { crc32c } from '@platformatic/kafka'
import type { Compression } from './compression.ts'
import type { ProducerRecord } from '../contracts.ts'

/*
  RecordBatch (magic 2) =>
    base_offset INT64 | batch_length INT32 | partition_leader_epoch INT32 | magic INT8 | crc UINT32
    attributes INT16 | last_offset_delta INT32 | base_timestamp INT64 | max_timestamp INT64
    producer_id INT64 | producer_epoch INT16 | base_sequence INT32 | records_count INT32 | [records]
  Record =>
    length VARINT | attributes INT8 | timestamp_delta VARLONG | offset_delta VARINT
    key_length VARINT, key | value_length VARINT, value | headers_count VARINT, [headers]
  Header => key_length VARINT, key | value_length VARINT, value
  The crc (CRC-32C) covers everything from attributes on.
*/
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const PRODUCER_ID_AT = 43
const HEADER_BYTES = 61
const TRANSACTIONAL = 1 << 4
const LENGTH_COVERS_FROM = 12

export interface ProducerIdentity {
  readonly producerId: bigint
  readonly epoch: number
  /** Its batches belong to a transaction. */
  readonly transactional: boolean
}

/** An upper bound of the bytes one record takes in a batch, before compression. */
export function recordBytes(record: ProducerRecord): number {
  let bytes = 27 + (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const [name, value] of record.headers) bytes += 10 + 3 * name.length + (value?.length ?? 0)
  return bytes
}

/**
 * Encodes records as one batch; `sizeHint` is the sum of their `recordBytes`. Producer id, epoch, sequence
 * and crc are left to `stampBatch`, so that a batch can be stamped anew when the producer id changes.
 */
export function encodeBatch(
  records: readonly ProducerRecord[],
  sizeHint: number,
  { bitmask, compress }: Compression,
  now: number
): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + sizeHint)
  const baseTimestamp = records[0]?.timestamp ?? now
  let maxTimestamp = baseTimestamp
  let at = HEADER_BYTES
  for (let index = 0; index < records.length; index++) {
    const record = records[index] as ProducerRecord
    const timestamp = record.timestamp ?? now
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    at = writeRecord(buffer, at, record, timestamp - baseTimestamp, index)
  }
  let batch = buffer.subarray(0, at)
  if (bitmask !== 0) {
    batch = Buffer.concat([batch.subarray(0, HEADER_BYTES), compress(batch.subarray(HEADER_BYTES))])
  }
  const count = records.length
  batch.fill(0, 0, 8)
  batch.writeInt32BE(batch.length - LENGTH_COVERS_FROM, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(bitmask, ATTRIBUTES_AT)
  batch.writeInt32BE(count - 1, 23)
  batch.writeBigInt64BE(BigInt(baseTimestamp), 27)
  batch.writeBigInt64BE(BigInt(maxTimestamp), 35)
  batch.writeInt32BE(count, 57)
  return batch
}

/**
 * Writes who sends the batch, whether in a transaction, and its place in the partition (-1 without
 * idempotence), and the crc.
 */
export function stampBatch(
  batch: Buffer,
  producer: ProducerIdentity | null,
  baseSequence: number
): void {
  batch.writeBigInt64BE(producer?.producerId ?? -1n, PRODUCER_ID_AT)
  batch.writeInt16BE(producer?.epoch ?? -1, PRODUCER_ID_AT + 8)
  batch.writeInt32BE(producer === null ? -1 : baseSequence, PRODUCER_ID_AT + 10)
  const attributes = batch.readInt16BE(ATTRIBUTES_AT) & ~TRANSACTIONAL
  batch.writeInt16BE(
    producer?.transactional === true ? attributes | TRANSACTIONAL : attributes,
    ATTRIBUTES_AT
  )
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT)
}

function writeRecord(
  buffer: Buffer,
  start: number,
  record: ProducerRecord,
  timestampDelta: number,
  offsetDelta: number
): number {
  const { key, value, headers } = record
  const headerNames = headers.length === 0 ? noNames : headers.map(([name]) => Buffer.from(name))
  let bytes =
    1 +
    varIntSize(timestampDelta) +
    varIntSize(offsetDelta) +
    bytesSize(key) +
    bytesSize(value) +
    varIntSize(headers.length)
  for (let index = 0; index < headers.length; index++) {
    bytes += bytesSize(headerNames[index] ?? null) + bytesSize(headers[index]?.[1] ?? null)
  }
  let at = writeVarInt(buffer, start, bytes)
  buffer[at++] = 0
  at = writeVarInt(buffer, at, timestampDelta)
  at = writeVarInt(buffer, at, offsetDelta)
  at = writeBytes(buffer, at, key)
  at = writeBytes(buffer, at, value)
  at = writeVarInt(buffer, at, headers.length)
  for (let index = 0; index < headers.length; index++) {
    at = writeBytes(buffer, at, headerNames[index] ?? null)
    at = writeBytes(buffer, at, headers[index]?.[1] ?? null)
  }
  return at
}

const noNames: readonly Buffer[] = []

function bytesSize(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varIntSize(bytes.length) + bytes.length
}

function writeBytes(buffer: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarInt(buffer, at, -1)
  const start = writeVarInt(buffer, at, bytes.length)
  buffer.set(bytes, start)
  return start + bytes.length
}

const ZIGZAG_INT_LIMIT = 2 ** 30

/**
 * Zigzag varint of a safe integer. Beyond 31 bits (timestamp deltas) plain arithmetic replaces the bit
 * operations.
 */
function writeVarInt(buffer: Buffer, start: number, value: number): number {
  let at = start
  if (value < ZIGZAG_INT_LIMIT && value >= -ZIGZAG_INT_LIMIT) {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at++] = rest
    return at
  }
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  while (rest > 0x7f) {
    buffer[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  buffer[at++] = rest
  return at
}

function varIntSize(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  let size = 1
  while (rest > 0x7f) {
    rest = Math.floor(rest / 128)
    size++
  }
  return size
}
