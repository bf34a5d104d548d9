import { ConnectError } from '../../errors.ts'
import type { ConfigListener } from '../../storage/config-store.ts'
import type {
  ClusterView,
  ConnectorChanges,
  Herder,
  Origins,
  PluginCatalog,
  WorkerInfo
} from '../herder.ts'
import type { ChangeHistory } from '../../storage/change-history.ts'
import type { StartFrom } from '../start-from.ts'
import { ClusterAnswers } from '../work/cluster-answers.ts'
import type { HerderOptions } from '../work/herder-options.ts'
import { LoggerAnswers } from '../work/logger-answers.ts'
import { PluginAnswers } from '../work/plugin-answers.ts'
import { shutDown } from '../work/shut-down.ts'
import { type StandaloneParts, standaloneParts } from './standalone-parts.ts'

/** Beyond the graceful timeout: what stopping may take. */
const STOP_MARGIN_MS = 10_000
const FLUSH_TIMEOUT_MS = 5000

/**
 * A worker by itself: no group, configurations live in memory. Commands run one after the other, and, other
 * than in a cluster, answer when the change has happened.
 */
export class StandaloneHerder implements Herder {
  readonly info: WorkerInfo
  readonly cluster: ClusterView
  readonly changes: ConnectorChanges
  readonly startFrom: StartFrom
  readonly pluginCatalog: PluginCatalog
  readonly loggerLevels: LoggerAnswers
  readonly history: ChangeHistory | null
  /** A worker that has no group is passed no requests. */
  readonly origins: Origins = { proof: () => null, isProved: () => false }
  readonly #options: HerderOptions
  /** Aborts when the worker stops. */
  readonly #stopping = new AbortController()
  readonly #parts: StandaloneParts
  #ready = false
  #stopped: Promise<void> | null = null

  constructor(options: HerderOptions) {
    const { worker, offsets, statusStore, previews, topicTracking, clock, log } = options
    const { plugins } = worker
    const stopping = this.#stopping.signal
    const parts = standaloneParts(options, stopping)
    const { startup, work, validation } = parts
    this.#options = options
    this.#parts = parts
    this.info = options.info
    this.cluster = new ClusterAnswers({
      startup,
      statusStore,
      work,
      offsets,
      plugins,
      topicTracking
    })
    this.changes = parts.changes
    this.startFrom = parts.startFrom
    this.pluginCatalog = new PluginAnswers({ plugins, validation, previews, stopping })
    this.loggerLevels = new LoggerAnswers(options.loggers, clock, log)
    this.history = options.history
  }

  async start(): Promise<void> {
    const { statusStore, configStore, log } = this.#options
    log.info('Herder starting')
    await statusStore.start()
    await configStore.start(this.#listener)
    this.#parts.startup.succeed()
    log.info('Herder started')
  }

  /** Once the connectors of the command line have been created. */
  markReady(): void {
    this.#ready = true
  }

  /** Stops everything; bounded, never rejects. A second call waits for the first. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  ready(): boolean {
    return this.#ready
  }

  stage(): string {
    return this.#parts.stage.sentence()
  }

  async healthCheck(): Promise<void> {
    await this.#parts.queue.turn()
  }

  /** A cluster of one. */
  async setClusterLoggerLevel(name: string, level: string): Promise<void> {
    this.loggerLevels.setLoggerLevel(name, level)
  }

  async putTaskConfigs(): Promise<void> {
    throw new ConnectError(
      'INTERNAL',
      'Kafka Connect in standalone mode does not support externally setting task configurations.'
    )
  }

  async fenceZombieSourceTasks(): Promise<void> {
    throw new ConnectError(
      'INTERNAL',
      'Kafka Connect in standalone mode does not support exactly-once source connectors.'
    )
  }

  readonly #listener: ConfigListener = {
    onTargetStateChange: (connector) => {
      this.#applyTargetState(connector).catch((error: unknown) => {
        if (this.#stopping.signal.aborted) return
        const text = `The transition of ${connector} to its target state failed`
        this.#options.log.error(text, { error })
      })
    },
    // The rest is done by whoever writes: nobody else does.
    onConnectorConfigUpdate: () => undefined,
    onConnectorConfigRemove: () => undefined,
    onTaskConfigUpdate: () => undefined,
    onTaskConfigsConfirmed: () => undefined,
    onStartFromUpdate: () => undefined,
    onSessionKeyUpdate: () => undefined,
    onRestartRequest: () => undefined,
    onLoggerLevel: () => undefined
  }

  async #applyTargetState(connector: string): Promise<void> {
    const { configStore } = this.#options
    const here = await this.#parts.work.applyTargetState(connector, () => configStore.snapshot())
    if (here && configStore.snapshot().targetState(connector) === 'STARTED') {
      this.#parts.tasks.request(connector)
    }
  }

  async #stop(): Promise<void> {
    const { log, taskShutdownGracefulTimeoutMs } = this.#options
    log.info('Herder stopping')
    const error = new ConnectError('WORKER_STOPPING', 'Worker is shutting down')
    this.#stopping.abort(error)
    this.#parts.startup.fail(error)
    this.#parts.queue.close(error)
    await shutDown(this.#options, taskShutdownGracefulTimeoutMs + STOP_MARGIN_MS, () =>
      this.#halt()
    )
    // Whatever kept the herder from its end, nothing of its work stays.
    await this.#parts.work.stop(this.#parts.work.all)
  }

  async #halt(): Promise<void> {
    const { configStore, statusStore } = this.#options
    this.#parts.stage.begin('shutting down')
    await this.#parts.work.stop(this.#parts.work.all)
    await this.#parts.statuses.flush(FLUSH_TIMEOUT_MS)
    await configStore.stop()
    await statusStore.stop()
    this.#parts.stage.end()
  }
}
