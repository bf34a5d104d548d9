import type { ConfigMap } from '../config/config-def.ts'
import type { SourceOffset, SourcePartition } from '../data/record.ts'
import type { Failure } from '../errors.ts'
import type { ClientProperties, ProducerRecord } from '../kafka/contracts.ts'
import type { PartitionOffset, StreamFacts } from '../plugin/source.ts'
import type {
  DeadLetterSettings,
  ErrorPolicy,
  TopicSubscription,
  TransactionBoundary
} from '../settings/connector/connector-settings.ts'
import type { TopicCreationRule } from '../settings/connector/topic-creation-groups.ts'
import type { State } from '../storage/status-store.ts'
import type { TargetState } from '../storage/target-state.ts'
import type { TaskId } from '../storage/task-id.ts'
import type { ErrorData } from './error-data.ts'

/**
 * The border between a worker and one of its tasks. Nothing crosses it but the messages below, each a piece
 * of plain data of which `structuredClone` makes a faithful copy: no function, store, signal, counter or
 * error object. So a task need not live where its worker does, and neither side can change what the other one
 * has.
 *
 * **What lives where.** The plugin, its transformations and converters, the producer or consumer and the
 * records are the task's, from one end to the other; of a sink task the offsets are, too, for its consumer
 * keeps them with its group. The stored offsets of sources, the leases of their stores, the cluster's leave
 * to run, the values behind references and the status topic are the worker's. Kafka clients, loggers and the
 * registry of plugins each side has for itself.
 *
 * **The worker says**
 * - `start`, first and once. The task answers `started`, and runs by itself from then on; or `refused`, when
 *   it could not be built.
 * - `target` at any time; the last one counts. STOPPED asks it to end.
 * - `stop`, to ask it to end: the loop finishes its step, what is under way is awaited for a bounded time,
 *   offsets are stored a last time, the plugin is stopped. Saying it twice does no harm.
 * - `cancel`, when the task did not end in time (I4). From then on the task sends no record, commits no
 *   offset and asks for nothing to be stored, and the worker hears nothing but its `ended` (I2).
 * - `answer` or `refusal`, exactly one for each `call`, in any order.
 *
 * **The task says**
 * - `state`, when it changes: PAUSED; RUNNING, with a sentence on what the task is coping with; FAILED with
 *   its trace and why, once, and then no state any more. UNASSIGNED is the worker's
 *   word.
 * - `topic`, when it produces to one, or has read from one, for the first time.
 * - `progress`, unasked: soon after a poll, a put, an acknowledgement or a record that was dropped, a few
 *   times a second at most; every ten seconds anyway; and once more before it ends.
 * - `call`, for what only the worker can do; {@link TaskCalls} says what there is. A call has no limit of its
 *   own: what the worker does for it has. Sink tasks have nothing to ask for.
 * - `committed`, after a transaction with offsets: the worker's store is to know that they count now.
 * - `ended`, last of all, once everything that was open for it on its side is closed, whether it was stopped,
 *   failed or was given up.
 *
 * **What is open.** Between `start` and `refused` or `ended` the worker holds a lease of the store of the
 * connector's offsets for a source task; it closes it then, and not before, for a task that was given up may
 * still be reading. Nobody closes a port: behind these two messages there is nothing more to say, and what is
 * said all the same is not heard.
 */
export type ToTask =
  | { readonly kind: 'start'; readonly task: TaskStart }
  | { readonly kind: 'target'; readonly target: TargetState }
  | { readonly kind: 'stop' | 'cancel' }
  | { readonly kind: 'answer'; readonly call: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly call: number; readonly error: ErrorData }

export type FromTask =
  | { readonly kind: 'started' | 'ended' }
  | { readonly kind: 'refused'; readonly error: ErrorData }
  | {
      readonly kind: 'state'
      readonly state: State
      readonly trace: string | null
      /** Of FAILED. */
      readonly failure?: Failure
    }
  | { readonly kind: 'topic'; readonly topic: string }
  | { readonly kind: 'progress'; readonly progress: ProgressReport }
  | ({ readonly kind: 'call'; readonly call: number } & TaskCall)
  | { readonly kind: 'committed'; readonly offsets: readonly PartitionOffset[] }

/** What is told on the way, and nobody waits for. */
export type Told = Extract<
  FromTask,
  { readonly kind: 'state' } | { readonly kind: 'topic' | 'progress' | 'committed' }
>

/** What a source task may ask of its worker: arguments and answer of each. */
export interface TaskCalls {
  /**
   * Exactly once, before the producer takes a new epoch: older generations of the connector's tasks are
   * fenced when this is answered.
   */
  readonly mayBegin: { readonly args: null; readonly answer: null }
  /** Exactly once, after that: the task is still this worker's, and of the newest generation. */
  readonly begun: { readonly args: null; readonly answer: null }
  /** Answered when the stored offsets can be read. May be asked again and again. */
  readonly openOffsets: { readonly args: null; readonly answer: null }
  /** The stored offset of each partition, in the same order; null where none is stored. */
  readonly readOffsets: {
    readonly args: readonly SourcePartition[]
    readonly answer: readonly (SourceOffset | null)[]
  }
  /** Answered when they are durable; refused after `offset.flush.timeout.ms`. */
  readonly storeOffsets: { readonly args: readonly PartitionOffset[]; readonly answer: null }
  /**
   * Exactly once: the records that store these offsets, for the task's own transaction. What has to be stored
   * elsewhere before that is stored when this is answered; refused after `offset.flush.timeout.ms`.
   */
  readonly offsetRecords: {
    readonly args: readonly PartitionOffset[]
    readonly answer: readonly ProducerRecord[]
  }
}

export type TaskCall = {
  readonly [W in keyof TaskCalls]: { readonly what: W; readonly args: TaskCalls[W]['args'] }
}[keyof TaskCalls]

/** Everything a task is made of. */
export type TaskStart = SourceTaskStart | SinkTaskStart

/** Configurations have their `${…}` replaced. */
interface CommonStart {
  readonly id: TaskId
  /** Full class name of the connector, by which the task's side finds its plugin. */
  readonly connectorClass: string
  readonly config: ConfigMap
  readonly connectorConfig: ConfigMap
  /** Of the worker: where the converters are configured when the connector says nothing of them. */
  readonly workerConfig: ConfigMap
  readonly target: TargetState
  readonly errors: ErrorPolicy
  /** `offset.flush.interval.ms` */
  readonly offsetFlushIntervalMs: number
  /** `offset.flush.timeout.ms` */
  readonly offsetFlushTimeoutMs: number
  /** I7: texts among all this that no message of the task's side may show. */
  readonly secrets: readonly string[]
}

export interface SourceTaskStart extends CommonStart {
  readonly type: 'source'
  /** Java client properties. */
  readonly producer: ClientProperties
  readonly delivery: DeliveryKind
  /** null: topics are the brokers' business. */
  readonly topicCreation: TopicCreationStart | null
}

export interface SinkTaskStart extends CommonStart {
  readonly type: 'sink'
  /** Java client properties, the group among them. */
  readonly consumer: ClientProperties
  readonly subscription: TopicSubscription
  /** `sink.assignment=spread` */
  readonly spreads: boolean
  /** How many records one poll brings at most; null: as many as the plugin wishes, else the default. */
  readonly maxPollRecords: number | null
  /** null: there is no dead letter queue. */
  readonly deadLetters: DeadLetterStart | null
}

/** A dead letter queue, and the Java client properties for those who write and create it. */
export interface DeadLetterStart extends DeadLetterSettings {
  readonly producer: ClientProperties
  readonly admin: ClientProperties
}

export type DeliveryKind =
  | { readonly kind: 'at least once' }
  | {
      readonly kind: 'exactly once'
      readonly transactionalId: string
      readonly boundary: TransactionBoundary
      /** The topic of the stored offsets, to which the task may produce nothing else. */
      readonly offsetsTopic: string
    }

export interface TopicCreationStart {
  /** Java client properties. */
  readonly admin: ClientProperties
  readonly rules: readonly TopicCreationRule[]
}

/** What a task has done since it started here, and what its plugin says of its streams. */
export type ProgressReport = SourceTaskProgress | SinkTaskProgress

/** Counts are of records. */
export interface SourceTaskProgress {
  readonly type: 'source'
  readonly polled: number
  readonly written: number
  readonly skipped: number
  /** Epoch ms of the last acknowledged batch, null before the first. */
  readonly lastWriteAt: number | null
  readonly streams: ReadonlyMap<string, StreamFacts>
}

/** Counts are of records where nothing else is said, times in milliseconds. */
export interface SinkTaskProgress {
  readonly type: 'sink'
  /** From Kafka. */
  readonly read: number
  /** Put for good, those again that come again after a rebalance or rewind. */
  readonly sent: number
  /** Left out because of an error that is tolerated. */
  readonly skipped: number
  /** Put, and not committed yet. */
  readonly active: number
  /** Puts of at least one record, those that failed not among them. */
  readonly puts: number
  readonly putMs: number
  readonly longestPutMs: number
  /** How often a batch was put again. */
  readonly retries: number
  readonly commits: {
    readonly completed: number
    readonly failed: number
    /** There was nothing new to commit. */
    readonly skipped: number
  }
  /** Acknowledged by the dead letter queue, by the stage in which they failed. */
  readonly deadLetters: ReadonlyMap<string, number>
  readonly deadLetterFailures: number
  /** Epoch ms of the last put of at least one record, null before the first. */
  readonly lastPutAt: number | null
  readonly partitions: readonly SinkPartitionProgress[]
  readonly streams: ReadonlyMap<string, StreamFacts>
}

/** Offsets are those of next records; null: not known yet. */
export interface SinkPartitionProgress {
  readonly topic: string
  readonly partition: number
  /** Behind the last record that was put. */
  readonly position: number | null
  readonly committed: number | null
  /** Behind the last record that may be read. */
  readonly end: number | null
  /** Records from `position` to `end`. */
  readonly lag: number | null
  /** How old the next record is by its timestamp, in seconds; 0 when there is none. */
  readonly behindSeconds: number | null
}

/** The worker's end of a port. */
export interface TaskPort {
  send(message: ToTask): void
}

/** Opens a port for one task; what the task says goes to `receive`, which must not throw. */
export type OpenTaskPort = (receive: (message: FromTask) => void) => TaskPort
