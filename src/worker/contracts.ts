import type { SourceTaskProgress } from '../tasks/port.ts'
import type { TaskId } from '../storage/task-id.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import type { TargetState } from '../storage/target-state.ts'
import type { State } from '../storage/status-store.ts'
import type { StoredOffset } from '../storage/offset-store.ts'
import type { Plugins } from '../plugin/plugins.ts'
import type { StartPreview, StartWanted } from '../plugin/start-from.ts'

/** What the worker tells the herder. Called synchronously; must not throw. */
export interface WorkerEvents {
  /**
   * The herder adds worker id and generation and writes the status topic. `trace`: the stack of a FAILED instance, or, beside RUNNING,
   * a sentence about what the task is coping with (a database that is down, a column left out). `version`: of the plugin.
   */
  onConnectorState(
    connector: string,
    state: State,
    trace: string | null,
    version: string | null
  ): void
  onTaskState(id: TaskId, state: State, trace: string | null, version: string | null): void
  /** The connector asked for its task configurations to be generated again. */
  onTaskReconfiguration(connector: string): void
  /** A value that a config provider gave the connector (`task` null) or task is another one now: it should be started again. */
  onValuesChanged(connector: string, task: number | null): void
  /** A task produced to a topic for the first time. */
  onTopicUsed(id: TaskId, topic: string): void
}

/** What a task that runs exactly once has to ask of its cluster. Both reject when it may not run, and soon once `signal` aborts. */
export interface SourceTaskGuard {
  /** Before its producer takes a new epoch: older generations of the connector's tasks are fenced when this resolves. */
  before(signal: AbortSignal): Promise<void>
  /** After that: the task is still this worker's, and of the newest generation. */
  after(signal: AbortSignal): Promise<void>
}

/** What a task that runs here has done so far, and what its plugin says of its streams. */
export interface TaskProgress extends SourceTaskProgress {
  readonly id: TaskId
}

/**
 * Starts, watches and stops connectors and tasks; decides nothing. Configurations come raw, with `${…}` unresolved.
 * A running task is reached only by messages: start, target state, stop; it answers with states and counters.
 */
export interface Worker {
  readonly plugins: Plugins
  /** Must be set before anything is started. */
  setEvents(events: WorkerEvents): void

  /** Resolves when started (or paused / stopped, as `target` says). On failure reports FAILED and rejects. Also fails when it runs already. */
  startConnector(connector: string, config: StoredConfig, target: TargetState): Promise<void>
  /**
   * Bounded (5 s); afterwards the connector is gone, and nothing more is reported of it (I2): nothing comes of a start that is under way.
   * Reports UNASSIGNED. Unknown names are ignored.
   */
  stopConnector(connector: string): Promise<void>
  /** Moves a running connector to another target state; rejects when that fails. Tasks follow the same state. */
  setTargetState(connector: string, target: TargetState): Promise<void>
  connectorRunning(connector: string): boolean
  runningConnectors(): string[]

  /**
   * Task configurations of a running connector, with `task.class` (and `topics` / `topics.regex` for sinks) filled in,
   * `${…}` references put back where the connector copied their values. Rejects when there are more than `tasks.max` allows.
   */
  taskConfigs(connector: string): Promise<StoredConfig[]>

  /**
   * Starts a task; resolves false (and reports FAILED) when it could not be built. The task then runs by itself. With a guard, a source
   * task runs exactly once.
   */
  startTask(
    id: TaskId,
    config: StoredConfig,
    connectorConfig: StoredConfig,
    target: TargetState,
    guard?: SourceTaskGuard | null
  ): Promise<boolean>
  /**
   * Stops these tasks together within `task.shutdown.graceful.timeout.ms`, then gives up on the rest without committing (I4); nothing comes of
   * a start that is under way (I2). Reports UNASSIGNED, unless the task failed.
   */
  stopTasks(ids: readonly TaskId[]): Promise<void>
  runningTasks(): TaskId[]
  /** Of the tasks that run here; null: of every connector's. */
  progress(connector: string | null): TaskProgress[]

  /** Stored offsets of a connector (source), or of its consumer group (sink). */
  offsets(connector: string, config: StoredConfig): Promise<StoredOffset[]>
  /** What an earlier connector of that name left. Nothing is created for the answer. */
  offsetsLeft(connector: string, config: StoredConfig): Promise<StoredOffset[]>
  /** Writes (or with null resets) offsets of a connector whose tasks are stopped; answers whether the connector says nothing else is needed. */
  modifyOffsets(
    connector: string,
    config: StoredConfig,
    changes: readonly StoredOffset[] | null
  ): Promise<boolean>

  /**
   * The offsets that move a connector to another start, checked by the connector; nothing is written. ConnectError with status 400 when
   * the connector cannot be moved, or not there. The connector may run meanwhile.
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
  /** Stored offsets as they have to be for that start to be noticed; only those that change. The connector's tasks must have ended. */
  prepareStart(
    connector: string,
    before: StoredConfig,
    after: StoredConfig
  ): Promise<readonly StoredOffset[]>
  /** Offsets for a connector that is not there yet, as they are to be stored, checked by its class. `given` null: there are none. */
  initialOffsets(
    connector: string,
    config: StoredConfig,
    given: readonly StoredOffset[] | null
  ): Promise<{ readonly complete: boolean; readonly changes: readonly StoredOffset[] }>
  /** Stores offsets as they are; repeating it does no harm. The connector's tasks must have ended. */
  writeOffsets(
    connector: string,
    config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<void>

  /** Ends the producers of the first `tasks` tasks of a connector that ran exactly once, wherever they are. */
  fenceZombies(connector: string, config: StoredConfig, tasks: number): Promise<void>

  /** Stops everything within the graceful timeout and closes the clients. */
  stop(): Promise<void>
}
