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
import { moveCommands } from '../moves/move-commands.ts'
import type { OffsetWriters } from '../moves/move-steps.ts'
import { MovesUnderWay } from '../moves/moves-under-way.ts'
import { requestedParts } from '../moves/requested-parts.ts'
import type { StartFrom } from '../start-from.ts'
import { ClusterAnswers } from '../work/cluster-answers.ts'
import { handle, type Handlers } from '../work/command-queue.ts'
import { ConfigValidation } from '../work/config-validation.ts'
import type { HerderOptions } from '../work/herder-options.ts'
import { LocalWork } from '../work/local-work.ts'
import { LoggerAnswers } from '../work/logger-answers.ts'
import { PluginAnswers } from '../work/plugin-answers.ts'
import { shutDown } from '../work/shut-down.ts'
import { Startup } from '../work/startup.ts'
import { StatusReporter } from '../work/status-reporter.ts'
import { TickStage } from '../work/tick-stage.ts'
import { restartForValues } from '../work/value-restarts.ts'
import { SerialQueue } from './serial-queue.ts'
import { type StandaloneCommands, standaloneCommands } from './standalone-commands.ts'
import { StandaloneTasks } from './standalone-tasks.ts'

/** Beyond the graceful timeout: what stopping may take. */
const STOP_MARGIN_MS = 10_000
const FLUSH_TIMEOUT_MS = 5000

/**
 * A worker by itself: no group, configurations live in memory. Commands run one after the other, and, other than in a cluster, answer
 * when the change has happened.
 */
export class StandaloneHerder implements Herder {
  readonly info: WorkerInfo
  readonly cluster: ClusterView
  readonly changes: ConnectorChanges
  readonly startFrom: StartFrom
  readonly pluginCatalog: PluginCatalog
  readonly loggerLevels: LoggerAnswers
  /** A worker that has no group is passed no requests. */
  readonly origins: Origins = { proof: () => null, isProved: () => false }
  readonly #options: HerderOptions
  /** Aborts when the worker stops. */
  readonly #stopping = new AbortController()
  readonly #stage: TickStage
  readonly #startup: Startup
  readonly #queue: SerialQueue<StandaloneCommands>
  readonly #work: LocalWork
  readonly #statuses: StatusReporter
  readonly #tasks: StandaloneTasks
  #ready = false
  #stopped: Promise<void> | null = null

  /** Builds in the order of dependence. What works with the register, and is told by it of what happens there, hears of it at the end. */
  constructor(options: HerderOptions) {
    const { worker, offsets, configStore, statusStore, clock, log } = options
    const { plugins } = worker
    const stopping = this.#stopping.signal
    this.#options = options
    this.info = options.info
    this.#stage = new TickStage(clock)
    this.#startup = new Startup(configStore, this.#stage)
    this.#queue = new SerialQueue(this.#startup.started)
    this.#statuses = new StatusReporter({
      statusStore,
      workerId: options.workerId,
      generation: () => 0,
      trackTopics: options.topicTracking.enabled,
      clock,
      log
    })
    this.#work = new LocalWork({ worker, statuses: this.#statuses, guards: null, clock, log })
    const shared = {
      configStore,
      statusStore,
      work: this.#work,
      statuses: this.#statuses,
      clock,
      log
    }
    this.#tasks = new StandaloneTasks({ ...shared, commands: this.#queue, stopping })
    const underWay = new MovesUnderWay(configStore)
    const handlers: Handlers<StandaloneCommands> = {
      ...standaloneCommands({
        ...shared,
        plugins,
        underWay,
        tasks: this.#tasks,
        stage: this.#stage
      }),
      ...moveCommands({ configStore, underWay, clock })
    }
    this.#queue.runBy({
      execute: (command) => handle(handlers, command),
      holdsBack: () => false
    })
    const validation = new ConfigValidation({ validations: options.validations, clock, stopping })
    const { changes, startFrom } = requestedParts({
      offsets,
      startup: this.#startup,
      validation,
      commands: this.#queue,
      underWay,
      writers: this.#writers(),
      configStore,
      clock,
      log,
      stopping
    })
    this.changes = changes
    this.startFrom = startFrom
    const { previews, topicTracking } = options
    this.cluster = new ClusterAnswers({
      startup: this.#startup,
      statusStore,
      work: this.#work,
      offsets,
      plugins,
      topicTracking
    })
    this.pluginCatalog = new PluginAnswers({ plugins, validation, previews, stopping })
    this.loggerLevels = new LoggerAnswers(options.loggers, clock, log)
    this.#work.tell({
      onConnectorStarted: (connector) => this.#tasks.request(connector),
      onReconfiguration: (connector) => this.#tasks.request(connector),
      onConnectorStopping: () => undefined,
      onValuesChanged: (connector, task) => restartForValues(changes, connector, task, log)
    })
  }

  async start(): Promise<void> {
    const { statusStore, configStore, log } = this.#options
    log.info('Herder starting')
    await statusStore.start()
    await configStore.start(this.#listener)
    this.#startup.succeed()
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
    return this.#stage.sentence()
  }

  async healthCheck(): Promise<void> {
    await this.#queue.turn()
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

  /** The tasks that may write offsets all run here, and end before the command that stops them does. */
  #writers(): OffsetWriters {
    return {
      halt: async (connector) => {
        await this.#queue.run({ kind: 'haltConnector', name: connector })
      },
      fence: () => Promise.resolve()
    }
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
    const here = await this.#work.applyTargetState(connector, () => configStore.snapshot())
    if (here && configStore.snapshot().targetState(connector) === 'STARTED') {
      this.#tasks.request(connector)
    }
  }

  async #stop(): Promise<void> {
    const { log, taskShutdownGracefulTimeoutMs } = this.#options
    log.info('Herder stopping')
    const error = new ConnectError('WORKER_STOPPING', 'Worker is shutting down')
    this.#stopping.abort(error)
    this.#startup.fail(error)
    this.#queue.close(error)
    await shutDown(this.#options, taskShutdownGracefulTimeoutMs + STOP_MARGIN_MS, () =>
      this.#halt()
    )
    // Whatever kept the herder from its end, nothing of its work stays.
    await this.#work.stop(this.#work.all)
  }

  async #halt(): Promise<void> {
    const { configStore, statusStore } = this.#options
    this.#stage.begin('shutting down')
    await this.#work.stop(this.#work.all)
    await this.#statuses.flush(FLUSH_TIMEOUT_MS)
    await configStore.stop()
    await statusStore.stop()
    this.#stage.end()
  }
}
