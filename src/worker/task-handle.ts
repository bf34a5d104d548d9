import type { ConfigMap } from '../config/config-def.ts'
import { ConnectError, failureOf, traceOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { idleSettings } from '../settings/connector/idle-settings.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import type { TargetState } from '../storage/target-state.ts'
import { type TaskId, taskKey } from '../storage/task-id.ts'
import type { ConnectorPlugin } from '../plugin/plugins.ts'
import type { ProgressReport, TaskStart } from '../tasks/port.ts'
import { settledWithin } from '../wait.ts'
import type { SourceTaskGuard, TaskEvents, TaskHandle } from './contracts.ts'
import { connectorPlugin } from './plugin-of.ts'
import { RunningTask, type TaskLease } from './running-task.ts'
import { sinkTaskStart } from './sink-task-start.ts'
import { sourceTaskStart } from './source-task-start.ts'
import { startWatching } from './value-watch.ts'
import type { WorkerParts } from './worker-parts.ts'

export interface LocalTaskOptions {
  readonly id: TaskId
  readonly config: StoredConfig
  readonly connectorConfig: StoredConfig
  readonly guard: SourceTaskGuard | null
  readonly events: TaskEvents
}

/** Configurations have their `${…}` replaced; `values` is what stands behind these. */
interface TaskParts {
  readonly id: TaskId
  readonly config: ConfigMap
  readonly connectorConfig: ConfigMap
  readonly target: TargetState
  readonly values: readonly string[]
}

interface Running {
  readonly kind: 'running'
  readonly task: RunningTask
  /** Ends looking after the values of its references. */
  readonly watch: AbortController
}

/**
 * One task of this worker: `new` → `starting` (its references are looked up) → `running`, behind its port,
 * until it is asked to stop. One that cannot be built, or was never started, is `unbuilt`; one that was
 * stopped while it was starting is `dropped`, and nothing comes of it (I2).
 */
export class LocalTask implements TaskHandle {
  readonly #worker: WorkerParts
  readonly #options: LocalTaskOptions
  readonly #log: Logger
  #state: { readonly kind: 'new' | 'starting' | 'unbuilt' | 'dropped' } | Running = { kind: 'new' }

  constructor(worker: WorkerParts, options: LocalTaskOptions) {
    this.#worker = worker
    this.#options = options
    const { connector, task } = options.id
    this.#log = worker.log.with({ connector, task })
  }

  async start(target: TargetState): Promise<boolean> {
    this.#log.info('Creating task')
    this.#state = { kind: 'starting' }
    try {
      await this.#run(target)
      return true
    } catch (error) {
      if (this.#isWanted) {
        this.#log.error('Failed to start task', { error })
        this.#toUnbuilt()
        this.#options.events.onState('FAILED', traceOf(error), null, failureOf(error))
      }
      return false
    }
  }

  setTargetState(target: TargetState): void {
    if (this.#state.kind === 'running') this.#state.task.setTargetState(target)
  }

  stop(): void {
    if (this.#state.kind === 'running') {
      this.#state.watch.abort()
      this.#state.task.stop()
    } else {
      this.#state = { kind: this.#state.kind === 'starting' ? 'dropped' : 'unbuilt' }
    }
  }

  get made(): boolean {
    return this.#state.kind === 'running'
  }

  async ended(withinMs: number): Promise<void> {
    const state = this.#state
    const { id, events } = this.#options
    if (state.kind === 'running') {
      const { task } = state
      // I4: one that does not end in time is given up without committing; I2: it writes nothing from there
      // on.
      if (!(await settledWithin(this.#worker.clock, task.ended, withinMs))) {
        this.#log.error(`Graceful stop of task ${taskKey(id)} failed.`)
        task.cancel()
      }
      if (task.hasFailed) return
    } else if (state.kind === 'unbuilt') return
    events.onState('UNASSIGNED', null, null)
  }

  progress(): ProgressReport | null {
    return this.#state.kind === 'running' ? this.#state.task.progress : null
  }

  /** Nobody has asked it to stop. */
  get #isWanted(): boolean {
    const state = this.#state
    return state.kind === 'starting' || (state.kind === 'running' && state.task.isWanted)
  }

  #toUnbuilt(): void {
    if (this.#state.kind === 'running') this.#state.watch.abort()
    this.#state = { kind: 'unbuilt' }
  }

  /** Resolves when the task was built. */
  async #run(target: TargetState): Promise<void> {
    const { resolve, plugins } = this.#worker
    const { id } = this.#options
    const references = new Map<string, string>()
    const connectorConfig = await resolve(this.#options.connectorConfig, references)
    const plugin = connectorPlugin(plugins, connectorConfig)
    const config = await resolve(this.#options.config, references)
    if (this.#state.kind !== 'starting') {
      throw new ConnectError(
        'WORKER_STOPPING',
        `${taskKey(id)} was taken away while it was started`
      )
    }
    for (const text of idleSettings(connectorConfig, plugins)) this.#log.warn(text)
    const parts = { id, config, connectorConfig, target, values: [...references.values()] }
    if (plugin.type === 'sink') {
      const start = sinkTaskStart(this.#worker, { ...parts, plugin })
      return this.#toRunning(this.#open(plugin, start, null), parts).built
    }
    const lease = this.#lease(connectorConfig)
    let task: RunningTask
    try {
      task = this.#open(plugin, sourceTaskStart(this.#worker, { ...parts, plugin, lease }), lease)
    } catch (error) {
      await lease.offsets.close()
      throw error
    }
    return this.#toRunning(task, parts).built
  }

  #toRunning(task: RunningTask, { config, connectorConfig }: TaskParts): RunningTask {
    this.#state = { kind: 'running', task, watch: this.#watch(config, connectorConfig) }
    return task
  }

  #open(plugin: ConnectorPlugin, start: TaskStart, lease: TaskLease | null): RunningTask {
    const { events } = this.#options
    return new RunningTask({
      openTask: this.#worker.openTask,
      start,
      lease,
      onState: (state, trace, failure) => events.onState(state, trace, plugin.version, failure),
      onTopicUsed: (topic) => events.onTopicUsed(topic),
      log: this.#log
    })
  }

  #lease(connectorConfig: ConfigMap): TaskLease {
    const { offsetStores, settings } = this.#worker
    const { id, guard } = this.#options
    if (guard === null || settings.groupId === null) {
      return { kind: 'at least once', offsets: offsetStores.lease(id.connector, connectorConfig) }
    }
    const offsets = offsetStores.transactionalLease(id.connector, connectorConfig)
    return { kind: 'exactly once', offsets, guard, groupId: settings.groupId }
  }

  #watch(config: ConfigMap, connectorConfig: ConfigMap): AbortController {
    const { connectorConfig: rawConnector, config: raw, events } = this.#options
    return startWatching({
      source: this.#worker,
      used: [
        { raw: rawConnector, resolved: connectorConfig },
        { raw, resolved: config }
      ],
      clock: this.#worker.clock,
      log: this.#log,
      onChange: () => events.onValuesChanged()
    })
  }
}
