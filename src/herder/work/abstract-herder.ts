import type { ConfigInfos, ConfigKeyInfo } from '../../config/config-infos.ts'
import type { Clock } from '../../clock.ts'
import { ConnectError, NotFoundError } from '../../errors.ts'
import { isLevelName, type LevelName, type Logger, type Loggers } from '../../log.ts'
import type { ClusterConfig, StoredConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { StatusStore } from '../../storage/status-store.ts'
import type { ConnectorOffsets, TaskProgress, Worker } from '../../worker/contracts.ts'
import type { ConnectorPreview } from '../../worker/preview-connector.ts'
import type { Previews } from '../../worker/previews.ts'
import type {
  ConnectorInfo,
  ConnectorOffset,
  ConnectorStateInfo,
  InstanceState,
  LoggerInfo,
  Origins,
  PluginInfo,
  PutOutcome,
  RestConfig,
  TaskInfo,
  TaskProgressInfo
} from '../herder.ts'
import { ChangedMeanwhile, MOST_PATCHES, patched } from './patch.ts'
import { instanceState } from './restart-plan.ts'
import type { LocalWork } from './local-work.ts'
import type { TickStage } from './tick-stage.ts'
import { pluginConfigKeys } from '../../validation/validate-connector.ts'
import type { Validations } from '../../validation/validations.ts'
import { versionProblem } from '../../plugin/version-problem.ts'
import { abortingAfter } from '../../wait.ts'

/** What both herders are made of. */
export interface HerderOptions {
  readonly worker: Worker
  readonly offsets: ConnectorOffsets
  readonly configStore: ConfigStore
  readonly statusStore: StatusStore
  /** host:port under which this worker appears in statuses. */
  readonly workerId: string
  readonly version: string
  readonly commit: string
  readonly kafkaClusterId: string
  readonly validations: Pick<Validations, 'infos'>
  /** What a connector would send first with a valid configuration, whose references are not replaced yet. */
  readonly previews: Pick<Previews, 'show'>
  /** `topic.tracking.enable`, `topic.tracking.allow.reset` */
  readonly topicTracking: { readonly enabled: boolean; readonly allowReset: boolean }
  /** `task.shutdown.graceful.timeout.ms` */
  readonly taskShutdownGracefulTimeoutMs: number
  readonly clock: Clock
  readonly log: Logger
  readonly loggers: Loggers
}

const VALIDATION_TIMEOUT_MS = 90_000
const pluginOrder = [
  'sink',
  'source',
  'transformation',
  'predicate',
  'converter',
  'header_converter'
] as const

/** Answers that need no leader and no tick: they come straight from the stores, the registry of plugins and the loggers. */
export abstract class AbstractHerder {
  protected readonly options: HerderOptions
  protected readonly stages: TickStage
  protected abstract readonly work: LocalWork
  /** Aborts when the worker stops. */
  protected readonly stopping = new AbortController()
  readonly #started = Promise.withResolvers<void>()
  #isStarted = false

  constructor(options: HerderOptions, stages: TickStage) {
    this.options = options
    this.stages = stages
    // A start that fails is told to whoever waits for it; nobody has to.
    this.#started.promise.catch(() => undefined)
  }

  info(): { version: string; commit: string; kafka_cluster_id: string } {
    const { version, commit, kafkaClusterId } = this.options
    return { version, commit, kafka_cluster_id: kafkaClusterId }
  }

  stage(): string {
    return this.stages.sentence()
  }

  connectors(): string[] {
    return this.snapshot().connectors()
  }

  async connectorInfo(name: string): Promise<ConnectorInfo> {
    const snapshot = await this.startedSnapshot()
    return this.infoOf(name, requireConnector(snapshot, name), snapshot)
  }

  async connectorConfig(name: string): Promise<StoredConfig> {
    return requireConnector(await this.startedSnapshot(), name)
  }

  connectorStatus(name: string): ConnectorStateInfo {
    const snapshot = this.snapshot()
    const { statusStore } = this.options
    const connector = statusStore.connector(name)
    if (connector === null) throw new NotFoundError(`No status found for connector ${name}`)
    return {
      name,
      connector: instanceState(connector),
      tasks: [...statusStore.tasks(name)].map(([id, status]) => ({ id, ...instanceState(status) })),
      type: this.typeOf(snapshot.connectorConfig(name))
    }
  }

  connectorProgress(name: string): TaskProgressInfo[] {
    const { tasks } = this.connectorStatus(name)
    const here = new Map(this.work.progress(name).map((task) => [task.id.task, task] as const))
    return tasks.map(({ id, state, worker_id }) => {
      const task = here.get(id)
      const progress =
        task === undefined
          ? null
          : {
              records_polled: task.polled,
              records_written: task.written,
              records_skipped: task.skipped,
              last_write_at: task.lastWriteAt,
              streams: task.streams
            }
      return { id, state, worker_id, progress }
    })
  }

  localProgress(): readonly TaskProgress[] {
    return this.work.progress(null)
  }

  async taskInfos(name: string): Promise<TaskInfo[]> {
    const snapshot = await this.startedSnapshot()
    requireConnector(snapshot, name)
    return snapshot
      .taskConfigs(name)
      .map((config, task) => ({ id: { connector: name, task }, config }))
  }

  taskStatus(name: string, task: number): { id: number } & InstanceState {
    this.snapshot()
    const status = this.options.statusStore.task(name, task)
    if (status === null) throw new NotFoundError(`No status found for task ${name}-${task}`)
    return { id: task, ...instanceState(status) }
  }

  activeTopics(name: string): string[] {
    this.snapshot()
    this.#requireTopicTracking()
    return this.options.statusStore.topics(name).map(({ topic }) => topic)
  }

  async resetActiveTopics(name: string): Promise<void> {
    await this.started()
    this.#requireTopicTracking()
    if (!this.options.topicTracking.allowReset) {
      throw new ConnectError('FORBIDDEN', 'Topic tracking reset is disabled.')
    }
    const { statusStore } = this.options
    for (const { topic } of statusStore.topics(name)) statusStore.deleteTopic(name, topic)
  }

  async offsets(name: string): Promise<ConnectorOffset[]> {
    const config = requireConnector(await this.startedSnapshot(), name)
    const stored = await this.options.offsets.offsets(name, config)
    return stored.map(({ partition, offset }) => ({ partition, offset }))
  }

  plugins(connectorsOnly: boolean): PluginInfo[] {
    const types = connectorsOnly ? pluginOrder.slice(0, 2) : pluginOrder
    return types
      .flatMap((type) => this.options.worker.plugins.list(type))
      .map(({ className, type, version }) => ({
        class: className,
        type,
        ...(version === '' || version === 'undefined' ? {} : { version })
      }))
  }

  pluginConfig(name: string, version?: string): ConfigKeyInfo[] {
    const plugin = this.options.worker.plugins.any(name)
    if (plugin === null) throw new NotFoundError(`Unknown plugin ${name}.`)
    const problem = versionProblem(plugin.className, [plugin], version)
    if (problem !== null) throw new ConnectError('BAD_REQUEST', problem)
    return pluginConfigKeys(plugin)
  }

  async validate(plugin: string, config: RestConfig): Promise<ConfigInfos> {
    requireClass(plugin, config)
    return await this.#checked(config)
  }

  async preview(plugin: string, config: RestConfig, rows: number): Promise<ConnectorPreview> {
    requireClass(plugin, config)
    // A configuration that is only thought about needs neither a name nor its class twice.
    const whole = new Map([['name', 'preview'], ['connector.class', plugin], ...config])
    const check = (): Promise<StoredConfig> => this.validated(whole)
    return this.options.previews.show(whole, check, rows, this.stopping.signal)
  }

  /** A worker that has no group is passed no requests. */
  readonly origins: Origins = { proof: () => null, isProved: () => false }

  loggers(): ReadonlyMap<string, LoggerInfo> {
    return new Map(
      [...this.options.loggers.levels()].map(([name, { level, lastModified }]) => [
        name,
        { level, last_modified: lastModified }
      ])
    )
  }

  logger(name: string): LoggerInfo | null {
    const found = this.options.loggers.level(name)
    return found === null ? null : { level: found.level, last_modified: found.lastModified }
  }

  setLoggerLevel(name: string, level: string): string[] {
    return this.options.loggers.setLevel(name, requireLevel(level), this.options.clock.now())
  }

  /** What another worker of the cluster asked for; a level that does not exist is only logged. */
  protected applyLoggerLevel(namespace: string, level: string): void {
    try {
      this.setLoggerLevel(namespace, level)
    } catch (error) {
      this.options.log.warn(`Ignoring request to set invalid level '${level}' for ${namespace}`, {
        error
      })
    }
  }

  /** The configuration if it has no errors; throws the 400 that lists them otherwise. */
  protected async validated(config: RestConfig): Promise<StoredConfig> {
    const infos = await this.#checked(config)
    if (infos.error_count > 0) {
      const errors = infos.configs.flatMap(({ value }) => value?.errors ?? [])
      throw new ConnectError(
        'CONFIG_INVALID',
        [
          `Connector configuration is invalid and contains the following ${infos.error_count} error(s):`,
          ...errors,
          'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`'
        ].join('\n')
      )
    }
    return new Map([...config].filter((entry): entry is [string, string] => entry[1] !== null))
  }

  /** Patches what is there; what somebody else wrote meanwhile is patched in its turn, so that no change is lost. */
  protected async patching(
    name: string,
    patch: RestConfig,
    current: () => Promise<StoredConfig>,
    put: (valid: StoredConfig, requireUnchanged: () => void) => Promise<PutOutcome>
  ): Promise<ConnectorInfo> {
    for (let attempt = 1; ; attempt++) {
      const before = await current()
      const valid = await this.validated(patched(before, patch))
      const requireUnchanged = (): void => {
        if (this.snapshot().connectorConfig(name) !== before) throw new ChangedMeanwhile(name)
      }
      try {
        return (await put(valid, requireUnchanged)).info
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile) || attempt === MOST_PATCHES) throw error
      }
    }
  }

  protected infoOf(name: string, config: StoredConfig, snapshot: ClusterConfig): ConnectorInfo {
    return {
      name,
      config,
      tasks: snapshot.taskConfigs(name).map((_, task) => ({ connector: name, task })),
      type: this.typeOf(config)
    }
  }

  abstract restartConnector(name: string): Promise<void>
  abstract restartTask(name: string, task: number): Promise<void>

  /** What runs with values that are others by now is started again; if that fails, it is tried when the values have expired once more. */
  protected restartForValues(connector: string, task: number | null): void {
    const restart =
      task === null ? this.restartConnector(connector) : this.restartTask(connector, task)
    restart.catch((error: unknown) => {
      const what = task === null ? connector : `${connector}-${task}`
      this.options.log.warn(`${what} could not be restarted with other values`, { error })
    })
  }

  protected typeOf(config: StoredConfig | null): ConnectorInfo['type'] {
    const className = config?.get('connector.class')
    if (className === undefined) return 'unknown'
    try {
      return this.options.worker.plugins.connector(className).type
    } catch (error) {
      this.options.log.debug(`The type of ${className} is not known`, { error })
      return 'unknown'
    }
  }

  /** Resolves when the stores have been read; bounded by the caller. */
  protected started(): Promise<void> {
    return this.#started.promise
  }

  protected markStarted(): void {
    this.#isStarted = true
    this.#started.resolve()
  }

  protected markNotStarted(error: Error): void {
    this.#started.reject(error)
  }

  protected snapshot(): ClusterConfig {
    if (!this.#isStarted) {
      throw new ConnectError('NOT_READY', `This worker is still starting up. ${this.stage()}`)
    }
    return this.options.configStore.snapshot()
  }

  protected async startedSnapshot(): Promise<ClusterConfig> {
    await this.started()
    return this.options.configStore.snapshot()
  }

  #requireTopicTracking(): void {
    if (this.options.topicTracking.enabled) return
    throw new ConnectError('FORBIDDEN', 'Topic tracking is disabled.')
  }

  #checked(config: RestConfig): Promise<ConfigInfos> {
    const { clock, validations } = this.options
    const check = (signal: AbortSignal) => validations.infos(config, signal)
    return abortingAfter(clock, VALIDATION_TIMEOUT_MS, check, this.stopping.signal)
  }
}

function requireClass(plugin: string, config: RestConfig): void {
  const included = config.get('connector.class') ?? null
  if (included === null || normalised(included).endsWith(normalised(plugin))) return
  throw new ConnectError(
    'BAD_REQUEST',
    `Included connector type ${included} does not match request type ${plugin}`
  )
}

/** A level by its name in any case; throws the 404 clients know. */
export function requireLevel(level: string): LevelName {
  const upper = level.trim().toUpperCase()
  if (!isLevelName(upper)) throw new NotFoundError(`invalid log level '${level}'.`)
  return upper
}

/** Throws the 404 clients know. */
export function requireConnector(snapshot: ClusterConfig, name: string): StoredConfig {
  const config = snapshot.connectorConfig(name)
  if (config === null) throw new NotFoundError(`Connector ${name} not found`)
  return config
}

export function requireStopped(snapshot: ClusterConfig, name: string): StoredConfig {
  const config = requireConnector(snapshot, name)
  if (snapshot.targetState(name) !== 'STOPPED' || snapshot.taskCount(name) !== 0) {
    throw new ConnectError(
      'BAD_REQUEST',
      `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`
    )
  }
  return config
}

/** Without `Connector` at its end: how the JVM worker compares classes in requests. */
function normalised(className: string): string {
  return className.replace(/(?<=.)Connector$/s, '')
}
