interface Sized {
  readonly key: { readonly length: number }
  readonly value: Uint8Array | null
}

const RECORDS_PER_BATCH = 500
/** Half of a broker's default `message.max.bytes`, which holds for a whole batch. */
const BYTES_PER_BATCH = 500_000

/**
 * The records in order, cut so that only a single record that is too large itself makes a batch too large.
 */
export function* recordBatches<T extends Sized>(records: Iterable<T>): Generator<T[]> {
  let batch: T[] = []
  let bytes = 0
  for (const record of records) {
    const size = record.key.length + (record.value?.length ?? 0)
    const full = batch.length === RECORDS_PER_BATCH || bytes + size > BYTES_PER_BATCH
    if (batch.length > 0 && full) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(record)
    bytes += size
  }
  if (batch.length > 0) yield batch
}
