import { meaningOf } from '../../data/source-partition.ts'
import type { RecordOffset, SourcePartition, SourceRecord } from '../../data/record.ts'

/** One object per source partition, whatever object a connector uses for it. */
export class PartitionIdentity {
  readonly #canonical = new Map<string, SourcePartition>()
  readonly #byIdentity = new WeakMap<SourcePartition, SourcePartition>()

  of(partition: SourcePartition): SourcePartition {
    const known = this.#byIdentity.get(partition)
    if (known !== undefined) return known
    const meaning = meaningOf(partition)
    const canonical = this.#canonical.get(meaning) ?? partition
    this.#canonical.set(meaning, canonical)
    this.#byIdentity.set(partition, canonical)
    return canonical
  }
}

/**
 * The last offset of each partition among records, in the order of the records; those without one (bulk)
 * count for nothing.
 */
export function lastOffsets(
  records: readonly SourceRecord[],
  identity: PartitionIdentity
): Map<SourcePartition, RecordOffset> {
  const last = new Map<SourcePartition, RecordOffset>()
  let partition: SourcePartition | null = null
  let canonical: SourcePartition | null = null
  for (const record of records) {
    if (record.sourceOffset === null) continue
    if (canonical === null || record.sourcePartition !== partition) {
      partition = record.sourcePartition
      canonical = identity.of(partition)
    }
    last.set(canonical, record.sourceOffset)
  }
  return last
}
