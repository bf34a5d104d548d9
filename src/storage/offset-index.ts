import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import {
  storedMeaning,
  offsetKey,
  offsetValue,
  parseOffsetKey,
  parseOffsetValue
} from './offset-records.ts'
import type { StoredMap, StoredOffset } from './offset-store.ts'

interface OffsetRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

/** One spelling of a partition: the newest record under these very key bytes. */
interface Spelling {
  readonly key: Buffer
  readonly value: Buffer | null
  readonly timestamp: number
}

interface Position {
  readonly partition: StoredMap
  /**
   * By key bytes. JVM and other clients may have written the same partition with another order of fields or
   * form of number.
   */
  readonly spellings: Map<string, Spelling>
}

/**
 * Stored source offsets by connector and by the meaning of their partition; no I/O. Of several spellings the
 * newest record counts (by timestamp: they may lie in different partitions of the topic). Values stay bytes
 * until somebody asks, so that what is not changed is never rewritten. An offset that cannot be decoded
 * counts as none and is logged.
 */
export class OffsetIndex {
  readonly #log: Logger
  readonly #connectors = new Map<string, Map<string, Position>>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Takes the next record; keys that are no source partition are logged and ignored. Never throws. */
  apply(record: {
    readonly key: Buffer | null
    readonly value: Buffer | null
    readonly timestamp: number
  }): void {
    if (record.key === null) {
      this.#log.warn('Ignored an offset record without a key')
      return
    }
    try {
      const { connector, partition } = parseOffsetKey(record.key)
      this.#store(connector, partition, {
        // Copies: the record may be a window on a whole fetch response.
        key: Buffer.from(record.key),
        value: record.value === null ? null : Buffer.from(record.value),
        timestamp: record.timestamp
      })
    } catch (error) {
      this.#log.warn(`Ignored an offset record: ${messageOf(error)}`, {
        key: record.key.toString('utf8', 0, 300)
      })
    }
  }

  get(connector: string, partition: StoredMap): StoredMap | null {
    const position = this.#connectors.get(connector)?.get(storedMeaning(partition))
    return position === undefined ? null : this.#read(connector, position)
  }

  all(connector: string): StoredOffset[] {
    const offsets: StoredOffset[] = []
    for (const position of this.#connectors.get(connector)?.values() ?? []) {
      const offset = this.#read(connector, position)
      if (offset !== null) offsets.push({ partition: position.partition, offset })
    }
    return offsets
  }

  /**
   * The records that store these offsets. A known partition is written under its newest spelling, so that
   * compaction replaces it; a deletion covers every spelling. Throws DataError for values that cannot be
   * stored.
   */
  records(connector: string, offsets: readonly StoredOffset[]): OffsetRecord[] {
    const records: OffsetRecord[] = []
    for (const { partition, offset } of offsets) {
      const value = offsetValue(offset)
      const position = this.#connectors.get(connector)?.get(storedMeaning(partition))
      if (position === undefined) records.push({ key: offsetKey(connector, partition), value })
      else if (value !== null) records.push({ key: newest(position).key, value })
      else for (const { key } of position.spellings.values()) records.push({ key, value })
    }
    return records
  }

  /** Everything stored, without deletions. */
  *entries(): Generator<{ key: Buffer; value: Buffer }> {
    for (const positions of this.#connectors.values()) {
      for (const { spellings } of positions.values()) {
        for (const { key, value } of spellings.values()) if (value !== null) yield { key, value }
      }
    }
  }

  #store(connector: string, partition: StoredMap, spelling: Spelling): void {
    const meaning = storedMeaning(partition)
    let positions = this.#connectors.get(connector)
    if (positions === undefined) this.#connectors.set(connector, (positions = new Map()))
    let position = positions.get(meaning)
    if (position === undefined) {
      position = { partition, spellings: new Map() }
      positions.set(meaning, position)
    }
    const bytes = spelling.key.toString('latin1')
    // Moved to the end: of records with one timestamp the last read is the newest.
    position.spellings.delete(bytes)
    position.spellings.set(bytes, spelling)
    // A deletion is remembered as long as an older spelling could come back to life behind it.
    if (spelling.value !== null) return
    if ([...position.spellings.values()].every(({ value }) => value === null)) {
      positions.delete(meaning)
      if (positions.size === 0) this.#connectors.delete(connector)
    }
  }

  #read(connector: string, position: Position): StoredMap | null {
    try {
      return parseOffsetValue(newest(position).value)
    } catch (error) {
      this.#log.error(`A stored offset cannot be read and counts as none: ${messageOf(error)}`, {
        connector,
        partition: storedMeaning(position.partition)
      })
      return null
    }
  }
}

function newest(position: Position): Spelling {
  let result: Spelling | undefined
  for (const spelling of position.spellings.values()) {
    if (result === undefined || spelling.timestamp >= result.timestamp) result = spelling
  }
  if (result === undefined) throw new Error('A stored position has at least one spelling')
  return result
}
