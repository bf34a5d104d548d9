import type { CheckedValue, ConfigDef, ConfigMap } from '../config/config-def.ts'
import type { SinkRecord } from '../data/record.ts'
import type { Logger } from '../log.ts'
import type { PreviewRequest, SinkPreview } from './preview.ts'
import type { AlteredOffsets, OffsetChange, StreamFacts } from './source.ts'
import type { StartFrom } from './start-from.ts'

/** A partition of a topic by the names Kafka has for it, whatever transformations made of the topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Where a partition goes on: `offset` is that of the next record, one behind the last that is done with. */
export interface TopicPosition extends TopicPartition {
  readonly offset: bigint
  /** What is committed beside it, for people. */
  readonly metadata?: string
}

/** What Kafka says of a partition, to a task that keeps positions where it writes. */
export interface PartitionOrigin extends TopicPartition {
  /** By the consumer group; null: nothing is. */
  readonly committed: bigint | null
  /** What was committed beside it; null: nothing. */
  readonly metadata: string | null
  /**
   * Where reading begins unless the task says otherwise: `committed`, or what `auto.offset.reset` comes to;
   * null: it is `none`.
   */
  readonly start: bigint | null
  /** Of the first record that Kafka still has. */
  readonly first: bigint
  /** Behind the last record. */
  readonly end: bigint
  /** Of this topic alone, even among those that had its name before; null: the brokers do not tell. */
  readonly topicId: string | null
}

/** What the worker gives a sink connector. */
export interface SinkConnectorContext {
  readonly name: string
  readonly log: Logger
  /** Asks for `taskConfigs` again; tasks whose configuration changed are restarted. */
  requestTaskReconfiguration(): void
  /** Makes the connector FAILED; its tasks go on. */
  raiseError(error: unknown): void
}

/**
 * As SourceConnector, for the way out of Kafka: the same calls in the same order. Which partitions a task
 * gets is not the connector's business: the tasks are members of one consumer group, which shares the
 * partitions out.
 */
export interface SinkConnector {
  /** Takes what `stop` has to give back, such as connections and timers. */
  start?(): Promise<void> | void
  /** At most `maxTasks` configurations, at least one unless there is nothing to do. */
  taskConfigs(maxTasks: number): Promise<ConfigMap[]> | ConfigMap[]
  stop(): Promise<void> | void
}

/** Why partitions are being taken from a task. */
export interface Revocation {
  /**
   * - `rebalance`: the group shares its partitions out anew. What `put` ends within the time is committed.
   * - `lost`: the group has given them to somebody else already. Nothing may be written any more.
   * - `overdue`: one `put` took longer than `max.poll.interval.ms`; the task leaves the group and joins it
   *   again.
   */
  readonly reason: 'rebalance' | 'lost' | 'overdue'
  readonly partitions: readonly TopicPartition[]
  /**
   * For so long, in ms, a running `put` is waited for; then its work must be undone. 0: it must be undone at
   * once.
   */
  readonly withinMs: number
}

/** Aborts once, when partitions are about to be taken away. */
export interface RevocationSignal extends AbortSignal {
  readonly reason: Revocation | undefined
}

/** Takes records that cannot be written, so that the others can. */
export interface ErrantRecordReporter {
  /**
   * Hands a record to the dead letter queue, to the log, or to both, as the connector is configured. Resolves
   * when Kafka has it: wait for that before anything is made durable that counts the record as done. Rejects
   * when errors are not tolerated, or when the record could not be handed over: let that error through, it
   * fails the task.
   */
  report(record: SinkRecord, error: unknown): Promise<void>
}

/** What the worker gives a sink task. */
export interface SinkTaskContext {
  readonly connector: string
  readonly task: number
  readonly log: Logger
  /** The partitions between their `open` and their `close`. */
  assignment(): readonly TopicPartition[]
  /**
   * No more records of these partitions until they are resumed. Throws ConnectError for a partition the task
   * does not have.
   */
  pause(partitions: readonly TopicPartition[]): void
  /** The opposite of `pause`, with the same error. */
  resume(partitions: readonly TopicPartition[]): void
  /**
   * From where these partitions are read next, whatever was committed: called in `open` by a task that keeps
   * its positions where it writes, or later to read records again. Takes effect before the next `put`. Throws
   * ConnectError as `pause` does.
   */
  offset(positions: readonly TopicPosition[]): void
  /**
   * Asks Kafka where these partitions are, in the same order, and in which cluster. Rejects with
   * RetriableError while Kafka does not answer.
   */
  origins(partitions: readonly TopicPartition[]): Promise<{
    readonly clusterId: string
    readonly partitions: readonly PartitionOrigin[]
  }>
  /**
   * Whether the consumer group still counts partitions as this task's. Commits these positions for that, one
   * of each partition that is asked about. False, too, while nobody can say.
   */
  confirm(positions: readonly TopicPosition[]): Promise<boolean>
  /**
   * Members of the consumer group that are no tasks of a worker like this one, by client and host: they know
   * nothing of positions that a plugin keeps. None, too, while the group does not show its members. Rejects
   * as `origins` does.
   */
  strangers(): Promise<readonly string[]>
  /**
   * Told while `put` runs: all of its records of these partitions are durable. Should that `put` fail, only
   * the others are put again.
   */
  written(partitions: readonly TopicPartition[]): void
  /** For how long, in ms, the batch rests that the next RetriableError of `put` leaves behind. */
  timeout(ms: number): void
  /** Asks for a commit soon, before `offset.flush.interval.ms` is over: everything put so far is durable. */
  requestCommit(): void
  /** null when neither a dead letter queue nor a log of errors is configured. */
  readonly errantRecords: ErrantRecordReporter | null
  /** Says what the task is doing that an operator should know (retrying the database); null takes it back. */
  reportCondition(condition: string | null): void
  /**
   * Aborts when the task is asked to stop. A `put` that can end its batch soon had better do so, for what it
   * gives up comes again; cut every other wait short. Whose `put` takes too long loses its partitions.
   */
  readonly stopping: AbortSignal
  /** Of the assignment there is at present; each assignment has its own. May abort while `put` runs. */
  readonly revoking: RevocationSignal
  /**
   * Beside `revoking`, and of the same assignment: aborts when partitions are lost, though a `put` had been
   * given time to end before. What is not durable yet must be undone at once.
   */
  readonly lost: AbortSignal
}

/**
 * Writes records. After `createTask` the worker calls
 *
 *     start → ( open → put … preCommit … put → preCommit → close )* → stop
 *
 * and never two at a time, but for `prepare`: while one call runs, only the signals of the context can abort.
 * Empty batches are put, too, about once a second, so that a task can do what is due. `open` and `close` tell
 * which partitions come and go: all of them at once, or a few while the others go on.
 *
 * Offsets are committed to the consumer group: at intervals, on request, before partitions are taken away and
 * at the end, always after `preCommit` and never beyond what it answered. A record that was put and not
 * committed comes again, to this task or to another.
 *
 * An error of `put` fails this task, never the worker (I9), unless it is a RetriableError: then the same
 * batch is put again, in the same order, and no other record meanwhile.
 */
export interface SinkTask {
  /** Takes what `stop` has to give back, such as connections and timers. */
  start?(): Promise<void> | void
  /**
   * These partitions are the task's from now on, none of their records was put yet. An error fails the task.
   */
  open?(partitions: readonly TopicPartition[]): Promise<void> | void
  /**
   * Called while `put` waits for others, with records that are put next, or never: for what can be done of
   * them by then. What is wrong with one is for its `put` to say.
   */
  prepare?(records: readonly SinkRecord[]): void
  /** The records of each partition are in the order of their offsets, across all batches. */
  put(records: readonly SinkRecord[]): Promise<void>
  /**
   * What may be committed of `positions`, which lie behind the records put so far, dropped ones included.
   * Fewer or lower ones are committed as they are answered, those left out are not; beyond what was given, or
   * of a partition the task does not have, nothing is. Absent: `flush` is called, and all of it may be
   * committed. After an error the task reads again from the positions committed last; while it ends, the
   * error is only logged.
   */
  preCommit?(
    positions: readonly TopicPosition[]
  ): Promise<readonly TopicPosition[]> | readonly TopicPosition[]
  /**
   * Everything put so far must be durable when this resolves. Absent: it is whenever `put` resolves. Errors
   * as of `preCommit`.
   */
  flush?(): Promise<void> | void
  /**
   * These partitions are the task's no more. `lost`: they are somebody else's already, who may have begun to
   * write: what is not durable yet must not become it. An error fails the task.
   */
  close?(partitions: readonly TopicPartition[], lost: boolean): Promise<void> | void
  /** The last call; also after a failed `start`. */
  stop(): Promise<void> | void
  /**
   * The facts of each stream (a table, a file) by its name, for operators, under the same terms as those of a
   * source task.
   */
  progress?(): ReadonlyMap<string, StreamFacts>
  /**
   * What to call a record in logs and errors, `row (id=7) for table public.orders`; null when the task does
   * not know.
   */
  nameRecord?(record: SinkRecord): string | null
}

/** How large a batch a task would like. */
export interface BatchWish {
  readonly records: number
  readonly bytes: number
  /** So long, in ms, a batch that is smaller may wait for more. */
  readonly lingerMs: number
}

/** What a sink connector is told of positions that are altered. */
export interface AlteringOffsets {
  /** Of the Kafka cluster that the connector reads. */
  clusterId(): Promise<string>
  /** They are only to be checked: nothing is stored. */
  readonly isCheck: boolean
  /** Every position is reset, those too that are not among the changes. */
  readonly all: boolean
}

/** How a task would like its records to be read. */
export interface ReadingWish {
  /** Properties of Kafka's consumer, where neither worker nor connector sets them. */
  readonly consumer: ConfigMap
  /** Whether a position that Kafka has no more fails the task, whatever `auto.offset.reset` says. */
  readonly failsOutOfRange: boolean
}

/** A sink connector class as users select it by name. */
export interface SinkConnectorPlugin {
  readonly type: 'sink'
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
  create(config: ConfigMap, context: SinkConnectorContext): SinkConnector
  /** As `create`, for one of the configurations `taskConfigs` answered. */
  createTask(config: ConfigMap, context: SinkTaskContext): SinkTask
  /** As that of a source connector. */
  validate?(
    config: ConfigMap,
    checked: Map<string, CheckedValue>,
    signal: AbortSignal
  ): Promise<void> | void
  /** How records are to be read for a configuration; absent: as Kafka's consumers do. */
  reading?(config: ConfigMap): ReadingWish
  /** Whether the connector writes exactly once with this configuration; absent or null: not known. */
  exactlyOnceSupport?(config: ConfigMap): 'supported' | 'unsupported' | null
  /**
   * Checks positions an operator wants to commit for the group, by `kafka_topic`, `kafka_partition` and
   * `kafka_offset`, or null where a partition is reset, and stores them where the connector keeps positions
   * of its own. Otherwise as that of a source connector.
   */
  alterOffsets?(
    config: ConfigMap,
    changes: readonly OffsetChange[],
    how: AlteringOffsets
  ): Promise<boolean | AlteredOffsets> | boolean | AlteredOffsets
  /**
   * How positions are moved by `PUT /connectors/{name}/start-from`; absent: in the consumer group alone. Maps
   * as for `alterOffsets`.
   */
  readonly startFrom?: StartFrom
  /**
   * What would be done with these records, and what an operator should know before creating the connector.
   * What is tried is undone. Throws ConfigError when the sink cannot be reached.
   */
  preview?(
    config: ConfigMap,
    records: readonly SinkRecord[],
    request: PreviewRequest
  ): Promise<SinkPreview>
  /**
   * How large a `put` is to be; `consumer.override.max.poll.records` wins where it is set. Absent: as many
   * records as are there.
   */
  batch?(config: ConfigMap): BatchWish
}
