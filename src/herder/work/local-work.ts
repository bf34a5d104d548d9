import type { Clock } from '../../clock.ts'
import { ConnectError, traceOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ClusterConfig } from '../../storage/cluster-config.ts'
import type { State } from '../../storage/status-store.ts'
import { type SourceTaskGuard, type Worker, type WorkerEvents } from '../../worker/contracts.ts'
import { StartSlots } from './start-slots.ts'
import type { StatusReporter } from './status-reporter.ts'
import { taskIdsOf, type WorkSet, workSet } from './work-set.ts'
import { type TaskId, taskKey } from '../../storage/task-id.ts'

/** One connector or task handed to the worker: `starting` ends, without an error, when its start has succeeded or failed. */
interface Instance {
  starting: Promise<void>
  settled: boolean
  wanted: boolean
  /** It is started again at once: nobody needs to hear that it was stopped. */
  restarting: boolean
  /** What was reported last. */
  state: State
  version: string | null
}

export interface LocalWorkOptions {
  readonly worker: Worker
  readonly statuses: StatusReporter
  readonly clock: Clock
  readonly log: Logger
  /** What a task has to ask that runs exactly once; null or absent: it does not. */
  guardOf?(id: TaskId, snapshot: ClusterConfig): SourceTaskGuard | null
  /** A connector came up and should run: its task configurations have to be looked at. */
  onConnectorStarted(connector: string): void
  /** The connector asked for its task configurations to be generated again. */
  onReconfiguration(connector: string): void
  /** Values of config providers are others than those the connector (`task` null) or task was started with. */
  onValuesChanged(connector: string, task: number | null): void
  /** Whatever runs for the connector is being stopped. */
  onConnectorStopping(connector: string): void
}

/**
 * The connectors and tasks this worker has been told to run, failed ones included. Starting never blocks the caller (I9): plugin code
 * runs behind the promises. Stopping is bounded, and afterwards the instance is unknown here and nothing is reported for it (I2).
 */
export class LocalWork implements WorkerEvents {
  readonly #options: LocalWorkOptions
  readonly #slots: StartSlots
  readonly #connectors = new Map<string, Instance>()
  readonly #tasks = new Map<string, Instance>()

  constructor(options: LocalWorkOptions) {
    this.#options = options
    this.#slots = new StartSlots(options.clock)
    options.worker.setEvents(this)
  }

  get all(): WorkSet {
    return workSet(this.#connectors.keys(), this.#tasks.keys())
  }

  hasConnector(name: string): boolean {
    return this.#connectors.has(name)
  }

  /** Whether the connector runs here and failed; it does nothing more until it is restarted. */
  connectorFailed(name: string): boolean {
    return this.#connectors.get(name)?.state === 'FAILED'
  }

  tasksOf(connector: string): TaskId[] {
    return taskIdsOf(this.#tasks.keys()).filter((id) => id.connector === connector)
  }

  /** Resolves when the connector is in its target state; rejects, the failure being reported, when it does not get there. */
  startConnector(name: string, snapshot: ClusterConfig): Promise<void> {
    const config = snapshot.connectorConfig(name)
    const target = snapshot.targetState(name) ?? 'STARTED'
    const start = async (instance: Instance) => {
      if (config === null) throw new ConnectError('NOT_FOUND', `Connector ${name} not found`)
      this.#options.log.info(`Starting connector ${name}`)
      await this.#options.worker.startConnector(name, config, target)
      if (target === 'STARTED' && instance.wanted) this.#options.onConnectorStarted(name)
    }
    return this.#start(this.#connectors, name, start, (error) =>
      this.onConnectorState(name, 'FAILED', traceOf(error), null)
    )
  }

  /** Resolves with whether the task could be started; a failure is reported. */
  async startTask(id: TaskId, snapshot: ClusterConfig): Promise<boolean> {
    const config = snapshot.taskConfig(id.connector, id.task)
    const connectorConfig = snapshot.connectorConfig(id.connector)
    const target = snapshot.targetState(id.connector) ?? 'STARTED'
    let started = false
    const start = async () => {
      if (config === null || connectorConfig === null) {
        throw new ConnectError(
          'NOT_FOUND',
          `Task ${taskKey(id)} has no configuration: compaction of the config topic took it. It starts once its connector has told its tasks again (restart the connector if it does not)`
        )
      }
      this.#options.log.info(`Starting task ${taskKey(id)}`)
      const guard = this.#options.guardOf?.(id, snapshot) ?? null
      started = await this.#options.worker.startTask(id, config, connectorConfig, target, guard)
    }
    try {
      await this.#start(this.#tasks, taskKey(id), start, (error) =>
        this.onTaskState(id, 'FAILED', traceOf(error), null)
      )
    } catch (error) {
      // Taken away before its turn came: nobody misses it.
      const stopped = error instanceof ConnectError && error.code === 'WORKER_STOPPING'
      const { log } = this.#options
      if (stopped) log.info(`Task ${taskKey(id)} is not started: it was taken away`)
      else log.error(`Failed to start task ${taskKey(id)}`, { error })
    }
    return started
  }

  /** As `stop`, for what the caller starts again at once: it is never shown as UNASSIGNED. */
  async stopToRestart(work: WorkSet): Promise<void> {
    for (const name of work.connectors) markRestarting(this.#connectors.get(name))
    for (const key of work.tasks) markRestarting(this.#tasks.get(key))
    await this.stop(work)
  }

  /** Bounded. Unknown instances are ignored. */
  async stop(work: WorkSet): Promise<void> {
    const connectors = [...work.connectors].filter((name) => this.#connectors.has(name))
    const tasks = [...work.tasks].filter((key) => this.#tasks.has(key))
    await Promise.all([
      ...connectors.map((name) => this.#stopConnector(name)),
      this.#stopTasks(tasks)
    ])
  }

  /**
   * Moves what runs here of a connector to its target state; answers whether the connector itself runs here.
   * An instance that is just starting may have read the state before: it is told again.
   */
  async applyTargetState(name: string, snapshot: () => ClusterConfig): Promise<boolean> {
    const instances = [
      this.#connectors.get(name),
      ...this.tasksOf(name).map((id) => this.#tasks.get(taskKey(id)))
    ]
    const starting = instances.flatMap((instance) =>
      instance === undefined || instance.settled ? [] : [instance.starting]
    )
    await this.#apply(name, snapshot())
    if (starting.length > 0) {
      await Promise.all(starting)
      await this.#apply(name, snapshot())
    }
    return this.#connectors.has(name)
  }

  async #apply(name: string, snapshot: ClusterConfig): Promise<void> {
    const { worker } = this.#options
    const target = snapshot.targetState(name)
    if (target === null) return
    await worker.setTargetState(name, target)
    const instance = this.#connectors.get(name)
    if (instance?.settled !== true || !instance.wanted || worker.connectorRunning(name)) return
    // It could not even be made (its class, a reference): it can be STOPPED all the same, and is made anew when it is resumed.
    if (target === 'STOPPED' && instance.state === 'FAILED')
      this.onConnectorState(name, 'STOPPED', null, null)
    if (target === 'STARTED' && instance.state === 'STOPPED')
      await this.startConnector(name, snapshot)
  }

  /** Says beside RUNNING what a connector is coping with; null takes it back. In any other state it says nothing. */
  connectorCondition(name: string, condition: string | null): void {
    const instance = this.#connectors.get(name)
    if (instance?.state !== 'RUNNING') return
    this.#options.statuses.connector(name, 'RUNNING', condition, instance.version)
  }

  /** The connector cannot go on, whatever its own code says. */
  failConnector(name: string, error: unknown): void {
    this.onConnectorState(
      name,
      'FAILED',
      traceOf(error),
      this.#connectors.get(name)?.version ?? null
    )
  }

  onConnectorState(
    connector: string,
    state: State,
    trace: string | null,
    version: string | null
  ): void {
    if (isTold(this.#connectors.get(connector), state, version)) {
      this.#options.statuses.connector(connector, state, trace, version)
    }
  }

  onTaskState(id: TaskId, state: State, trace: string | null, version: string | null): void {
    if (isTold(this.#tasks.get(taskKey(id)), state, version)) {
      this.#options.statuses.task(id, state, trace, version)
    }
  }

  onTaskReconfiguration(connector: string): void {
    if (this.#connectors.has(connector)) this.#options.onReconfiguration(connector)
  }

  onValuesChanged(connector: string, task: number | null): void {
    const here =
      task === null
        ? this.#connectors.has(connector)
        : this.#tasks.has(taskKey({ connector, task }))
    if (here) this.#options.onValuesChanged(connector, task)
  }

  onTopicUsed(id: TaskId, topic: string): void {
    if (this.#tasks.has(taskKey(id))) this.#options.statuses.topicUsed(id, topic)
  }

  async #start(
    instances: Map<string, Instance>,
    key: string,
    work: (instance: Instance) => Promise<void>,
    report: (error: unknown) => void
  ): Promise<void> {
    const instance: Instance = {
      starting: Promise.resolve(),
      settled: false,
      wanted: true,
      restarting: false,
      state: 'UNASSIGNED',
      version: null
    }
    instances.set(key, instance)
    const started = this.#slots.run(async () => {
      if (!instance.wanted) throw new ConnectError('WORKER_STOPPING', `${key} was taken away`)
      await work(instance)
    })
    instance.starting = started.then(
      () => {
        instance.settled = true
      },
      (error: unknown) => {
        instance.settled = true
        if (instance.wanted && instance.state !== 'FAILED') report(error)
      }
    )
    await started
  }

  async #stopConnector(name: string): Promise<void> {
    const { worker, onConnectorStopping } = this.#options
    onConnectorStopping(name)
    const instance = this.#connectors.get(name)
    if (instance !== undefined) instance.wanted = false
    await worker.stopConnector(name)
    this.#connectors.delete(name)
  }

  /** Together within one graceful timeout. */
  async #stopTasks(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return
    for (const key of keys) {
      const instance = this.#tasks.get(key)
      if (instance !== undefined) instance.wanted = false
    }
    await this.#options.worker.stopTasks(taskIdsOf(keys))
    for (const key of keys) this.#tasks.delete(key)
  }
}

function markRestarting(instance: Instance | undefined): void {
  if (instance !== undefined) instance.restarting = true
}

/** Notes what an instance reports; answers whether the status topic is told. I2: of one that was taken away nothing is. */
function isTold(instance: Instance | undefined, state: State, version: string | null): boolean {
  if (instance === undefined) return false
  instance.state = state
  instance.version = version
  return !(instance.restarting && state === 'UNASSIGNED')
}
