import { ConfigError, ConnectError, messageOf } from '../../src/errors.ts'
import { Plugins } from '../../src/plugin/plugins.ts'
import type { SourceConnectorPlugin } from '../../src/plugin/source.ts'
import type { StartPreview, StartWanted } from '../../src/plugin/start-from.ts'
import type { SourceTaskProgress } from '../../src/tasks/port.ts'
import type { StoredConfig } from '../../src/storage/cluster-config.ts'
import type { TargetState } from '../../src/storage/target-state.ts'
import type { StoredOffset } from '../../src/storage/offset-store.ts'
import {
  type ConnectorEvents,
  type ConnectorHandle,
  type ConnectorOffsets,
  type SourceTaskGuard,
  type TaskEvents,
  type TaskHandle,
  type Worker
} from '../../src/worker/contracts.ts'
import { type TaskId, taskKey } from '../../src/storage/task-id.ts'

export const SCRIPTED_CLASS = 'test.ScriptedSourceConnector'

const plugin: SourceConnectorPlugin = {
  type: 'source',
  className: SCRIPTED_CLASS,
  taskClassName: 'test.ScriptedSourceTask',
  version: '1.2.3',
  config: {},
  create: () => ({ taskConfigs: () => [], stop: () => undefined }),
  createTask: () => ({
    poll: () => Promise.resolve(null),
    stop: () => undefined
  })
}

/** Everything that runs in a group of scripted workers, and every moment at which something ran twice. */
export class Placement {
  readonly running = new Map<string, string>()
  readonly conflicts: string[] = []

  begin(what: string, worker: string): void {
    const other = this.running.get(what)
    if (other !== undefined) this.conflicts.push(`${what} on ${other} and ${worker}`)
    this.running.set(what, worker)
  }

  end(what: string): void {
    this.running.delete(what)
  }

  /** Sorted names of what runs on a worker: connectors by name, tasks as `<connector>-<number>`. */
  on(worker: string): string[] {
    return [...this.running].flatMap(([what, where]) => (where === worker ? [what] : [])).sort()
  }

  all(): string[] {
    return [...this.running.keys()].sort()
  }
}

/**
 * A worker whose connectors and tasks do nothing but be there. Its connectors read their own configuration as
 * a script: `tasks.max` tasks with `payload` copied; `fail.start`, `fail.task` and `fail.configs` make that
 * step fail, `slow.start.ms` makes it slow.
 */
export class ScriptedWorker implements Worker, ConnectorOffsets {
  readonly plugins = new Plugins([plugin])
  readonly gracefulTimeoutMs = 5000
  readonly name: string
  readonly placement: Placement
  /** What was asked of it, in order: `start a RUNNING`, `stop a-0`, … */
  readonly calls: string[] = []
  readonly taskConfigsSeen = new Map<string, StoredConfig>()
  readonly #connectors = new Map<string, { config: StoredConfig; target: TargetState }>()
  readonly #tasks = new Map<string, TaskId>()
  /** Asked for, and not stopped since. */
  readonly #starting = new Map<string, TaskId>()
  readonly #offsets = new Map<string, StoredOffset[]>()
  readonly #connectorEvents = new Map<string, ConnectorEvents>()
  readonly #taskEvents = new Map<string, TaskEvents>()
  /** What the task that started last had to ask. */
  guard: SourceTaskGuard | null = null

  constructor(name: string, placement: Placement) {
    this.name = name
    this.placement = placement
  }

  connector(name: string, config: StoredConfig, events: ConnectorEvents): ConnectorHandle {
    this.#connectorEvents.set(name, events)
    const isMade = (): boolean => this.#connectors.has(name)
    return {
      get made() {
        return isMade()
      },
      start: (target) => this.startConnector(name, config, target),
      setTargetState: (target) => this.setConnectorState(name, target),
      taskConfigs: () => this.taskConfigs(name),
      stop: () => this.stopConnector(name)
    }
  }

  task({ id, config, connectorConfig, guard, events }: Parameters<Worker['task']>[0]): TaskHandle {
    const key = taskKey(id)
    this.#taskEvents.set(key, events)
    const isMade = (): boolean => this.#tasks.has(key)
    return {
      get made() {
        return isMade()
      },
      start: () => this.startTask(id, config, connectorConfig, guard),
      setTargetState: (target) => {
        if (!this.#tasks.has(key)) return
        events.onState(target === 'STARTED' ? 'RUNNING' : 'PAUSED', null, null)
      },
      stop: () => {
        this.#starting.delete(key)
      },
      ended: () => this.stopTask(id),
      progress: () => (this.#tasks.has(key) ? progress : null)
    }
  }

  /** What the connectors and tasks asked for last can be made to say. */
  readonly says = {
    connector: (name: string, ...said: Parameters<ConnectorEvents['onState']>): void =>
      this.#connectorEvents.get(name)?.onState(...said),
    task: (id: TaskId, ...said: Parameters<TaskEvents['onState']>): void =>
      this.#taskEvents.get(taskKey(id))?.onState(...said),
    topicUsed: (id: TaskId, topic: string): void =>
      this.#taskEvents.get(taskKey(id))?.onTopicUsed(topic)
  }

  async startConnector(name: string, config: StoredConfig, target: TargetState): Promise<void> {
    this.calls.push(`start ${name} ${target}`)
    const instance = { config, target }
    this.#connectors.set(name, instance)
    this.placement.begin(name, this.name)
    await pause(Number(config.get('slow.start.ms') ?? '0'))
    if (this.#connectors.get(name) !== instance) return
    if (config.has('fail.start')) {
      this.says.connector(name, 'FAILED', 'scripted failure', plugin.version)
      throw new ConnectError('INTERNAL', 'scripted failure')
    }
    const state = target === 'STARTED' ? 'RUNNING' : target
    this.says.connector(name, state, null, plugin.version)
  }

  async stopConnector(name: string): Promise<void> {
    if (!this.#connectors.delete(name)) return
    this.calls.push(`stop ${name}`)
    this.placement.end(name)
    this.says.connector(name, 'UNASSIGNED', null, plugin.version)
    await pause(0)
  }

  async setConnectorState(name: string, target: TargetState): Promise<void> {
    this.calls.push(`target ${name} ${target}`)
    const connector = this.#connectors.get(name)
    if (connector !== undefined) {
      connector.target = target
      this.says.connector(name, target === 'STARTED' ? 'RUNNING' : target, null, plugin.version)
    }
    await pause(0)
  }

  runningConnectors(): string[] {
    return [...this.#connectors.keys()]
  }

  async taskConfigs(name: string): Promise<StoredConfig[]> {
    const config = this.#connectors.get(name)?.config
    if (config === undefined) throw new ConnectError('NOT_FOUND', `${name} does not run`)
    await pause(0)
    if (config.has('fail.configs')) throw new ConnectError('RETRIABLE', 'no task configs today')
    return Array.from({ length: Number(config.get('tasks.max') ?? '1') }, (_, n) => {
      const task = new Map([
        ['task.class', plugin.taskClassName],
        ['number', String(n)]
      ])
      const payload = config.get('payload')
      if (payload !== undefined) task.set('payload', payload)
      return task
    })
  }

  async startTask(
    id: TaskId,
    config: StoredConfig,
    connector: StoredConfig,
    guard: SourceTaskGuard | null
  ): Promise<boolean> {
    const key = taskKey(id)
    this.calls.push(`start ${key}`)
    this.#starting.set(key, id)
    await pause(0)
    if (connector.has('fail.task')) {
      this.says.task(id, 'FAILED', 'scripted failure', plugin.version)
      return false
    }
    this.guard = guard
    if (guard !== null) {
      try {
        await guard.before(new AbortController().signal)
        this.calls.push(`init ${key}`)
        await guard.after(new AbortController().signal)
      } catch (error) {
        this.says.task(id, 'FAILED', messageOf(error), plugin.version)
        return false
      }
    }
    if (this.#starting.get(key) !== id) return false
    this.#tasks.set(key, id)
    this.placement.begin(key, this.name)
    this.taskConfigsSeen.set(key, config)
    this.says.task(id, 'RUNNING', null, plugin.version)
    return true
  }

  async stopTask(id: TaskId): Promise<void> {
    await pause(0)
    const key = taskKey(id)
    if (!this.#tasks.delete(key)) return
    this.calls.push(`stop ${key}`)
    this.placement.end(key)
    this.says.task(id, 'UNASSIGNED', null, plugin.version)
  }

  runningTasks(): TaskId[] {
    return [...this.#tasks.values()]
  }

  async offsets(connector: string): Promise<StoredOffset[]> {
    return this.#offsets.get(connector) ?? []
  }

  offsetsLeft(connector: string): Promise<StoredOffset[]> {
    return this.offsets(connector)
  }

  async modifyOffsets(
    connector: string,
    config: StoredConfig,
    changes: readonly StoredOffset[] | null
  ): Promise<boolean> {
    this.#offsets.set(connector, changes === null ? [] : [...changes])
    return config.get('manages.offsets') === 'true'
  }

  /** Reads `{"id": …}` as the offset of the partition `{"table": "t"}`; anything else is refused. */
  async planStart(
    _connector: string,
    _config: StoredConfig,
    wanted: StartWanted
  ): Promise<StoredOffset[]> {
    if ('restored' in wanted) return [...wanted.restored]
    const { id } = wanted.given as { id?: number | null }
    if (id === undefined) throw new ConfigError('the start has no id')
    return [{ partition: { table: 't' }, offset: id === null ? null : { id } }]
  }

  async previewStart(
    _connector: string,
    _config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<StartPreview[]> {
    return changes.map(({ offset }) => ({
      name: 't',
      from: null,
      to: offset,
      effect: 'none',
      rows: 0,
      first: null,
      last: null
    }))
  }

  /** A connector begins to have a start with the key `start`. */
  async givesFirstStart(before: StoredConfig, after: StoredConfig): Promise<boolean> {
    return !before.has('start') && after.has('start')
  }

  async prepareStart(connector: string): Promise<StoredOffset[]> {
    const stored = this.#offsets.get(connector) ?? []
    return stored.map(({ partition, offset }) => ({ partition, offset: { ...offset, seen: true } }))
  }

  async initialOffsets(
    _connector: string,
    _config: StoredConfig,
    given: readonly StoredOffset[] | null
  ): Promise<{ complete: boolean; changes: readonly StoredOffset[] }> {
    return { complete: true, changes: given ?? [] }
  }

  async inTheWay(): Promise<string | null> {
    return null
  }

  async writeOffsets(
    connector: string,
    _config: StoredConfig,
    changes: readonly StoredOffset[]
  ): Promise<void> {
    this.calls.push(`offsets ${connector}`)
    this.#offsets.set(
      connector,
      changes.filter(({ offset }) => offset !== null)
    )
  }

  async fenceZombies(connector: string, _config: StoredConfig, tasks: number): Promise<void> {
    this.calls.push(`fence ${tasks} of ${connector}`)
    await pause(0)
  }
}

const progress: SourceTaskProgress = {
  type: 'source',
  polled: 3,
  written: 2,
  skipped: 1,
  lastWriteAt: 4,
  streams: new Map([['stream', { level: 'scripted', held_back_ms: 5, degraded: false }]])
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
