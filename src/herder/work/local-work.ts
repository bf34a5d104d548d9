import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ClusterConfig, StoredConfig } from '../../storage/cluster-config.ts'
import { type TaskId, taskKey } from '../../storage/task-id.ts'
import type {
  ConnectorHandle,
  SourceTaskGuard,
  TaskHandle,
  TaskProgress,
  Worker
} from '../../worker/contracts.ts'
import type { AutoRestarts, InstanceId } from './auto-restarts.ts'
import { failure, InstanceStates, type Stated } from './instance-states.ts'
import { StartSlots } from './start-slots.ts'
import type { StatusReporter } from './status-reporter.ts'
import { taskIdsOf, type WorkSet, workSet } from './work-set.ts'

/** One connector or task that was asked for. */
interface Instance<H> extends Stated {
  readonly handle: H
  /** Ends, without an error, when its start has succeeded or failed. */
  starting: Promise<void>
  settled: boolean
  wanted: boolean
  restarting: boolean
}

interface LocalWorkOptions {
  readonly worker: Worker
  readonly statuses: StatusReporter
  readonly clock: Clock
  readonly log: Logger
  /** null: no task runs exactly once. */
  readonly guards: TaskGuards | null
  readonly autoRestarts: AutoRestarts
}

/** What tasks have to ask that run exactly once. */
interface TaskGuards {
  /** null: that task does not. `onWaiting` is told what the task waits for. */
  guardOf(
    id: TaskId,
    snapshot: ClusterConfig,
    onWaiting: (reason: string) => void
  ): SourceTaskGuard | null
}

/** What the register tells the rest of its herder. Called synchronously; must not throw. */
interface WorkEvents {
  /** A connector came up and should run: its task configurations have to be looked at. */
  onConnectorStarted(connector: string): void
  /** The connector asked for its task configurations to be generated again. */
  onReconfiguration(connector: string): void
  /** Values of config providers differ from those the connector (`task` null) or task was started with. */
  onValuesChanged(connector: string, task: number | null): void
  /** Whatever runs for the connector is being stopped. */
  onConnectorStopping(connector: string): void
}

/**
 * The one register of the connectors and tasks this worker has been told to run, failed ones included.
 * Starting never blocks the caller (I9): plugin code runs behind the promises. Stopping is bounded, and
 * afterwards the instance is unknown here and nothing is reported for it (I2): what it still says finds no
 * entry.
 */
export class LocalWork {
  readonly #options: LocalWorkOptions
  readonly #slots: StartSlots
  readonly #states: InstanceStates
  readonly #connectors = new Map<string, Instance<ConnectorHandle>>()
  readonly #tasks = new Map<string, Instance<TaskHandle>>()

  #events: WorkEvents = SILENT

  constructor(options: LocalWorkOptions) {
    this.#options = options
    this.#slots = new StartSlots(options.clock)
    this.#states = new InstanceStates(options.statuses, options.autoRestarts)
  }

  /** Before anything is started: who hears of what happens here. */
  tell(events: WorkEvents): void {
    this.#events = events
  }

  get all(): WorkSet {
    return workSet(this.#connectors.keys(), this.#tasks.keys())
  }

  hasConnector(name: string): boolean {
    return this.#connectors.has(name)
  }

  /** Whether the connector is here and could be made, whatever state it is in since. */
  connectorMade(name: string): boolean {
    return this.#connectors.get(name)?.handle.made === true
  }

  /** Whether the connector runs here and failed; it does nothing more until it is restarted. */
  connectorFailed(name: string): boolean {
    return this.#connectors.get(name)?.state === 'FAILED'
  }

  tasksOf(connector: string): TaskId[] {
    return taskIdsOf(this.#tasks.keys()).filter((id) => id.connector === connector)
  }

  /** Of the tasks that run here; null: of every connector's. */
  progress(connector: string | null): TaskProgress[] {
    const ids = connector === null ? taskIdsOf(this.#tasks.keys()) : this.tasksOf(connector)
    return ids.flatMap((id) => {
      const progress = this.#tasks.get(taskKey(id))?.handle.progress() ?? null
      return progress === null ? [] : [{ id, ...progress }]
    })
  }

  /** Task configurations as the connector gives them; see ConnectorHandle. */
  async taskConfigs(name: string): Promise<StoredConfig[]> {
    const instance = this.#connectors.get(name)
    if (instance !== undefined) return instance.handle.taskConfigs()
    throw new ConnectError('NOT_FOUND', `Connector ${name} not found in this worker.`)
  }

  /** Resolves in the connector's target state; rejects, the failure being reported, short of it. */
  async startConnector(name: string, snapshot: ClusterConfig): Promise<void> {
    const { worker, log } = this.#options
    const of = ofConnector(name)
    const config = snapshot.connectorConfig(name)
    const target = snapshot.targetState(name) ?? 'STARTED'
    const handle = worker.connector(name, config ?? new Map(), {
      onState: (...said) => this.#states.say(of, here(), ...said),
      onTaskReconfiguration: () => {
        if (here() !== undefined) this.#events.onReconfiguration(name)
      },
      onValuesChanged: () => {
        if (here() !== undefined) this.#events.onValuesChanged(name, null)
      }
    })
    const here = (): Instance<ConnectorHandle> | undefined =>
      present(this.#connectors, name, handle)
    const instance = this.#enter(this.#connectors, name, handle)
    await this.#start(
      instance,
      name,
      async () => {
        if (config === null) throw new ConnectError('NOT_FOUND', `Connector ${name} not found`)
        log.info(`Starting connector ${name}`)
        await handle.start(target)
        if (target === 'STARTED' && instance.wanted) this.#events.onConnectorStarted(name)
      },
      (error) => this.#states.say(of, instance, ...failure(error, null))
    )
  }

  /** Resolves with whether the task could be started; a failure is reported. */
  async startTask(id: TaskId, snapshot: ClusterConfig): Promise<boolean> {
    const { worker, statuses, guards, log } = this.#options
    const key = taskKey(id)
    const config = snapshot.taskConfig(id.connector, id.task)
    const connectorConfig = snapshot.connectorConfig(id.connector)
    const handle = worker.task({
      id,
      config: config ?? new Map(),
      connectorConfig: connectorConfig ?? new Map(),
      guard:
        guards?.guardOf(id, snapshot, (reason) =>
          this.#states.say(id, here(), 'UNASSIGNED', reason, null)
        ) ?? null,
      events: {
        onState: (...said) => this.#states.say(id, here(), ...said),
        onTopicUsed: (topic) => {
          if (here() !== undefined) statuses.topicUsed(id, topic)
        },
        onValuesChanged: () => {
          if (here() !== undefined) this.#events.onValuesChanged(id.connector, id.task)
        }
      }
    })
    const here = (): Instance<TaskHandle> | undefined => present(this.#tasks, key, handle)
    const instance = this.#enter(this.#tasks, key, handle)
    let started = false
    const start = async () => {
      if (config === null || connectorConfig === null) {
        throw new ConnectError(
          'NOT_FOUND',
          `Task ${key} has no configuration: compaction of the config topic took it. It starts once its connector has told its tasks again (restart the connector if it does not)`
        )
      }
      log.info(`Starting task ${key}`)
      started = await handle.start(snapshot.targetState(id.connector) ?? 'STARTED')
    }
    try {
      await this.#start(instance, key, start, (error) =>
        this.#states.say(id, instance, ...failure(error, null))
      )
    } catch (error) {
      // Taken away before its turn came: nobody misses it.
      const stopped = error instanceof ConnectError && error.code === 'WORKER_STOPPING'
      if (stopped) log.info(`Task ${key} is not started: it was taken away`)
      else log.error(`Failed to start task ${key}`, { error })
    }
    return started
  }

  /** As `stop`, for what the caller starts again at once: it is never shown as UNASSIGNED. */
  async stopToRestart(work: WorkSet): Promise<void> {
    const restarted = [
      ...[...work.connectors].map((name) => this.#connectors.get(name)),
      ...[...work.tasks].map((key) => this.#tasks.get(key))
    ]
    for (const instance of restarted) if (instance !== undefined) instance.restarting = true
    await this.stop(work)
  }

  /** Bounded. Unknown instances are ignored. */
  async stop(work: WorkSet): Promise<void> {
    await Promise.all([
      ...[...work.connectors].map((name) => this.#stopConnector(name)),
      this.#stopTasks(work.tasks)
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
    const target = snapshot.targetState(name)
    if (target === null) return
    for (const id of this.tasksOf(name)) this.#tasks.get(taskKey(id))?.handle.setTargetState(target)
    await this.#connectors.get(name)?.handle.setTargetState(target)
    const instance = this.#connectors.get(name)
    if (instance?.settled !== true || !instance.wanted || instance.handle.made) return
    // The connector could not even be made (its class, a reference): it can be STOPPED all the same, and is
    // made anew when it is resumed.
    if (target === 'STOPPED' && instance.state === 'FAILED')
      this.#states.say(ofConnector(name), instance, 'STOPPED', null, null)
    if (target === 'STARTED' && instance.state === 'STOPPED')
      await this.startConnector(name, snapshot)
  }

  /** Says beside RUNNING what a connector is coping with; null takes it back. Other states say nothing. */
  connectorCondition(name: string, condition: string | null): void {
    const instance = this.#connectors.get(name)
    if (instance?.state !== 'RUNNING') return
    this.#states.say(ofConnector(name), instance, 'RUNNING', condition, instance.version)
  }

  /** Says again how the instance is, as something beside that has changed. */
  sayAgain(of: InstanceId): void {
    const { connector, task } = of
    const key = task === null ? null : taskKey({ connector, task })
    const instance = key === null ? this.#connectors.get(connector) : this.#tasks.get(key)
    this.#states.sayAgain(of, instance)
  }

  /** The connector cannot go on, whatever its own code says. */
  failConnector(name: string, error: unknown): void {
    const instance = this.#connectors.get(name)
    this.#states.say(ofConnector(name), instance, ...failure(error, instance?.version ?? null))
  }

  /** Only what could not even be made is replaced. */
  #enter<H extends ConnectorHandle | TaskHandle>(
    instances: Map<string, Instance<H>>,
    key: string,
    handle: H
  ): Instance<H> {
    const before = instances.get(key)
    if (before !== undefined && (before.handle.made || !before.settled)) {
      throw new ConnectError('ALREADY_EXISTS', `${key} runs on this worker already`)
    }
    const instance: Instance<H> = {
      handle,
      starting: Promise.resolve(),
      settled: false,
      wanted: true,
      restarting: false,
      state: 'UNASSIGNED',
      trace: null,
      version: null
    }
    instances.set(key, instance)
    return instance
  }

  async #start(
    instance: Instance<ConnectorHandle | TaskHandle>,
    key: string,
    work: () => Promise<void>,
    report: (error: unknown) => void
  ): Promise<void> {
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
        if (instance.wanted && instance.state !== 'FAILED') report(error)
      }
    )
    await started
  }

  async #stopConnector(name: string): Promise<void> {
    const instance = this.#connectors.get(name)
    if (instance === undefined) return
    this.#events.onConnectorStopping(name)
    this.#states.stopped(ofConnector(name))
    instance.wanted = false
    await instance.handle.stop()
    leave(this.#connectors, name, instance)
  }

  /** Together within one graceful timeout (I4). */
  async #stopTasks(keys: Iterable<string>): Promise<void> {
    const stopped = [...keys].flatMap((key) => {
      const instance = this.#tasks.get(key)
      return instance === undefined ? [] : [{ key, instance }]
    })
    for (const { key, instance } of stopped) {
      for (const id of taskIdsOf([key])) this.#states.stopped(id)
      instance.wanted = false
      instance.handle.stop()
    }
    await Promise.all(
      stopped.map(async ({ key, instance }) => {
        await instance.handle.ended(this.#options.worker.gracefulTimeoutMs)
        leave(this.#tasks, key, instance)
      })
    )
  }
}

const SILENT: WorkEvents = {
  onConnectorStarted: () => undefined,
  onReconfiguration: () => undefined,
  onValuesChanged: () => undefined,
  onConnectorStopping: () => undefined
}

/** The entry of that handle; undefined once it was taken away, whoever may have come after it. */
function present<H>(
  instances: ReadonlyMap<string, Instance<H>>,
  key: string,
  handle: H
): Instance<H> | undefined {
  const instance = instances.get(key)
  return instance?.handle === handle ? instance : undefined
}

function leave<H>(instances: Map<string, Instance<H>>, key: string, instance: Instance<H>): void {
  if (instances.get(key) === instance) instances.delete(key)
}

const ofConnector = (connector: string): InstanceId => ({ connector, task: null })
