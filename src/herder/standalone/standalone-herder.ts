import { ConnectError, NotFoundError } from '../../errors.ts'
import type { RestartRequest, StoredConfig } from '../../storage/cluster-config.ts'
import type { ConfigListener } from '../../storage/config-store.ts'
import { taskKey } from '../../storage/task-id.ts'
import {
  AbstractHerder,
  type HerderOptions,
  requireConnector,
  requireStopped
} from '../work/abstract-herder.ts'
import {
  type ConnectorInfo,
  type ConnectorOffset,
  type ConnectorStateInfo,
  type Herder,
  type InitialState,
  type PutOptions,
  type PutOutcome,
  REPLACE,
  type RestConfig
} from '../herder.ts'
import { LocalWork } from '../work/local-work.ts'
import { offsetsAnswer, requestedOffsets } from '../moves/offsets-actions.ts'
import { restartPlan } from '../work/restart-plan.ts'
import { executeRestart } from '../work/restart-work.ts'
import { SerialQueue } from './serial-queue.ts'
import { START_LIMIT_MS, StandaloneTasks } from './standalone-tasks.ts'
import { ConfigMoves } from '../moves/config-moves.ts'
import { Moves } from '../moves/moves.ts'
import { StartFromOperations } from '../moves/start-from-operations.ts'
import { shutDown } from '../work/shut-down.ts'
import { StatusReporter } from '../work/status-reporter.ts'
import { TickStage } from '../work/tick-stage.ts'
import { workSet } from '../work/work-set.ts'
import { retrying, within } from '../../wait.ts'

/** Beyond the graceful timeout: what stopping may take. */
const STOP_MARGIN_MS = 10_000
const UPDATE_BACKOFF = { firstMs: 250, lastMs: 60_000 }
const FLUSH_TIMEOUT_MS = 5000

/**
 * A worker by itself: no group, configurations live in memory. Requests that change something run one after the other, and, other than
 * in a cluster, answer when the change has happened.
 */
export class StandaloneHerder extends AbstractHerder implements Herder {
  readonly #queue = new SerialQueue()
  protected readonly work: LocalWork
  readonly #statuses: StatusReporter
  readonly #tasks: StandaloneTasks
  readonly #moves: Moves
  readonly #configMoves: ConfigMoves
  readonly startFrom: StartFromOperations
  /** The connector whose configuration is being put: its tasks are seen to there. */
  #beingPut: string | null = null
  readonly #updating = new Set<string>()
  #ready = false
  #stopped: Promise<void> | null = null

  constructor(options: HerderOptions) {
    super(options, new TickStage(options.clock))
    const { statusStore, workerId, clock, log, worker } = options
    this.#statuses = new StatusReporter({
      statusStore,
      workerId,
      generation: () => 0,
      trackTopics: options.topicTracking.enabled,
      clock,
      log
    })
    this.work = new LocalWork({
      worker,
      statuses: this.#statuses,
      clock,
      log,
      onConnectorStarted: (connector) => {
        if (connector !== this.#beingPut) this.#requestTaskUpdate(connector)
      },
      onReconfiguration: (connector) => this.#requestTaskUpdate(connector),
      onValuesChanged: (connector, task) => this.restartForValues(connector, task),
      onConnectorStopping: () => undefined
    })
    this.#tasks = new StandaloneTasks(options, this.work, this.#statuses)
    const parts = {
      ...options,
      stopping: this.stopping.signal,
      started: () => this.started(),
      inTurn: <T>(step: () => Promise<T> | T) => this.#inTurn(step),
      exclusively: <T>(step: () => Promise<T> | T) => this.#inTurn(step),
      fence: () => Promise.resolve(),
      halt: (connector: string) => this.#inTurn(() => this.#stopConnector(connector)),
      ended: () => Promise.resolve()
    }
    this.#moves = new Moves(parts)
    this.startFrom = new StartFromOperations({ ...parts, moves: this.#moves })
    this.#configMoves = new ConfigMoves({ ...parts, moves: this.#moves })
  }

  async start(): Promise<void> {
    const { statusStore, configStore, log } = this.options
    log.info('Herder starting')
    await statusStore.start()
    await configStore.start(this.#listener)
    this.markStarted()
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

  async healthCheck(): Promise<void> {
    await this.#inTurn(() => undefined)
  }

  async putConnectorConfig(
    name: string,
    config: RestConfig,
    options: PutOptions
  ): Promise<PutOutcome> {
    await this.started()
    const valid = await this.validated(config)
    return this.#configMoves.outcome(name, valid, options, async () => {
      const exists = this.snapshot().contains(name)
      if (exists && !options.allowReplace) {
        throw new ConnectError('ALREADY_EXISTS', `Connector ${name} already exists`)
      }
      const info = await this.#put(name, valid, options.initialState)
      return { created: !exists, info }
    })
  }

  patchConnectorConfig(name: string, patch: RestConfig): Promise<ConnectorInfo> {
    const current = () => this.#inTurn(() => requireConnector(this.snapshot(), name))
    return this.patching(name, patch, current, (valid, requireUnchanged) =>
      this.#configMoves.outcome(name, valid, REPLACE, async () => {
        requireUnchanged()
        return { created: false, info: await this.#put(name, valid, null) }
      })
    )
  }

  async deleteConnector(name: string, offsets: 'keep' | 'delete' = 'keep'): Promise<void> {
    if (offsets === 'delete') await this.#configMoves.remove(name)
    await this.#inTurn(async () => {
      if (offsets === 'keep') requireConnector(this.snapshot(), name)
      await this.#stopAll(name)
      if (this.snapshot().contains(name)) await this.options.configStore.removeConnectorConfig(name)
      this.#statuses.forgetConnector(name)
      this.#statuses.forgetTopics(name)
    })
  }

  async pauseConnector(name: string): Promise<void> {
    await this.#putTargetState(name, 'PAUSED')
  }

  async resumeConnector(name: string): Promise<void> {
    await this.#putTargetState(name, 'STARTED')
  }

  async stopConnector(name: string): Promise<void> {
    await this.#inTurn(() => {
      this.#moves.requireIdle(name)
      return this.#stopConnector(name)
    })
  }

  async restartConnector(name: string): Promise<void> {
    await this.#inTurn(async () => {
      requireConnector(this.snapshot(), name)
      await this.work.stopToRestart(workSet([name], []))
      await this.#startConnector(name)
    })
  }

  async restartConnectorAndTasks(
    name: string,
    flags: { onlyFailed: boolean; includeTasks: boolean }
  ): Promise<ConnectorStateInfo> {
    return this.#inTurn(async () => {
      const { statusStore, configStore, log } = this.options
      const type = this.typeOf(this.snapshot().connectorConfig(name))
      const request: RestartRequest = { connector: name, ...flags }
      const plan = restartPlan(request, statusStore, type)
      if (plan === null) throw new NotFoundError(`Status for connector ${name} not found`)
      await executeRestart(
        {
          work: this.work,
          statuses: this.#statuses,
          statusStore,
          configStore,
          stage: this.stages,
          log
        },
        request
      )
      return plan.state
    })
  }

  async restartTask(name: string, task: number): Promise<void> {
    await this.#inTurn(async () => {
      const snapshot = this.snapshot()
      requireConnector(snapshot, name)
      const id = { connector: name, task }
      if (snapshot.taskConfig(name, task) === null) {
        throw new NotFoundError(`Task ${taskKey(id)} not found`)
      }
      await this.work.stopToRestart(workSet([], [taskKey(id)]))
      if (await this.work.startTask(id, snapshot)) return
      throw new ConnectError('INTERNAL', `Failed to start task: ${taskKey(id)}`)
    })
  }

  async modifyOffsets(name: string, offsets: ConnectorOffset[] | null): Promise<string> {
    const changes = offsets === null ? null : requestedOffsets(offsets)
    return this.#inTurn(async () => {
      this.#moves.requireIdle(name)
      const config = requireStopped(this.snapshot(), name)
      const connectorManaged = await this.options.offsets.modifyOffsets(name, config, changes)
      return offsetsAnswer(changes === null ? 'reset' : 'altered', connectorManaged)
    })
  }

  /** A cluster of one. */
  async setClusterLoggerLevel(name: string, level: string): Promise<void> {
    this.setLoggerLevel(name, level)
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

  async #put(
    name: string,
    config: StoredConfig,
    initialState: InitialState | null
  ): Promise<ConnectorInfo> {
    await this.work.stop(workSet([name], []))
    await this.options.configStore.putConnectorConfig(name, config, initialState)
    this.#beingPut = name
    try {
      await this.#startConnector(name)
    } finally {
      this.#beingPut = null
    }
    try {
      await this.#tasks.update(name)
    } catch (error) {
      this.#requestTaskUpdate(name)
      throw error
    }
    return this.infoOf(name, config, this.snapshot())
  }

  async #startConnector(name: string): Promise<void> {
    try {
      await within(
        this.options.clock,
        this.work.startConnector(name, this.snapshot()),
        START_LIMIT_MS,
        () => new ConnectError('REQUEST_TIMED_OUT', `It did not start in ${START_LIMIT_MS} ms`)
      )
    } catch (error) {
      throw new ConnectError('INTERNAL', `Failed to start connector: ${name}`, { cause: error })
    }
  }

  async #stopConnector(name: string): Promise<void> {
    if (!this.snapshot().contains(name)) {
      throw new ConnectError('INTERNAL', `No connector \`${name}\` configured`)
    }
    await this.#tasks.remove(name)
    await this.options.configStore.putTargetState(name, 'STOPPED')
  }

  async #stopAll(name: string): Promise<void> {
    await this.#tasks.remove(name)
    await this.work.stop(workSet([name], []))
  }

  async #putTargetState(name: string, state: 'PAUSED' | 'STARTED'): Promise<void> {
    const snapshot = await this.startedSnapshot()
    if (!snapshot.contains(name)) throw new NotFoundError(`Unknown connector ${name}`)
    this.#moves.requireIdle(name)
    await this.options.configStore.putTargetState(name, state)
  }

  /** Takes its turn like a request; tried again until it succeeds, or the connector fails or goes. One round per connector waits. */
  #requestTaskUpdate(name: string): void {
    if (this.#updating.has(name)) return
    this.#updating.add(name)
    this.#inBackground(`Task reconfiguration for ${name}`, async () => {
      const { clock, log } = this.options
      const text = `Failed to reconfigure connector's tasks (${name}), retrying after backoff.`
      const policy = {
        backoff: UPDATE_BACKOFF,
        isPassing: () => this.work.hasConnector(name) && !this.work.connectorFailed(name),
        onRetry: (error: unknown) => log.error(text, { error })
      }
      const update = () =>
        this.#inTurn(() => {
          this.#updating.delete(name)
          return this.#tasks.update(name)
        })
      await retrying(clock, policy, update, this.stopping.signal)
    })
  }

  readonly #listener: ConfigListener = {
    onTargetStateChange: (connector) => {
      this.#inBackground(`The transition of ${connector} to its target state`, async () => {
        const { configStore } = this.options
        const here = await this.work.applyTargetState(connector, () => configStore.snapshot())
        if (here && configStore.snapshot().targetState(connector) === 'STARTED') {
          this.#requestTaskUpdate(connector)
        }
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

  #inBackground(what: string, work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (!this.stopping.signal.aborted) this.options.log.error(`${what} failed`, { error })
    })
  }

  async #inTurn<T>(action: () => Promise<T> | T): Promise<T> {
    await this.started()
    return this.#queue.add(action)
  }

  async #stop(): Promise<void> {
    const { log, taskShutdownGracefulTimeoutMs } = this.options
    log.info('Herder stopping')
    const error = new ConnectError('WORKER_STOPPING', 'Worker is shutting down')
    this.stopping.abort(error)
    this.markNotStarted(error)
    this.#queue.close(error)
    await shutDown(this.options, taskShutdownGracefulTimeoutMs + STOP_MARGIN_MS, () => this.#halt())
    // Whatever kept the herder from its end, nothing of its work stays.
    await this.work.stop(this.work.all)
  }

  async #halt(): Promise<void> {
    const { configStore, statusStore } = this.options
    this.stages.begin('shutting down')
    await this.work.stop(this.work.all)
    await this.#statuses.flush(FLUSH_TIMEOUT_MS)
    await configStore.stop()
    await statusStore.stop()
    this.stages.end()
  }
}
