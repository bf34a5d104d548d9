import type { Failure } from '../errors.ts'
import type { Plugins } from '../plugin/plugins.ts'
import type { StartPreview, StartWanted } from '../plugin/start-from.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import type { StoredMap, StoredOffset } from '../storage/offset-store.ts'
import type { State } from '../storage/status-store.ts'
import type { TargetState } from '../storage/target-state.ts'
import type { TaskId } from '../storage/task-id.ts'
import type { ProgressReport } from '../tasks/port.ts'

/** What a connector or task says of itself to whoever had it made. Called synchronously; must not throw. */
interface InstanceEvents {
  /**
   * The register adds worker id and generation and writes the status topic. `trace`: the stack of a FAILED
   * instance, or, beside RUNNING, a sentence about what the instance is coping with (a database that is down,
   * a column left out). `version`: of the plugin. `failure`: why it is FAILED.
   */
  onState(state: State, trace: string | null, version: string | null, failure?: Failure): void
  /** A value that a config provider gave the instance is another one now: it should be started again. */
  onValuesChanged(): void
}

export interface ConnectorEvents extends InstanceEvents {
  /** The connector asked for its task configurations to be generated again. */
  onTaskReconfiguration(): void
}

export interface TaskEvents extends InstanceEvents {
  /** The task produced to a topic, or read from one, for the first time. */
  onTopicUsed(topic: string): void
}

/**
 * What a task that runs exactly once has to ask of its cluster. Both reject when it may not run, and soon
 * once `signal` aborts.
 */
export interface SourceTaskGuard {
  /**
   * Before its producer takes a new epoch: older generations of the connector's tasks are fenced when this
   * resolves.
   */
  before(signal: AbortSignal): Promise<void>
  /** After that: the task is still this worker's, and of the newest generation. */
  after(signal: AbortSignal): Promise<void>
}

/** What a task that runs here has done so far, and what its plugin says of its streams. */
export type TaskProgress = ProgressReport & { readonly id: TaskId }
export type SinkProgress = Extract<TaskProgress, { readonly type: 'sink' }>

/** One connector from the moment it was asked for. It starts once, and never again after it was stopped. */
export interface ConnectorHandle {
  /**
   * Its references could be replaced and its class was found: it runs, is PAUSED or STOPPED, or has FAILED by
   * its own doing.
   */
  readonly made: boolean
  /**
   * Resolves when the connector is in that state. On failure reports FAILED and rejects; WORKER_STOPPING: it
   * was stopped meanwhile.
   */
  start(target: TargetState): Promise<void>
  /** Rejects when the connector does not get there. */
  setTargetState(target: TargetState): Promise<void>
  /**
   * Task configurations with `task.class` (and `topics` / `topics.regex` for sinks) filled in, and `${…}`
   * references put back where the connector copied their values. Rejects unless it is started, and when there
   * are more than `tasks.max` allows.
   */
  taskConfigs(): Promise<StoredConfig[]>
  /**
   * Bounded (5 s). Reports UNASSIGNED; afterwards nothing more is reported (I2), and nothing comes of a start
   * that is under way.
   */
  stop(): Promise<void>
}

/** One task from the moment it was asked for. It starts once, and is reached by messages only. */
export interface TaskHandle {
  /** The task was built; it runs, waits, has ended or failed since. */
  readonly made: boolean
  /**
   * Resolves with whether the task could be built; it then runs by itself. A failure is reported as FAILED.
   */
  start(target: TargetState): Promise<boolean>
  setTargetState(target: TargetState): void
  /** Asks the task to end; nothing comes of a start that is under way (I2). */
  stop(): void
  /**
   * Resolves when it has ended. I4: after `withinMs` it is given up without committing. Reports UNASSIGNED,
   * unless the task failed, and nothing after that (I2).
   */
  ended(withinMs: number): Promise<void>
  /** null while it does not run. */
  progress(): ProgressReport | null
}

/**
 * Makes connectors and tasks that run in this process; keeps none of them. Configurations come raw, with
 * `${…}` unresolved.
 */
export interface Worker {
  readonly plugins: Plugins
  /** `task.shutdown.graceful.timeout.ms`: what tasks that are stopped together are given to end. */
  readonly gracefulTimeoutMs: number
  connector(name: string, config: StoredConfig, events: ConnectorEvents): ConnectorHandle
  /** With a `guard`, a source task runs exactly once. */
  task(options: {
    readonly id: TaskId
    readonly config: StoredConfig
    readonly connectorConfig: StoredConfig
    readonly guard: SourceTaskGuard | null
    readonly events: TaskEvents
  }): TaskHandle
  /**
   * Ends the producers of the first `tasks` tasks of a connector that ran exactly once, wherever they are.
   */
  fenceZombies(connector: string, config: StoredConfig, tasks: number): Promise<void>
}

/** One offset of a request. Which partitions there are is known to the connector, or to Kafka. */
export interface RequestedOffset {
  /** null: the request names none. */
  readonly partition: StoredMap | null
  /** null deletes. */
  readonly offset: StoredMap | null
}

/** Where connectors are, and where they would start. Configurations come raw, with `${…}` unresolved. */
export interface ConnectorOffsets {
  /** Stored offsets of a connector (source), or of its consumer group (sink). */
  offsets(connector: string, config: StoredConfig): Promise<StoredOffset[]>
  /** What an earlier connector of that name left. Nothing is created for the answer. */
  offsetsLeft(connector: string, config: StoredConfig): Promise<StoredOffset[]>
  /**
   * Writes (or with null resets) offsets of a connector whose tasks are stopped; answers whether the
   * connector says nothing else is needed.
   */
  modifyOffsets(
    connector: string,
    config: StoredConfig,
    changes: readonly RequestedOffset[] | null
  ): Promise<boolean>
  /**
   * Who keeps offsets from being stored now, a sentence for people; null: nobody. The connector's tasks must
   * have ended.
   */
  inTheWay(connector: string, config: StoredConfig): Promise<string | null>
  /** Stores offsets as they are; repeating it does no harm. The connector's tasks must have ended. */
  writeOffsets(
    connector: string,
    config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<void>

  /**
   * The offsets that move a connector to another start, checked by the connector; nothing is written.
   * ConnectError with status 400 when the connector cannot be moved, or not there. The connector may run
   * meanwhile.
   */
  planStart(connector: string, config: StoredConfig, wanted: StartWanted): Promise<StoredOffset[]>
  /** What storing these offsets would do, counted by the connector within a limit. */
  previewStart(
    connector: string,
    config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<readonly StartPreview[]>
  /** Whether a configuration is the first of its connector with a start. */
  givesFirstStart(before: StoredConfig, after: StoredConfig): Promise<boolean>
  /**
   * Stored offsets as they have to be for that start to be noticed; only those that change. The connector's
   * tasks must have ended.
   */
  prepareStart(
    connector: string,
    before: StoredConfig,
    after: StoredConfig
  ): Promise<readonly StoredOffset[]>
  /**
   * Offsets for a connector that is not there yet, as they are to be stored, checked by its class. `given`
   * null: there are none.
   */
  initialOffsets(
    connector: string,
    config: StoredConfig,
    given: readonly RequestedOffset[] | null
  ): Promise<{ readonly complete: boolean; readonly changes: readonly StoredOffset[] }>
}
