import type { ProducerRecord } from '../kafka/contracts.ts'

/** A partition or offset as stored: string keys, primitive values. */
export type StoredMap = Readonly<Record<string, string | number | bigint | boolean | null>>

export interface StoredOffset {
  readonly partition: StoredMap
  /** null deletes. */
  readonly offset: StoredMap | null
}

/** The offset topic (or, standalone, a file). Partitions are matched by meaning, not by bytes. */
export interface OffsetStore {
  start(): Promise<void>
  /** Stored offsets of these partitions, in order; null where none. Reads to the end of the topic first. */
  get(connector: string, partitions: readonly StoredMap[]): Promise<(StoredMap | null)[]>
  /** Every stored offset of a connector. Reads to the end of the topic first. */
  all(connector: string): Promise<StoredOffset[]>
  /**
   * Stores offsets; resolves when all are durable, rejects after `timeoutMs`.
   * A partition that is stored already under other bytes of the same meaning is written under those bytes.
   */
  set(connector: string, offsets: readonly StoredOffset[], timeoutMs: number): Promise<void>
  stop(): Promise<void>
}

/** An offset store that lets somebody else's transaction do the writing. */
export interface TransactionalOffsetStore extends OffsetStore {
  readonly topic: string
  /**
   * The records that store these offsets, to be written to `topic` in a transaction. Whatever has to be
   * stored elsewhere before that is stored when this resolves; rejects after `timeoutMs`.
   */
  transactionRecords(
    connector: string,
    offsets: readonly StoredOffset[],
    timeoutMs: number
  ): Promise<ProducerRecord[]>
  /** The transaction with these offsets was committed. */
  onCommitted(connector: string, offsets: readonly StoredOffset[]): void
}
