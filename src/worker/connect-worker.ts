import type { ConfigMap } from '../config/config-def.ts'
import { ConfigError, ConnectError, traceOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { ConnectorPlugin, Plugins } from '../plugin/plugins.ts'
import type { AlteredOffsets, OffsetChange } from '../plugin/source.ts'
import type { StartPreview, StartWanted } from '../plugin/start-from.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import type { TargetState } from '../storage/target-state.ts'
import type { OffsetStore, StoredOffset } from '../storage/offset-store.ts'
import { ConnectorOffsetStores, type OffsetTopics } from './connector-offset-stores.ts'
import { ConnectorOffsets } from './connector-offsets.ts'
import { alteredOffsets, ConnectorStarts } from './connector-starts.ts'
import {
  type SourceTaskGuard,
  type TaskProgress,
  type Worker,
  type WorkerEvents
} from './contracts.ts'
import { Places } from './places.ts'
import { ownedBy } from '../plugin/plugin-owner.ts'
import { buildSourceTask, offsetReader, type TaskSurroundings } from './source-task-builder.ts'
import { checkTaskCount, storedTaskConfig, tasksMax } from './task-configs.ts'
import { taskTransactionalId } from './transactional-ids.ts'
import { type UsedConfig, type ValueSource, watchValues } from './value-watch.ts'
import { WorkerConnector } from './worker-connector.ts'
import type { WorkerSourceTask } from '../tasks/source/worker-source-task.ts'
import type { OffsetLease } from '../tasks/port.ts'
import { type TaskId, taskIdOf, taskKey } from '../storage/task-id.ts'
import { settledWithin } from '../wait.ts'

interface RunningTask {
  readonly task: WorkerSourceTask
  readonly ended: Promise<void>
  readonly watch: AbortController
}

interface RunningConnector {
  readonly connector: WorkerConnector
  readonly raw: StoredConfig
  /** Ends looking after the values of its references. */
  readonly watch: AbortController
  readonly lease: OffsetLease
}

export interface ConnectWorkerOptions extends TaskSurroundings, ValueSource {
  /** The worker's own; started and stopped by whoever made it. */
  readonly offsetStore: OffsetStore
  /** null or absent: connectors have no offset topics of their own. */
  readonly offsetTopics?: OffsetTopics | null
  readonly log: Logger
}

/** The limit of a request that waits for it. */
const FENCE_TIMEOUT_MS = 90_000

/** The Worker: instances that run in this process. */
export class ConnectWorker implements Worker {
  readonly plugins: Plugins
  readonly #options: ConnectWorkerOptions
  readonly #log: Logger
  readonly #offsetStores: ConnectorOffsetStores
  readonly #offsets: ConnectorOffsets
  readonly #starts: ConnectorStarts
  readonly #connectors = new Places<RunningConnector>()
  readonly #tasks = new Places<RunningTask>()
  #events: WorkerEvents | null = null

  constructor(options: ConnectWorkerOptions) {
    this.#options = options
    this.#log = options.log
    this.plugins = options.plugins
    this.#offsetStores = new ConnectorOffsetStores(
      options.clients,
      options.offsetStore,
      options.offsetTopics ?? null,
      options.clock
    )
    this.#starts = new ConnectorStarts({
      clock: options.clock,
      resolve: (config) => options.resolve(config),
      sourceOf: (config, name) => this.#requireSource(config, name),
      offsets: (name, config) => this.offsets(name, config)
    })
    this.#offsets = new ConnectorOffsets({
      ...options,
      stores: this.#offsetStores,
      exactlyOnceGroup: options.offsetTopics?.exactlyOnce === true ? options.settings.groupId : null
    })
  }

  setEvents(events: WorkerEvents): void {
    this.#events = events
  }

  async startConnector(name: string, config: StoredConfig, target: TargetState): Promise<void> {
    const place = this.#connectors.take(name, `Connector with name ${name} already exists`)
    const log = this.#log.with({ connector: name })
    log.info('Creating connector', { class: config.get('connector.class') })
    try {
      const resolved = await this.#options.resolve(config)
      this.#connectors.requireHeld(place)
      place.running = this.#buildConnector(name, config, resolved, log)
    } catch (error) {
      if (this.#connectors.holds(place)) {
        log.error('Failed to start connector', { error })
        this.#connectors.leave(place)
        this.#events?.onConnectorState(name, 'FAILED', traceOf(error), null)
      }
      throw error
    }
    await place.running.connector.transitionTo(target)
  }

  #watch(used: readonly UsedConfig[], log: Logger, onChange: () => void): AbortController {
    const watch = new AbortController()
    const { signal } = watch
    void watchValues({
      source: this.#options,
      used,
      signal,
      clock: this.#options.clock,
      log,
      onChange
    })
    return watch
  }

  #buildConnector(
    name: string,
    config: StoredConfig,
    resolved: ConfigMap,
    log: Logger
  ): RunningConnector {
    const plugin = this.#pluginOf(resolved)
    const lease = this.#offsetStores.lease(name, resolved)
    const connector = new WorkerConnector({
      name,
      plugin,
      config: resolved,
      offsets: offsetReader(name, lease),
      onState: (state, trace) => this.#events?.onConnectorState(name, state, trace, plugin.version),
      onReconfiguration: () => this.#events?.onTaskReconfiguration(name),
      clock: this.#options.clock,
      log
    })
    const watch = this.#watch([{ raw: config, resolved }], log, () =>
      this.#events?.onValuesChanged(name, null)
    )
    return { connector, raw: config, watch, lease }
  }

  async stopConnector(name: string): Promise<void> {
    const place = this.#connectors.get(name)
    if (place === null) return
    const { running } = place
    if (running === null) this.#events?.onConnectorState(name, 'UNASSIGNED', null, null)
    else {
      running.watch.abort()
      await running.connector.shutdown()
      await running.lease.close()
    }
    this.#connectors.leave(place)
  }

  async setTargetState(name: string, target: TargetState): Promise<void> {
    for (const { task } of this.#tasks.running()) {
      if (task.id.connector === name) task.setTargetState(target)
    }
    await this.#connectors.get(name)?.running?.connector.transitionTo(target)
  }

  connectorRunning(name: string): boolean {
    return (this.#connectors.get(name)?.running ?? null) !== null
  }

  runningConnectors(): string[] {
    return this.#connectors.keys()
  }

  async taskConfigs(name: string): Promise<StoredConfig[]> {
    const running = this.#connectors.get(name)?.running ?? null
    if (running === null) {
      throw new ConnectError('NOT_FOUND', `Connector ${name} not found in this worker.`)
    }
    const { connector, raw } = running
    const configs = await connector.taskConfigs(tasksMax(connector.config))
    checkTaskCount(name, connector.config, configs.length, this.#log)
    return configs.map((config) =>
      storedTaskConfig(config, connector.plugin, raw, connector.config)
    )
  }

  async startTask(
    id: TaskId,
    config: StoredConfig,
    connectorConfig: StoredConfig,
    target: TargetState,
    guard: SourceTaskGuard | null = null
  ): Promise<boolean> {
    const key = taskKey(id)
    const place = this.#tasks.take(key, `Task already exists in this worker: ${key}`)
    const log = this.#log.with({ connector: id.connector, task: id.task })
    log.info('Creating task')
    try {
      const resolvedConnector = await this.#options.resolve(connectorConfig)
      const plugin = this.#pluginOf(resolvedConnector)
      if (plugin.type === 'sink') {
        throw new ConfigError(`Sink connector ${plugin.className} cannot be run by this worker yet`)
      }
      const resolved = await this.#options.resolve(config)
      this.#tasks.requireHeld(place)
      const task = buildSourceTask({
        id,
        plugin,
        config: resolved,
        connectorConfig: resolvedConnector,
        target,
        events: {
          onState: (state, trace) => this.#events?.onTaskState(id, state, trace, plugin.version),
          onTopicUsed: (topic) => this.#events?.onTopicUsed(id, topic)
        },
        guard,
        surroundings: this.#options,
        offsetStores: this.#offsetStores,
        log
      })
      const used = [
        { raw: connectorConfig, resolved: resolvedConnector },
        { raw: config, resolved }
      ]
      const watch = this.#watch(used, log, () =>
        this.#events?.onValuesChanged(id.connector, id.task)
      )
      place.running = { task, ended: ownedBy(task, () => task.run()), watch }
      return true
    } catch (error) {
      if (this.#tasks.holds(place)) {
        log.error('Failed to start task', { error })
        this.#tasks.leave(place)
        this.#events?.onTaskState(id, 'FAILED', traceOf(error), null)
      }
      return false
    }
  }

  async stopTasks(ids: readonly TaskId[]): Promise<void> {
    const places = ids.flatMap((id) => {
      const place = this.#tasks.get(taskKey(id))
      return place === null ? [] : [{ id, place }]
    })
    for (const {
      place: { running }
    } of places) {
      running?.watch.abort()
      running?.task.stop()
    }
    await Promise.all(
      places.map(async ({ id, place }) => {
        const { running } = place
        if (running !== null) await this.#ended(running)
        this.#tasks.leave(place)
        if (running?.task.failed !== true) this.#events?.onTaskState(id, 'UNASSIGNED', null, null)
      })
    )
  }

  /** I4: one that does not end in time is given up without committing; I2: it writes nothing from there on. */
  async #ended({ task, ended }: RunningTask): Promise<void> {
    const { clock, settings } = this.#options
    if (await settledWithin(clock, ended, settings.taskShutdownGracefulTimeoutMs)) return
    this.#log.error(`Graceful stop of task ${taskKey(task.id)} failed.`)
    task.cancel()
  }

  runningTasks(): TaskId[] {
    return this.#tasks.running().map(({ task }) => task.id)
  }

  progress(connector: string | null): TaskProgress[] {
    return this.#tasks
      .running()
      .flatMap(({ task }) =>
        connector === null || task.id.connector === connector
          ? [{ id: task.id, ...task.progress }]
          : []
      )
  }

  async offsets(name: string, config: StoredConfig): Promise<StoredOffset[]> {
    const resolved = await this.#options.resolve(config)
    this.#requireSource(resolved, name)
    return this.#offsets.all(name, resolved)
  }

  async offsetsLeft(name: string, config: StoredConfig): Promise<StoredOffset[]> {
    const resolved = await this.#options.resolve(config)
    this.#requireSource(resolved, name)
    return this.#offsets.left(name, resolved)
  }

  async modifyOffsets(
    name: string,
    config: StoredConfig,
    changes: readonly StoredOffset[] | null
  ): Promise<boolean> {
    const resolved = await this.#options.resolve(config)
    const plugin = this.#requireSource(resolved, name)
    const stored = await this.offsets(name, config)
    const wanted: OffsetChange[] =
      changes === null
        ? stored.map(({ partition }) => ({ partition, offset: null }))
        : changes.map(({ partition, offset }) => ({ partition, offset }))
    const altered = await alteredOffsets(plugin, resolved, wanted)
    if (altered.changes.length > 0) {
      await this.writeOffsets(name, config, altered.changes)
    }
    return altered.complete
  }

  planStart(name: string, config: StoredConfig, wanted: StartWanted): Promise<StoredOffset[]> {
    return this.#starts.plan(name, config, wanted)
  }

  previewStart(
    name: string,
    config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<readonly StartPreview[]> {
    return this.#starts.preview(name, config, changes)
  }

  givesFirstStart(before: StoredConfig, after: StoredConfig): Promise<boolean> {
    return this.#starts.isFirst(before, after)
  }

  prepareStart(
    name: string,
    before: StoredConfig,
    after: StoredConfig
  ): Promise<readonly StoredOffset[]> {
    return this.#starts.prepare(name, before, after)
  }

  initialOffsets(
    name: string,
    config: StoredConfig,
    given: readonly StoredOffset[] | null
  ): Promise<AlteredOffsets> {
    return this.#starts.initial(name, config, given)
  }

  async writeOffsets(
    name: string,
    config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<void> {
    await this.#offsets.write(name, await this.#options.resolve(config), changes)
  }

  async fenceZombies(name: string, config: StoredConfig, tasks: number): Promise<void> {
    const { clients, adminProperties, resolve, settings } = this.#options
    const ids = Array.from({ length: tasks }, (_, task) =>
      taskTransactionalId(settings.groupId ?? '', { connector: name, task })
    )
    await clients.fenceProducers(
      adminProperties(await resolve(config)),
      `connector-worker-adminclient-${name}`,
      ids,
      FENCE_TIMEOUT_MS
    )
  }

  async stop(): Promise<void> {
    await Promise.all([
      ...this.runningConnectors().map((name) => this.stopConnector(name)),
      this.stopTasks(this.#tasks.keys().map(taskIdOf))
    ])
  }

  #pluginOf(config: ConfigMap): ConnectorPlugin {
    const className = config.get('connector.class')
    if (className === undefined) {
      throw new ConfigError(
        'Missing required configuration "connector.class" which has no default value.'
      )
    }
    return this.plugins.connector(className.trim())
  }

  #requireSource(config: ConfigMap, name: string): Extract<ConnectorPlugin, { type: 'source' }> {
    const plugin = this.#pluginOf(config)
    if (plugin.type === 'source') return plugin
    throw new ConfigError(`Connector ${name} is a sink; this worker does not run sinks yet`)
  }
}
