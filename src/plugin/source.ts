import type { ConfigDef, ConfigMap, CheckedValue } from '../config/config-def.ts'
import type { OffsetMap, SourceOffset, SourcePartition, SourceRecord } from '../data/record.ts'
import type { Logger } from '../log.ts'
import type { PreviewRequest, SourcePreview } from './preview.ts'
import type { StartFrom } from './start-from.ts'

/** Stored source offsets, by partition. Each call may read the offset topic to its end. */
export interface OffsetReader {
  /** The stored offset of each partition asked for, in the same order; null where none is stored. */
  offsets(partitions: readonly SourcePartition[]): Promise<(SourceOffset | null)[]>
}

/** What the worker gives a connector. */
export interface SourceConnectorContext {
  readonly name: string
  readonly log: Logger
  readonly offsets: OffsetReader
  /** Asks for `taskConfigs` again; tasks whose configuration changed are restarted. */
  requestTaskReconfiguration(): void
  /** Makes the connector FAILED; its tasks go on. */
  raiseError(error: unknown): void
}

/**
 * Splits the work of a connector into task configurations. One instance per start; calls never overlap:
 * `start` → any number of `taskConfigs` → `stop`. `stop` is also called after a failed `start`.
 * An error fails this connector, never the worker (I9).
 */
export interface SourceConnector {
  /** Takes what `stop` has to give back, such as connections and timers. */
  start?(): Promise<void> | void
  /** At most `maxTasks` configurations, at least one unless there is nothing to do. */
  taskConfigs(maxTasks: number): Promise<ConfigMap[]> | ConfigMap[]
  stop(): Promise<void> | void
}

/** How far one partition was read. */
export interface PartitionOffset {
  readonly partition: SourcePartition
  readonly offset: SourceOffset
}

/**
 * Where transactions end, when that is the connector's business. Without a record: behind what `poll`
 * returned last, or is about to return; with a record of the next batch: behind that record. An aborted
 * transaction drops its records, and their offsets are stored all the same.
 */
export interface TransactionContext {
  commitTransaction(record?: SourceRecord): void
  abortTransaction(record?: SourceRecord): void
}

/** What the worker gives a task. */
export interface SourceTaskContext {
  readonly connector: string
  readonly task: number
  readonly log: Logger
  readonly offsets: OffsetReader
  /**
   * Stores positions beside those of records, durably once it resolves: for partitions of which no record was
   * handed out yet. Rejects with a RetriableError when they could not be stored in time.
   */
  storeOffsets(offsets: readonly PartitionOffset[]): Promise<void>
  /** Only with `transaction.boundary=connector`, while the worker runs sources exactly once. */
  readonly transaction?: TransactionContext
  /** Aborts when the task is asked to stop: cut every wait and running query short, let `poll` return. */
  readonly stopping: AbortSignal
  /**
   * Says what the task is doing that an operator should know (retrying the database, a column left out); null
   * takes it back.
   */
  reportCondition(condition: string | null): void
}

/**
 * What is the case with one stream of a task, by names of the plugin's own (`held_back_ms`). Numbers and
 * booleans become gauges.
 */
export type StreamFacts = Readonly<Record<string, string | number | boolean | null>>

/**
 * Reads records. The worker calls `start`, then `poll` again and again, then `stop` — never two at a time.
 * `poll` answers null or an empty array when there is nothing yet, and should itself wait a little before
 * saying so (the worker adds no pause); it returns soon after `context.stopping` aborts. A RetriableError
 * from `poll` counts as "nothing yet"; any other error fails the task (I9).
 */
export interface SourceTask {
  /**
   * Takes what `stop` has to give back, such as connections and timers. Stored offsets may be read from here
   * on.
   */
  start?(): Promise<void> | void
  poll(): Promise<SourceRecord[] | null>
  /**
   * `poll` is not called until its connector is resumed, which may take days: the time to let go of what
   * others wait for.
   */
  paused?(): void
  /** After the last `poll` and the final offset commit; also after a failed `start`. */
  stop(): Promise<void> | void
  /**
   * The facts of each stream (a table, a file) by its name, for operators. Asked at any time between `start`
   * and `stop`, also amid a `poll`: answer from memory. Secrets must not be in it (I7).
   */
  progress?(): ReadonlyMap<string, StreamFacts>
  /**
   * Where a transaction may end, asked after each `poll`; absent: behind every poll.
   * - `complete`: the offsets of the records handed out so far say all of it.
   * - `partly`: records were handed out that would come again after a start from these offsets: the
   *   transaction stays open.
   * - `torn`: such records will come again from this very task. The transaction is thrown away and the task
   *   started anew.
   */
  handedOut?(): 'complete' | 'partly' | 'torn'
  /** After offsets were stored; exactly once: after the transaction that holds them. */
  commit?(): Promise<void> | void
  /**
   * After Kafka acknowledged a record, or it was deliberately dropped. On the hot path: keep it short, or
   * leave it out.
   */
  commitRecord?(record: SourceRecord): void
  /**
   * What to call the row behind a record of this task in logs and errors, `table public.orders, row (id=7)`;
   * null when it does not know. Asked only about records that fail, before they are transformed.
   */
  nameRow?(record: SourceRecord): string | null
}

/** Change of one stored offset; `offset` null deletes it. */
export interface OffsetChange {
  readonly partition: OffsetMap
  readonly offset: OffsetMap | null
}

/** Changes as they are to be stored, in the connector's own form. */
export interface AlteredOffsets {
  /** Nothing outside Kafka has to be changed. */
  readonly complete: boolean
  readonly changes: readonly OffsetChange[]
}

/** A source connector class as users select it by name. */
export interface SourceConnectorPlugin {
  readonly type: 'source'
  /** Full class name written in `connector.class`. */
  readonly className: string
  /** Value of `task.class` in task configurations. */
  readonly taskClassName: string
  readonly version: string
  /** Answers to its full class name only: the second of two classes with the same simple name. */
  readonly withoutAlias?: boolean
  readonly config: ConfigDef
  /**
   * A connector with its settings read, which holds nothing yet: it is stopped only if it was started. Throws
   * ConfigError.
   */
  create(config: ConfigMap, context: SourceConnectorContext): SourceConnector
  /** As `create`, for one of the configurations `taskConfigs` answered. */
  createTask(config: ConfigMap, context: SourceTaskContext): SourceTask
  /**
   * Checks beyond single keys, e.g. a database that can be reached; gets the values checked so far and adds
   * errors, recommended values and visibility to them. May take up to the request's limit: honour `signal`.
   */
  validate?(
    config: ConfigMap,
    checked: Map<string, CheckedValue>,
    signal: AbortSignal
  ): Promise<void> | void
  /** Whether the connector can run exactly once with this configuration; absent or null: not known. */
  exactlyOnceSupport?(config: ConfigMap): 'supported' | 'unsupported' | null
  canDefineTransactionBoundaries?(config: ConfigMap): boolean
  /**
   * Checks offsets an operator wants to write (all of them null: reset). Throws ConfigError naming what is
   * wrong. Answers true when nothing outside Kafka has to be changed; or, with that, what to store instead of
   * what was asked for. Absent: the generic answer of the Connect framework.
   */
  alterOffsets?(
    config: ConfigMap,
    changes: readonly OffsetChange[]
  ): Promise<boolean | AlteredOffsets> | boolean | AlteredOffsets
  /**
   * How its positions are moved by `PUT /connectors/{name}/start-from`; absent: they are not, only by
   * offsets.
   */
  readonly startFrom?: StartFrom
  /**
   * The first records of a connector with this configuration, and what an operator should know before
   * creating it. Changes nothing: no row is taken from a queue, nothing is written. Throws ConfigError when
   * the source cannot be reached or read at all.
   */
  preview?(config: ConfigMap, request: PreviewRequest): Promise<SourcePreview>
}
