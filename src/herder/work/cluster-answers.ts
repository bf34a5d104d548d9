import { ConnectError, NotFoundError } from '../../errors.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { StatusStore } from '../../storage/status-store.ts'
import type { ConnectorOffsets, TaskProgress } from '../../worker/contracts.ts'
import type {
  ClusterView,
  ConnectorInfo,
  ConnectorOffset,
  ConnectorStateInfo,
  InstanceState,
  TaskInfo,
  TaskProgressInfo
} from '../herder.ts'
import { connectorInfo, connectorType, requireConnector } from './require-connector.ts'
import type { LocalWork } from './local-work.ts'
import { instanceState } from './restart-plan.ts'
import type { Startup } from './startup.ts'

interface ClusterAnswersOptions {
  readonly startup: Startup
  readonly statusStore: StatusStore
  readonly work: LocalWork
  readonly offsets: ConnectorOffsets
  readonly plugins: Plugins
  /** `topic.tracking.enable`, `topic.tracking.allow.reset` */
  readonly topicTracking: { readonly enabled: boolean; readonly allowReset: boolean }
}

/** What is known of connectors and tasks, straight from the stores: it needs no leader and no turn. */
export class ClusterAnswers implements ClusterView {
  readonly #options: ClusterAnswersOptions

  constructor(options: ClusterAnswersOptions) {
    this.#options = options
  }

  connectors(): string[] {
    return this.#options.startup.snapshot().connectors()
  }

  async connectorInfo(name: string): Promise<ConnectorInfo> {
    const { startup, plugins } = this.#options
    const snapshot = await startup.startedSnapshot()
    return connectorInfo(plugins, name, requireConnector(snapshot, name), snapshot)
  }

  async connectorConfig(name: string): Promise<StoredConfig> {
    return requireConnector(await this.#options.startup.startedSnapshot(), name)
  }

  connectorStatus(name: string): ConnectorStateInfo {
    const { startup, statusStore, plugins } = this.#options
    const snapshot = startup.snapshot()
    const connector = statusStore.known.connector(name)
    if (connector === null) throw new NotFoundError(`No status found for connector ${name}`)
    return {
      name,
      connector: instanceState(connector),
      tasks: [...statusStore.known.tasks(name)].map(([id, status]) => ({
        id,
        ...instanceState(status)
      })),
      type: connectorType(plugins, snapshot.connectorConfig(name))
    }
  }

  connectorProgress(name: string): TaskProgressInfo[] {
    const { tasks } = this.connectorStatus(name)
    const here = new Map(this.#options.work.progress(name).map((task) => [task.id.task, task]))
    return tasks.map(({ id, state, workerId }) => ({
      id,
      state,
      workerId,
      progress: here.get(id) ?? null
    }))
  }

  localProgress(): readonly TaskProgress[] {
    return this.#options.work.progress(null)
  }

  async taskInfos(name: string): Promise<TaskInfo[]> {
    const snapshot = await this.#options.startup.startedSnapshot()
    requireConnector(snapshot, name)
    return snapshot
      .taskConfigs(name)
      .map((config, task) => ({ id: { connector: name, task }, config }))
  }

  taskStatus(name: string, task: number): { id: number } & InstanceState {
    const { startup, statusStore } = this.#options
    startup.snapshot()
    const status = statusStore.known.task(name, task)
    if (status === null) throw new NotFoundError(`No status found for task ${name}-${task}`)
    return { id: task, ...instanceState(status) }
  }

  activeTopics(name: string): string[] {
    const { startup, statusStore } = this.#options
    startup.snapshot()
    this.#requireTopicTracking()
    return statusStore.known.topics(name).map(({ topic }) => topic)
  }

  async resetActiveTopics(name: string): Promise<void> {
    const { startup, statusStore, topicTracking } = this.#options
    await startup.started
    this.#requireTopicTracking()
    if (!topicTracking.allowReset) {
      throw new ConnectError('FORBIDDEN', 'Topic tracking reset is disabled.')
    }
    for (const { topic } of statusStore.known.topics(name)) statusStore.deleteTopic(name, topic)
  }

  async offsets(name: string): Promise<ConnectorOffset[]> {
    const config = requireConnector(await this.#options.startup.startedSnapshot(), name)
    const stored = await this.#options.offsets.offsets(name, config)
    return stored.map(({ partition, offset }) => ({ partition, offset }))
  }

  #requireTopicTracking(): void {
    if (this.#options.topicTracking.enabled) return
    throw new ConnectError('FORBIDDEN', 'Topic tracking is disabled.')
  }
}
