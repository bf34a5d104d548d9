import type { TableId } from './database.ts'

/**
 * The table of positions of sinks that write exactly once, in the database they write to: a row for each
 * partition of each connector, changed in the transaction of the rows it counts (I15). Its rows are position,
 * lock and fence at once.
 */
export interface SinkOffsets {
  /**
   * Makes the partitions this owner's, in a transaction of its own that waits for whoever has one of the rows
   * locked: each epoch grows by one, so that no `advance` of an older one finds its row any more. Rows that
   * are missing are made. A row without a position gets the one of its claim; a row of another topic of that
   * name (both ids are known, and differ) starts at 0. Answers the rows in the order of the claims. After an
   * error of class `outage` it may have happened: claiming again does no harm.
   */
  claim(claims: readonly OffsetClaim[], owner: string): Promise<readonly ClaimedOffset[]>
  /**
   * Moves rows, inside the transaction there is: each only when its epoch and its position are still those of
   * the step. Answers how many were moved; fewer than there are steps: somebody else has changed one, and the
   * transaction is to be rolled back. Waits for whoever has one of the rows locked, and looks again then.
   */
  advance(steps: readonly OffsetStep[]): Promise<number>
  /** The rows of the connector, those of `partitions` alone where they are given, in any order. */
  lookUp(partitions?: readonly OffsetPartition[]): Promise<readonly StoredOffset[]>
  /**
   * Sets positions, in a transaction of its own, whoever owns the rows: each epoch grows by one. Rows that
   * are missing are made.
   */
  set(settings: readonly OffsetSetting[]): Promise<void>
}

/** Where the rows of one connector are. Names of the cluster and of the connector are never empty. */
export interface SinkOffsetsPlace {
  /** Names are spelled as the dictionary has them. */
  readonly table: TableId
  /** Id of the Kafka cluster. */
  readonly cluster: string
  readonly connector: string
}

export interface OffsetPartition {
  readonly topic: string
  readonly partition: number
}

/** The same for the same partition, and for no other. */
export function offsetKey({ topic, partition }: OffsetPartition): string {
  return `${topic}/${partition}`
}

export interface OffsetClaim extends OffsetPartition {
  /** Of the next record, where the row says nothing of it. */
  readonly nextOffset: bigint
  /** null: not known. */
  readonly topicId: string | null
}

export interface StoredOffset extends OffsetPartition {
  /** Of the next record to be written; null: where the group goes on. */
  readonly nextOffset: bigint | null
  readonly epoch: bigint
  /** Who claimed it last, for people; null: nobody. */
  readonly owner: string | null
  readonly topicId: string | null
}

export interface ClaimedOffset extends OffsetPartition {
  readonly nextOffset: bigint
  readonly epoch: bigint
  /** The row as it was before; null: there was none. */
  readonly before: StoredOffset | null
}

export interface OffsetStep extends OffsetPartition {
  readonly epoch: bigint
  readonly from: bigint
  /** Larger than `from`. */
  readonly to: bigint
}

export interface OffsetSetting extends OffsetPartition {
  /** null: where the group goes on. */
  readonly nextOffset: bigint | null
}
