import { asError, ConnectError } from '../../errors.ts'
import type { KafkaClients } from '../../kafka/contracts.ts'
import type { StoredConfig, WrittenConfig } from '../../storage/cluster-config.ts'
import {
  AbstractHerder,
  type HerderOptions,
  requireConnector,
  requireLevel
} from '../work/abstract-herder.ts'
import { ConfigChanges } from './config-changes.ts'
import { ConnectorActions } from './connector-actions.ts'
import {
  type ConnectorInfo,
  type ConnectorOffset,
  type ConnectorStateInfo,
  type Herder,
  type Origins,
  type PutOptions,
  type PutOutcome,
  REPLACE,
  type RequestSignature,
  type RestConfig
} from '../herder.ts'
import { ExactlyOnceSources } from './exactly-once-sources.ts'
import { HerderQueue } from '../work/herder-queue.ts'
import type { LeaderClient } from '../group/leader-client.ts'
import { LocalWork } from '../work/local-work.ts'
import { type GroupOptions, Membership } from '../group/membership.ts'
import { alterOffsets } from '../moves/offsets-actions.ts'
import { SessionKeys, type SessionKeyOptions } from '../group/session-key.ts'
import { inOrder, shutDown } from '../work/shut-down.ts'
import { StatusReporter } from '../work/status-reporter.ts'
import { ConfigMoves } from '../moves/config-moves.ts'
import { Moves } from '../moves/moves.ts'
import { StartFromOperations } from '../moves/start-from-operations.ts'
import { deletedTasksEnded, haltConnector } from './task-halt.ts'
import { TaskConfigWriter } from './task-config-writer.ts'
import { TickLoop } from './tick-loop.ts'
import { TickStage } from '../work/tick-stage.ts'
import { Wakeup } from './wakeup.ts'

export interface DistributedHerderOptions extends HerderOptions, GroupOptions {
  readonly clients: KafkaClients
  readonly sessionKeys: SessionKeyOptions
  /** `config.storage.topic`, for messages. */
  readonly configTopic: string
  readonly workerSyncTimeoutMs: number
  readonly workerUnsyncBackoffMs: number
  /** How to reach another worker's REST interface. */
  readonly leaderClient: LeaderClient
  /** Source tasks run exactly once. */
  readonly exactlyOnceSource?: boolean
  /** The tick failed for good: the process should end with status 1. Called at most once. */
  onFatal(error: Error): void
}

/** Beyond the graceful timeouts of connectors and tasks: what stopping may take to write statuses and leave the group. */
const STOP_MARGIN_MS = 20_000
const FLUSH_TIMEOUT_MS = 5000

/**
 * One worker of a cluster: member of the group, perhaps its leader. Requests that change something wait for the tick; what can be
 * answered from the stores is answered at once, also while the group is being joined.
 *
 * States: new → starting (reads the internal topics) → running (ticks) → stopping → stopped; any error of a tick ends in `onFatal`.
 */
export class DistributedHerder extends AbstractHerder implements Herder {
  readonly #options: DistributedHerderOptions
  readonly #wakeup: Wakeup
  readonly #queue: HerderQueue
  readonly #keys: SessionKeys
  override readonly origins: Origins
  readonly #changes: ConfigChanges
  readonly #membership: Membership
  protected readonly work: LocalWork
  readonly #statuses: StatusReporter
  readonly #writer: TaskConfigWriter
  readonly #actions: ConnectorActions
  readonly #exactlyOnce: ExactlyOnceSources
  readonly #loop: TickLoop
  readonly #moves: Moves
  readonly #alterOffsets: Herder['modifyOffsets']
  readonly #configMoves: ConfigMoves
  readonly startFrom: StartFromOperations
  #ready = false
  #running: Promise<void> | null = null
  #stopped: Promise<void> | null = null

  constructor(options: DistributedHerderOptions) {
    super(options, new TickStage(options.clock))
    this.#options = options
    const { clock, statusStore, worker, log } = options
    const stage = this.stages
    this.#wakeup = new Wakeup(clock)
    const wake = () => this.#wakeup.wake()
    this.#queue = new HerderQueue(wake)
    this.#keys = new SessionKeys(options.sessionKeys)
    this.origins = this.#keys
    this.#membership = new Membership({ ...options, onRebalance: wake })
    this.#statuses = new StatusReporter({
      statusStore,
      workerId: options.workerId,
      generation: () => this.#membership.generation,
      trackTopics: options.topicTracking.enabled,
      clock,
      log
    })
    this.work = new LocalWork({
      worker,
      statuses: this.#statuses,
      clock,
      log,
      guardOf: (id, snapshot) => this.#exactlyOnce.guardOf(id, snapshot),
      onConnectorStarted: (connector) => this.#writer.request(connector),
      onReconfiguration: (connector) => this.#writer.request(connector),
      onValuesChanged: (connector, task) => this.restartForValues(connector, task),
      onConnectorStopping: (connector) => this.#writer.cancel(connector)
    })
    const parts = {
      ...options,
      stage,
      queue: this.#queue,
      keys: this.#keys,
      membership: this.#membership,
      work: this.work,
      statuses: this.#statuses,
      wakeup: this.#wakeup
    }
    this.#writer = new TaskConfigWriter({ ...parts, leader: options.leaderClient })
    this.#changes = new ConfigChanges({
      exactlyOnce: options.exactlyOnceSource === true,
      isKnown: (connector) => this.#loop.knows(connector),
      onSessionKey: (key) => this.#keys.use(key),
      onLoggerLevel: (namespace, level) => this.applyLoggerLevel(namespace, level),
      wake
    })
    this.#actions = new ConnectorActions({
      ...parts,
      writer: this.#writer,
      rebalanceExpected: () => this.#changes.rebalanceExpected
    })
    this.#exactlyOnce = new ExactlyOnceSources({
      ...parts,
      enabled: options.exactlyOnceSource === true,
      actions: this.#actions,
      isSource: (config) => this.typeOf(config) === 'source',
      onWaiting: (id, reason) => this.work.taskWaits(id, reason)
    })
    const moving = {
      ...parts,
      actions: this.#actions,
      stopping: this.stopping.signal,
      started: () => this.started(),
      inTurn: <T>(step: () => Promise<T> | T) => this.#inLeadersTick(step),
      exclusively: <T>(step: () => Promise<T> | T) => this.#exclusively(step),
      fence: (connector: string, config: StoredConfig) =>
        this.#exactlyOnce.beforeOffsets(connector, config),
      halt: (connector: string) => haltConnector(moving, connector),
      ended: (connector: string) => deletedTasksEnded(moving, connector)
    }
    this.#moves = new Moves(moving)
    this.#alterOffsets = (name, offsets) =>
      alterOffsets({ ...moving, moves: this.#moves }, name, offsets)
    this.startFrom = new StartFromOperations({ ...moving, moves: this.#moves })
    this.#configMoves = new ConfigMoves({ ...moving, moves: this.#moves })
    this.#loop = new TickLoop({
      ...parts,
      moves: this.#moves,
      writer: this.#writer,
      changes: this.#changes
    })
  }

  /** Reads the internal topics, then ticks in the background. Rejects when the topics cannot be read. */
  async start(): Promise<void> {
    const { configStore, statusStore, log } = this.#options
    log.info('Herder starting')
    try {
      await this.stages.during(
        'initializing and reading to the end of internal topics',
        async () => {
          await statusStore.start()
          await configStore.start(this.#changes)
        }
      )
      this.stopping.signal.throwIfAborted()
    } catch (error) {
      this.markNotStarted(asError(error))
      throw error
    }
    this.#loop.begin()
    this.markStarted()
    this.#running = this.#run()
  }

  /** Stops the work, writes its statuses and leaves the group; bounded, never rejects. A second call waits for the first. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  ready(): boolean {
    return this.#ready
  }

  async healthCheck(): Promise<void> {
    await this.#inTick(() => undefined)
  }

  async putConnectorConfig(
    name: string,
    config: RestConfig,
    options: PutOptions
  ): Promise<PutOutcome> {
    await this.started()
    return this.#put(name, await this.validated(config), options)
  }

  patchConnectorConfig(name: string, patch: RestConfig): Promise<ConnectorInfo> {
    const current = () => this.#inLeadersTick(() => requireConnector(this.#actions.snapshot, name))
    return this.patching(name, patch, current, (valid, requireUnchanged) =>
      this.#put(name, valid, REPLACE, requireUnchanged)
    )
  }

  #put(
    name: string,
    valid: StoredConfig,
    options: PutOptions,
    check: () => void = () => undefined
  ): Promise<PutOutcome> {
    return this.#configMoves.outcome(name, valid, options, async () => {
      check()
      const created = await this.#actions.putConfig(name, valid, options)
      return { created, info: this.infoOf(name, valid, this.#actions.snapshot) }
    })
  }

  async deleteConnector(name: string, offsets: 'keep' | 'delete' = 'keep'): Promise<void> {
    if (offsets === 'delete') await this.#configMoves.remove(name)
    else await this.#inTick(() => this.#actions.remove(name))
  }

  async pauseConnector(name: string): Promise<void> {
    await this.#putTargetState(name, 'PAUSED')
  }

  async resumeConnector(name: string): Promise<void> {
    await this.#putTargetState(name, 'STARTED')
  }

  async stopConnector(name: string): Promise<void> {
    await this.#inTick(() => {
      this.#moves.requireIdle(name)
      return this.#actions.stop(name)
    })
  }

  async restartConnector(name: string): Promise<void> {
    const { started } = await this.#inSettledTick(() => this.#actions.restartConnector(name))
    await started.catch((cause: unknown) => {
      throw new ConnectError('INTERNAL', `Failed to start connector: ${name}`, { cause })
    })
  }

  restartConnectorAndTasks(
    name: string,
    flags: { onlyFailed: boolean; includeTasks: boolean }
  ): Promise<ConnectorStateInfo> {
    return this.#inSettledTick(() => {
      const type = this.typeOf(this.#actions.snapshot.connectorConfig(name))
      return this.#actions.restartConnectorAndTasks(name, flags, type)
    })
  }

  async restartTask(name: string, task: number): Promise<void> {
    const { started } = await this.#inSettledTick(() => this.#actions.restartTask(name, task))
    if (await started) return
    throw new ConnectError('INTERNAL', `Failed to start task: ${name}-${task}`)
  }

  modifyOffsets(name: string, offsets: ConnectorOffset[] | null): Promise<string> {
    return this.#alterOffsets(name, offsets)
  }

  async setClusterLoggerLevel(name: string, level: string): Promise<void> {
    requireLevel(level)
    this.options.loggers.requireRoom(name)
    await this.started()
    await this.#options.configStore.putLoggerLevel(name, level)
  }

  async putTaskConfigs(
    name: string,
    configs: () => readonly WrittenConfig[],
    body: Uint8Array,
    signature: RequestSignature | null
  ): Promise<void> {
    await this.started()
    this.#verify(body, signature)
    const read = configs()
    await this.#inTick(() => this.#actions.putTaskConfigs(name, read))
  }

  async fenceZombieSourceTasks(name: string, signature: RequestSignature | null): Promise<void> {
    await this.started()
    this.#verify(new Uint8Array(), signature)
    await this.#exactlyOnce.fence(name)
  }

  /** Runs an action in the tick, once the internal topics have been read. */
  async #inTick<T>(action: () => Promise<T> | T): Promise<T> {
    await this.started()
    return this.#queue.add(action)
  }

  /** As `#inTick`, for actions that need to know who owns what: they wait for a rebalance that is about to begin. */
  async #inSettledTick<T>(action: () => Promise<T> | T): Promise<T> {
    await this.started()
    return this.#queue.add(action, () => this.#changes.rebalanceExpected)
  }

  #inLeadersTick<T>(action: () => Promise<T> | T): Promise<T> {
    return this.#inTick(() => {
      this.#actions.requireLeader('Only the leader can set connector configs.')
      return action()
    })
  }

  /** On the leader, no rebalance being due, with an up-to-date picture of the config topic. */
  #exclusively<T>(action: () => Promise<T> | T): Promise<T> {
    return this.#inSettledTick(async () => {
      await this.#actions.requireSettledLeader()
      return action()
    })
  }

  async #putTargetState(name: string, state: 'PAUSED' | 'STARTED'): Promise<void> {
    await this.started()
    this.#actions.requireKnown(name)
    this.#moves.requireIdle(name)
    await this.#options.configStore.putTargetState(name, state)
  }

  #verify(body: Uint8Array, signature: RequestSignature | null): void {
    if (this.#membership.signed) this.#keys.verify(body, signature)
  }

  async #run(): Promise<void> {
    const { log, onFatal } = this.#options
    const { signal } = this.stopping
    try {
      while (!signal.aborted) {
        await this.#loop.tick(signal)
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
      this.#queue.close(asError(error))
      onFatal(asError(error))
    }
  }

  async #stop(): Promise<void> {
    const { taskShutdownGracefulTimeoutMs, log } = this.#options
    log.info('Herder stopping')
    const error = new ConnectError('WORKER_STOPPING', 'Worker is shutting down')
    this.stopping.abort(error)
    this.#wakeup.wake()
    this.markNotStarted(error)
    this.#queue.close(error)
    await shutDown(this.options, taskShutdownGracefulTimeoutMs + STOP_MARGIN_MS, () => this.#halt())
    // Whatever kept the herder from its end, nothing of its work stays.
    await this.work.stop(this.work.all)
  }

  async #halt(): Promise<void> {
    const { configStore, statusStore, log } = this.#options
    await this.#running
    this.stages.begin('shutting down')
    this.#writer.cancelAll()
    log.info('Stopping connectors and tasks that are still assigned to this worker.')
    await this.work.stop(this.work.all)
    await inOrder(log, [
      ['flush the statuses', () => this.#statuses.flush(FLUSH_TIMEOUT_MS)],
      ['leave the group', () => this.#membership.leave('the worker is shutting down')],
      ['close the group membership', () => this.#membership.close()],
      ['stop the config store', () => configStore.stop()],
      ['stop the status store', () => statusStore.stop()]
    ])
    this.stages.end()
  }
}
