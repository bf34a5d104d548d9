import type { Clock } from '../clock.ts'
import { ConnectError, traceOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { ClusterConfig } from '../storage/cluster-config.ts'
import type { State } from '../storage/status-store.ts'
import {
  type SourceTaskGuard,
  type TaskId,
  taskKey,
  type Worker,
  type WorkerEvents
} from '../worker/contracts.ts'
import { StartSlots } from './start-slots.ts'
import type { StatusReporter } from './status-reporter.ts'
import { taskIdOf, taskIdsOf, type WorkSet, workSet } from './work-set.ts'

/** One connector or task handed to the worker: `starting` ends, without an error, when its start has succeeded or failed. */
interface Instance {
  starting: Promise<void>
  settled: boolean
  wanted: boolean
  failed: boolean
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

/** How long a stop waits for a start that is under way before it stops again when that start ends. */
const START_PATIENCE_MS = 5000

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
    return this.#connectors.get(name)?.failed === true
  }

  tasksOf(connector: string): TaskId[] {
    return taskIdsOf(this.#tasks.keys()).filter((id) => id.connector === connector)
  }

  /** Resolves when the connector is in its target state; rejects, the failure being reported, when it does not get there. */
  startConnector(name: string, snapshot: ClusterConfig): Promise<void> {
    const config = snapshot.connectorConfig(name)
    const target = snapshot.targetState(name) ?? 'STARTED'
    const start = async () => {
      if (config === null) throw new ConnectError('NOT_FOUND', `Connector ${name} not found`)
      this.#options.log.info(`Starting connector ${name}`)
      await this.#options.worker.startConnector(name, config, target)
      if (target === 'STARTED') this.#options.onConnectorStarted(name)
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
        throw new ConnectError('NOT_FOUND', `Task ${taskKey(id)} has no configuration`)
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
      this.#options.log.error(`Failed to start task ${taskKey(id)}`, { error })
    }
    return started
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
    const apply = async () => {
      const target = snapshot().targetState(name)
      if (target !== null) await this.#options.worker.setTargetState(name, target)
    }
    const instances = [
      this.#connectors.get(name),
      ...this.tasksOf(name).map((id) => this.#tasks.get(taskKey(id)))
    ]
    const starting = instances.flatMap((instance) =>
      instance === undefined || instance.settled ? [] : [instance.starting]
    )
    await apply()
    if (starting.length > 0) {
      await Promise.all(starting)
      await apply()
    }
    return this.#connectors.has(name)
  }

  onConnectorState(
    connector: string,
    state: State,
    trace: string | null,
    version: string | null
  ): void {
    const instance = this.#connectors.get(connector)
    // I2: late words of an instance that was taken away are not passed on.
    if (instance === undefined) return
    instance.failed = state === 'FAILED'
    this.#options.statuses.connector(connector, state, trace, version)
  }

  onTaskState(id: TaskId, state: State, trace: string | null, version: string | null): void {
    const instance = this.#tasks.get(taskKey(id))
    if (instance === undefined) return
    instance.failed = state === 'FAILED'
    this.#options.statuses.task(id, state, trace, version)
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
    work: () => Promise<void>,
    report: (error: unknown) => void
  ): Promise<void> {
    const instance: Instance = {
      starting: Promise.resolve(),
      settled: false,
      wanted: true,
      failed: false
    }
    instances.set(key, instance)
    const started = this.#slots.run(async () => {
      if (!instance.wanted) throw new ConnectError('WORKER_STOPPING', `${key} was taken away`)
      await work()
    })
    instance.starting = started.then(
      () => {
        instance.settled = true
      },
      (error: unknown) => {
        instance.settled = true
        const known = instances.get(key) === instance && instance.wanted
        if (known && !instance.failed) report(error)
      }
    )
    await started
  }

  async #stopConnector(name: string): Promise<void> {
    const { worker } = this.#options
    this.#options.onConnectorStopping(name)
    await this.#stopInstance(this.#connectors, name, () => worker.stopConnector(name))
  }

  async #stopTasks(keys: readonly string[]): Promise<void> {
    const { worker } = this.#options
    const starting = keys.filter((key) => this.#tasks.get(key)?.settled === false)
    const running = keys.filter((key) => !starting.includes(key))
    // Those that run stop together within one graceful timeout; only those still being built are waited for one by one.
    const together = async () => {
      if (running.length > 0) await worker.stopTasks(taskIdsOf(running))
      for (const key of running) this.#tasks.delete(key)
    }
    await Promise.all([
      together(),
      ...starting.map((key) =>
        this.#stopInstance(this.#tasks, key, () => worker.stopTasks([taskIdOf(key)]))
      )
    ])
  }

  /** I2: a start that is under way is stopped now and again when it ends, however late that is. */
  async #stopInstance(
    instances: Map<string, Instance>,
    key: string,
    stop: () => Promise<void>
  ): Promise<void> {
    const instance = instances.get(key)
    if (instance === undefined) return
    instance.wanted = false
    const starting = !instance.settled
    await stop()
    if (starting) {
      const patience = new AbortController()
      const limit = this.#options.clock.sleep(START_PATIENCE_MS, patience.signal)
      await Promise.race([instance.starting, limit])
      patience.abort()
      if (instance.settled) await stop()
      else this.#stopWhenStarted(instances, key, instance, stop)
    }
    if (instances.get(key) === instance) instances.delete(key)
  }

  #stopWhenStarted(
    instances: Map<string, Instance>,
    key: string,
    instance: Instance,
    stop: () => Promise<void>
  ): void {
    const late = async () => {
      await instance.starting
      if (!instances.has(key)) await stop()
    }
    late().catch((error: unknown) => {
      this.#options.log.error(`${key} started late and could not be stopped`, { error })
    })
  }
}
