import { asError, ConnectError } from '../../errors.ts'
import type { ChangeHistory } from '../../storage/change-history.ts'
import type { WrittenConfig } from '../../storage/cluster-config.ts'
import type {
  ClusterView,
  ConnectorChanges,
  Herder,
  PluginCatalog,
  RequestSignature,
  WorkerInfo
} from '../herder.ts'
import type { SessionKeys } from '../group/session-key.ts'
import type { StartFrom } from '../start-from.ts'
import { ClusterAnswers } from '../work/cluster-answers.ts'
import type { LoggerAnswers } from '../work/logger-answers.ts'
import { PluginAnswers } from '../work/plugin-answers.ts'
import { inOrder, shutDown } from '../work/shut-down.ts'
import { type ClusterParts, clusterParts, type DistributedHerderOptions } from './cluster-parts.ts'

/**
 * Beyond the graceful timeouts of connectors and tasks: what stopping may take to write statuses and leave
 * the group.
 */
const STOP_MARGIN_MS = 20_000
const FLUSH_TIMEOUT_MS = 5000

/**
 * One worker of a cluster: member of the group, perhaps its leader. Commands that change something wait for
 * the tick; what can be answered from the stores is answered at once, also while the group is being joined.
 *
 * States: new → starting (reads the internal topics) → running (ticks) → stopping → stopped; any error of a
 * tick ends in `onFatal`.
 */
export class DistributedHerder implements Herder {
  readonly info: WorkerInfo
  readonly cluster: ClusterView
  readonly changes: ConnectorChanges
  readonly startFrom: StartFrom
  readonly pluginCatalog: PluginCatalog
  readonly loggerLevels: LoggerAnswers
  readonly history: ChangeHistory | null
  readonly origins: SessionKeys
  readonly #options: DistributedHerderOptions
  /** Aborts when the worker stops. */
  readonly #stopping = new AbortController()
  readonly #parts: ClusterParts
  #ready = false
  #running: Promise<void> | null = null
  #stopped: Promise<void> | null = null

  constructor(options: DistributedHerderOptions) {
    this.#options = options
    const stopping = this.#stopping.signal
    const parts = clusterParts(options, stopping)
    const { startup, work, validation } = parts
    const { statusStore, offsets, worker, previews, topicTracking } = options
    const { plugins } = worker
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
    this.loggerLevels = parts.loggerLevels
    this.history = options.history
    this.origins = parts.keys
  }

  /** Reads the internal topics, then ticks in the background. Rejects when the topics cannot be read. */
  async start(): Promise<void> {
    const { configStore, statusStore, log } = this.#options
    log.info('Herder starting')
    try {
      await this.#parts.stage.during(
        'initializing and reading to the end of internal topics',
        async () => {
          await statusStore.start()
          await configStore.start(this.#parts.configChanges)
        }
      )
      this.#stopping.signal.throwIfAborted()
    } catch (error) {
      this.#parts.startup.fail(asError(error))
      throw error
    }
    this.#parts.loop.begin()
    this.#parts.startup.succeed()
    this.#running = this.#run()
  }

  /**
   * Stops the work, writes its statuses and leaves the group; bounded, never rejects. A second call waits for
   * the first.
   */
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

  async setClusterLoggerLevel(name: string, level: string): Promise<void> {
    this.loggerLevels.requireSettable(name, level)
    await this.#parts.startup.started
    await this.#options.configStore.putLoggerLevel(name, level)
  }

  async putTaskConfigs(
    name: string,
    configs: () => readonly WrittenConfig[],
    body: Uint8Array,
    signature: RequestSignature | null
  ): Promise<void> {
    await this.#parts.startup.started
    this.#verify(body, signature)
    await this.#parts.queue.run({ kind: 'putTaskConfigs', name, configs: configs() })
  }

  async fenceZombieSourceTasks(name: string, signature: RequestSignature | null): Promise<void> {
    await this.#parts.startup.started
    this.#verify(new Uint8Array(), signature)
    await this.#parts.exactlyOnce.fence(name)
  }

  #verify(body: Uint8Array, signature: RequestSignature | null): void {
    if (this.#parts.membership.signed) this.origins.verify(body, signature)
  }

  async #run(): Promise<void> {
    const { log, onFatal } = this.#options
    const { signal } = this.#stopping
    try {
      while (!signal.aborted) {
        await this.#parts.loop.tick(signal)
        if (!this.#ready) {
          this.#ready = true
          log.info('Herder started')
        }
      }
    } catch (error) {
      if (signal.aborted) {
        log.warn('The herder was interrupted while it stopped', { error })
        return
      }
      log.error('Uncaught error in the herder, exiting', { error })
      this.#parts.queue.close(asError(error))
      onFatal(asError(error))
    }
  }

  async #stop(): Promise<void> {
    const { taskShutdownGracefulTimeoutMs, log } = this.#options
    log.info('Herder stopping')
    const error = new ConnectError('WORKER_STOPPING', 'Worker is shutting down')
    this.#stopping.abort(error)
    this.#parts.wakeup.wake()
    this.#parts.startup.fail(error)
    this.#parts.queue.close(error)
    await shutDown(this.#options, taskShutdownGracefulTimeoutMs + STOP_MARGIN_MS, () =>
      this.#halt()
    )
    // Whatever kept the herder from its end, nothing of its work stays.
    await this.#parts.work.stop(this.#parts.work.all)
  }

  async #halt(): Promise<void> {
    const { configStore, statusStore, log } = this.#options
    await this.#running
    this.#parts.stage.begin('shutting down')
    this.#parts.writer.cancelAll()
    log.info('Stopping connectors and tasks that are still assigned to this worker.')
    await this.#parts.work.stop(this.#parts.work.all)
    await inOrder(log, [
      ['flush the statuses', () => this.#parts.statuses.flush(FLUSH_TIMEOUT_MS)],
      ['leave the group', () => this.#parts.membership.leave('the worker is shutting down')],
      ['close the group membership', () => this.#parts.membership.close()],
      ['stop the config store', () => configStore.stop()],
      ['stop the status store', () => statusStore.stop()]
    ])
    this.#parts.stage.end()
  }
}
