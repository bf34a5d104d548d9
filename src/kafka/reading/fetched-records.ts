import type { RecordsBatch } from '@platformatic/kafka'
import type { LogRecord } from '../contracts.ts'

const TIMESTAMP_TYPE = 1 << 3
const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5
const ABORT_MARKER = 0

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

interface FetchedPartition {
  readonly partition: number
  readonly batches: readonly RecordsBatch[]
  /**
   * Transactions that were aborted, as the broker lists them for read_committed; null for read_uncommitted.
   */
  readonly aborted: readonly AbortedTransaction[] | null
}

/**
 * Hands over the records at or after `position`, without control records and, for read_committed, without
 * those of aborted transactions. Answers the next position: behind the last batch, whatever compaction left
 * of it.
 */
export function deliverRecords(
  fetched: FetchedPartition,
  position: bigint,
  onRecord: (record: LogRecord) => void
): bigint {
  const aborted = [...(fetched.aborted ?? [])].sort((a, b) =>
    a.firstOffset < b.firstOffset ? -1 : 1
  )
  const abortedProducers = new Set<bigint>()
  let next = position
  for (const batch of fetched.batches) {
    const lastOffset = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    while (aborted[0] !== undefined && aborted[0].firstOffset <= lastOffset) {
      abortedProducers.add(aborted[0].producerId)
      aborted.shift()
    }
    if ((batch.attributes & CONTROL) !== 0) {
      if (isAbortMarker(batch)) abortedProducers.delete(batch.producerId)
    } else if (!isAborted(batch, abortedProducers)) {
      deliverBatch(fetched.partition, batch, position, onRecord)
    }
    if (lastOffset >= next) next = lastOffset + 1n
  }
  return next
}

function isAborted(batch: RecordsBatch, abortedProducers: ReadonlySet<bigint>): boolean {
  return (batch.attributes & TRANSACTIONAL) !== 0 && abortedProducers.has(batch.producerId)
}

/** The key of a control record is its version INT16 and its type INT16. */
function isAbortMarker(batch: RecordsBatch): boolean {
  const key = batch.records[0]?.key
  return key !== undefined && key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT_MARKER
}

function deliverBatch(
  partition: number,
  batch: RecordsBatch,
  position: bigint,
  onRecord: (record: LogRecord) => void
): void {
  const appendTime = (batch.attributes & TIMESTAMP_TYPE) !== 0
  for (const record of batch.records) {
    const offset = batch.firstOffset + BigInt(record.offsetDelta)
    if (offset < position) continue
    onRecord({
      partition,
      offset,
      timestamp: Number(
        appendTime ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta
      ),
      key: record.key,
      value: record.value
    })
  }
}
