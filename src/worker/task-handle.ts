import { ConfigError, ConnectError, traceOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { ownedBy } from '../plugin/plugin-owner.ts'
import type { StoredConfig } from '../storage/cluster-config.ts'
import type { TargetState } from '../storage/target-state.ts'
import { type TaskId, taskKey } from '../storage/task-id.ts'
import type { SourceTaskProgress } from '../tasks/port.ts'
import type { WorkerSourceTask } from '../tasks/source/worker-source-task.ts'
import { settledWithin } from '../wait.ts'
import type { SourceTaskGuard, TaskEvents, TaskHandle } from './contracts.ts'
import { connectorPlugin } from './plugin-of.ts'
import { buildSourceTask } from './source-task-builder.ts'
import { startWatching } from './value-watch.ts'
import type { WorkerParts } from './worker-parts.ts'

export interface LocalTaskOptions {
  readonly id: TaskId
  readonly config: StoredConfig
  readonly connectorConfig: StoredConfig
  readonly guard: SourceTaskGuard | null
  readonly events: TaskEvents
}

interface Running {
  readonly kind: 'running'
  readonly task: WorkerSourceTask
  readonly ended: Promise<void>
  /** Ends looking after the values of its references. */
  readonly watch: AbortController
}

/**
 * One task of this process, on its main thread: `new` → `starting` (its references are looked up) → `running`, until it is asked to
 * stop. One that cannot be built, or was never started, is `unbuilt`; one that was stopped while it was starting is `dropped`, and
 * nothing comes of it (I2).
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
      this.#state = await this.#build(target)
      return true
    } catch (error) {
      if (this.#state.kind === 'starting') {
        this.#log.error('Failed to start task', { error })
        this.#state = { kind: 'unbuilt' }
        this.#options.events.onState('FAILED', traceOf(error), null)
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
      const { task, ended } = state
      // I4: one that does not end in time is given up without committing; I2: it writes nothing from there on.
      if (!(await settledWithin(this.#worker.clock, ended, withinMs))) {
        this.#log.error(`Graceful stop of task ${taskKey(id)} failed.`)
        task.cancel()
      }
      if (task.failed) return
    } else if (state.kind === 'unbuilt') return
    events.onState('UNASSIGNED', null, null)
  }

  progress(): SourceTaskProgress | null {
    return this.#state.kind === 'running' ? this.#state.task.progress : null
  }

  async #build(target: TargetState): Promise<Running> {
    const { resolve, plugins, offsetStores, clock } = this.#worker
    const { id, config, connectorConfig, guard, events } = this.#options
    const resolvedConnector = await resolve(connectorConfig)
    const plugin = connectorPlugin(plugins, resolvedConnector)
    if (plugin.type === 'sink') {
      throw new ConfigError(`Sink connector ${plugin.className} cannot be run by this worker yet`)
    }
    const resolved = await resolve(config)
    if (this.#state.kind !== 'starting') {
      throw new ConnectError(
        'WORKER_STOPPING',
        `${taskKey(id)} was taken away while it was started`
      )
    }
    const task = buildSourceTask({
      id,
      plugin,
      config: resolved,
      connectorConfig: resolvedConnector,
      target,
      events: {
        onState: (state, trace) => events.onState(state, trace, plugin.version),
        onTopicUsed: (topic) => events.onTopicUsed(topic)
      },
      guard,
      surroundings: this.#worker,
      offsetStores,
      log: this.#log
    })
    const watch = startWatching({
      source: this.#worker,
      used: [
        { raw: connectorConfig, resolved: resolvedConnector },
        { raw: config, resolved }
      ],
      clock,
      log: this.#log,
      onChange: () => events.onValuesChanged()
    })
    return { kind: 'running', task, ended: ownedBy(task, () => task.run()), watch }
  }
}
