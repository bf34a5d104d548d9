import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ClusterConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { StatusStore } from '../../storage/status-store.ts'
import { taskKey } from '../../storage/task-id.ts'
import type { AppliedConfig, Changes, ConfigChanges } from './config-changes.ts'
import { forgetDeletedWork } from '../work/deleted-work.ts'
import type { CommandQueue, Executor } from '../work/command-queue.ts'
import type { TickCommands } from './tick-commands.ts'
import type { Moves } from '../moves/moves.ts'
import type { LocalWork } from '../work/local-work.ts'
import { failed, type JoinedRound, joinWasCutShort, type Membership } from '../group/membership.ts'
import { MismatchedRounds } from './mismatched-rounds.ts'
import { executeRestarts } from '../work/restart-work.ts'
import type { SessionKeys } from '../group/session-key.ts'
import { rotateSessionKey } from './session-key-rotation.ts'
import type { StatusReporter } from '../work/status-reporter.ts'
import type { TaskConfigWriter } from './task-config-writer.ts'
import type { TickStage } from '../work/tick-stage.ts'
import type { Wakeup } from './wakeup.ts'
import {
  intersection,
  isEmpty,
  sizeOf,
  taskIdsOf,
  type WorkSet,
  without,
  workSet
} from '../work/work-set.ts'

interface TickLoopOptions {
  readonly membership: Membership
  readonly work: LocalWork
  readonly statuses: StatusReporter
  readonly statusStore: StatusStore
  readonly configStore: ConfigStore
  readonly changes: ConfigChanges
  readonly applied: AppliedConfig
  readonly queue: CommandQueue<TickCommands>
  readonly executor: Executor<TickCommands>
  readonly keys: SessionKeys
  readonly writer: TaskConfigWriter
  readonly moves: Moves
  readonly stage: TickStage
  readonly wakeup: Wakeup
  readonly clock: Clock
  readonly log: Logger
  /** `config.storage.topic` */
  readonly configTopic: string
  readonly workerSyncTimeoutMs: number
  readonly workerUnsyncBackoffMs: number
  readonly scheduledRebalanceMaxDelayMs: number
}

/** How often a member that cannot read the config topic backs off before it gives up its work. */
const CATCH_UP_RETRIES = 5
/** Statuses of stopped work are written before the group is joined again, but not at any price. */
const FLUSH_TIMEOUT_MS = 10_000
/** For how long after a round, and how often, the leader looks for statuses of what no longer exists. */
const CLEAN_UP_MS = 30_000
const CLEAN_UP_PAUSE_MS = 2000
const CLAIM_BACKOFF_MS = 250
/** The tick looks around at least this often. */
const LONGEST_SLEEP_MS = 60_000

/**
 * The one loop that owns what this worker runs. A tick: catch up with the config topic if that failed before
 * → be a member of the group → act on a finished round → the right to lead → session key → requests of REST →
 * restarts → changes of the config topic → sleep until woken. Nothing in it waits for plugin code to start;
 * stopping is waited for, because work may not be given away before (I2).
 */
export class TickLoop {
  readonly #options: TickLoopOptions
  readonly #mismatched: MismatchedRounds
  #canReadConfigs = true
  /** Whether the work of the last round has been started. */
  #rebalanceResolved = true
  #scheduledRebalance: number | null = null
  #cleanUpUntil = 0
  #retriesLeft = CATCH_UP_RETRIES

  constructor(options: TickLoopOptions) {
    this.#options = options
    this.#mismatched = new MismatchedRounds(options)
  }

  /** After the stores were read, before the first tick. */
  begin(): void {
    this.#config = this.#options.configStore.snapshot()
    if (this.#config.sessionKey !== null) this.#options.keys.use(this.#config.sessionKey)
  }

  get #config(): ClusterConfig {
    return this.#options.applied.config
  }

  set #config(config: ClusterConfig) {
    this.#options.applied.config = config
  }

  async tick(signal: AbortSignal): Promise<void> {
    const { membership, queue, executor, stage } = this.#options
    if (!this.#canReadConfigs && !(await this.#readConfigToEnd(signal))) return
    if (this.#scheduledRebalance !== null && this.#now() >= this.#scheduledRebalance) {
      this.#scheduledRebalance = null
      membership.requestRejoin()
    }
    if (membership.lost || membership.rejoinNeeded) {
      if (!(await this.#join(signal))) return
    }
    if (!(await this.#actOnRound(signal))) return
    if (!(await this.#holdLeadership(signal))) return
    if (!(await rotateSessionKey(this.#options))) {
      // The config topic is read before the next attempt.
      this.#canReadConfigs = false
      return
    }
    if (membership.isLeader) this.#options.moves.resume()
    await queue.runAll(executor, () => this.#mayGoOn)
    if (!this.#mayGoOn) return
    await executeRestarts(this.#options)
    this.#forgetDeletedWork()
    if (await this.#processChanges()) return
    const sleepMs = this.#sleepMs()
    const limit = sleepMs < LONGEST_SLEEP_MS ? `for up to ${Math.ceil(sleepMs)}ms or ` : ''
    await stage.during(`polling the group coordinator ${limit}until interrupted`, () =>
      this.#options.wakeup.wait(sleepMs)
    )
  }

  /** Stops everything that runs here; nothing of it is reported afterwards (I2). */
  async giveUpWork(work: WorkSet): Promise<void> {
    if (isEmpty(work)) return
    const { statuses, stage, log } = this.#options
    log.info(`Stopping ${sizeOf(work)} connector(s) and task(s)`)
    await this.#options.work.stop(work)
    const gone = new Set([...work.connectors, ...taskIdsOf(work.tasks).map((id) => id.connector)])
    for (const connector of gone) {
      if (!this.#options.configStore.snapshot().contains(connector))
        statuses.forgetTopics(connector)
    }
    await stage.during('flushing updates to the status topic', () =>
      statuses.flush(FLUSH_TIMEOUT_MS)
    )
  }

  /** Answers false when the tick has to begin again. */
  async #join(signal: AbortSignal): Promise<boolean> {
    const { membership, work, stage, log } = this.#options
    // Version 0 shares out everything anew: all stops before. A member that was thrown out may not go on
    // either (I2).
    if (membership.lost || membership.version === 0) await this.giveUpWork(work.all)
    if (membership.lost) membership.forget()
    let round: JoinedRound
    try {
      round = await stage.during('ensuring membership in the cluster', () =>
        membership.join(signal)
      )
    } catch (error) {
      if (!joinWasCutShort(membership, signal)) throw error
      log.debug('Joining the group was cut short', { error })
      return false
    }
    this.#rebalanceResolved = false
    await this.giveUpWork(intersection(work.all, round.received.revoked))
    const assignment = membership.accept(round)
    this.#scheduledRebalance = assignment.delayMs > 0 ? this.#now() + assignment.delayMs : null
    log.info(
      `Joined group at generation ${round.generation} with protocol version ${round.version}; ${sizeOf(assignment.assigned)} connector(s) and task(s) assigned, rebalance delay ${assignment.delayMs} ms`
    )
    return true
  }

  /** Starts the work of a finished round. Answers false when another round is needed first. */
  async #actOnRound(signal: AbortSignal): Promise<boolean> {
    if (this.#rebalanceResolved) return true
    const { membership, configStore, log } = this.#options
    const { assignment } = membership
    if (assignment === null) return false
    // The store may have read on since this picture was taken; then nothing has to be waited for.
    if (this.#config.offset < assignment.offset) this.#config = configStore.snapshot()
    const behind = this.#config.offset < assignment.offset
    if (failed(assignment) || behind) {
      if (failed(assignment)) {
        log.warn('Join group completed, but assignment failed; joining again')
        await this.#mismatched.joinAgain(assignment)
      } else {
        log.info("Catching up to assignment's config offset.")
      }
      if ((behind || membership.isLeader) && !(await this.#readConfigToEnd(signal))) {
        membership.requestRejoin()
      }
    }
    if (membership.rejoinNeeded) return false
    if (this.#config.offset !== assignment.offset) {
      log.info(
        `Current config state offset ${this.#config.offset} does not match group assignment ${assignment.offset}. Forcing rebalance.`
      )
      await this.#mismatched.joinAgain(assignment)
      return false
    }
    this.#mismatched.end()
    this.#cleanUpUntil = this.#now() + CLEAN_UP_MS
    await this.#startWork(assignment.assigned)
    this.#rebalanceResolved = true
    this.#options.writer.restore(this.#config.connectors())
    if (isEmpty(assignment.revoked)) return true
    // What was taken from members can be given away in the next round.
    membership.clearRevocations()
    membership.requestRejoin()
    return false
  }

  async #startWork(assigned: WorkSet): Promise<void> {
    const { work, stage, log } = this.#options
    await this.giveUpWork(without(work.all, assigned))
    const missing = without(assigned, work.all)
    const connectors = [...missing.connectors].filter((name) => this.#config.contains(name))
    // A task without a configuration (compaction took it) is not left out: its status says so, until the
    // configuration is written again.
    const tasks = taskIdsOf(missing.tasks)
    log.info(`Starting connectors and tasks using config offset ${this.#config.offset}`)
    stage.begin(
      `starting ${connectors.length + tasks.length} connector(s) and task(s) after a rebalance`
    )
    for (const name of connectors) this.#startConnector(name)
    for (const id of tasks)
      this.#inBackground(`task ${taskKey(id)}`, work.startTask(id, this.#config))
    stage.end()
  }

  #startConnector(name: string): void {
    this.#inBackground(`connector ${name}`, this.#options.work.startConnector(name, this.#config))
  }

  #inBackground(what: string, start: Promise<unknown>): void {
    start.catch((error: unknown) => {
      if (error instanceof ConnectError && error.code === 'WORKER_STOPPING') return
      this.#options.log.error(`Failed to start ${what}`, { error })
    })
  }

  /** Answers whether another round of the group is due. */
  async #processChanges(): Promise<boolean> {
    const changes = this.#options.changes.take()
    if (changes === null) return this.#options.membership.rejoinNeeded
    const { membership, configStore } = this.#options
    this.#config = configStore.snapshot()
    if (changes.rebalance) membership.requestRejoin()
    // In version 0 everything stops and starts again with the next round.
    if (!(changes.rebalance && membership.version === 0)) await this.#applyChanges(changes)
    return membership.rejoinNeeded
  }

  async #applyChanges(changes: Changes): Promise<void> {
    const { work, writer, log } = this.#options
    const config = this.#config
    const deleted = [...changes.removed].filter((name) => !config.contains(name))
    const replaced = [...changes.updated, ...changes.removed].filter(
      (name) => config.contains(name) && work.hasConnector(name)
    )
    // Tasks come back with the next round, if they are still ours, with their new configuration.
    const withTasksToStop = new Set([...changes.removed, ...changes.taskConfigs])
    const tasks = [...withTasksToStop].flatMap((name) => work.tasksOf(name).map(taskKey))
    if (tasks.length > 0) log.info(`Stopping ${tasks.length} reconfigured tasks`)
    const stopped = deleted.filter((name) => work.hasConnector(name))
    await Promise.all([
      work.stopToRestart(workSet(replaced, [])),
      this.giveUpWork(workSet(stopped, tasks))
    ])
    for (const name of new Set(replaced)) this.#startConnector(name)
    for (const name of changes.targetStates) this.#applyTargetState(name)
    for (const name of config.inconsistentConnectors()) {
      if (changes.taskConfigs.has(name) && work.hasConnector(name)) writer.request(name)
    }
  }

  #applyTargetState(name: string): void {
    const { work, writer, configStore, log } = this.#options
    const apply = async () => {
      const here = await work.applyTargetState(name, () => configStore.snapshot())
      if (here && configStore.snapshot().targetState(name) === 'STARTED') writer.request(name)
    }
    apply().catch((error: unknown) => {
      log.error(`Failed to transition connector ${name} to its target state`, { error })
    })
  }

  /**
   * A member that waits for this worker's join, or leads in its place, comes before the requests; and a
   * request that cost this worker the right to write does not take the requests behind it along.
   */
  get #mayGoOn(): boolean {
    const { membership } = this.#options
    return this.#writes && !membership.lost && !membership.rejoinNeeded
  }

  get #writes(): boolean {
    const { membership, configStore } = this.#options
    return !membership.isLeader || configStore.mayLead
  }

  /** I3: answers false when this worker leads but may not write yet; tried again after a pause. */
  async #holdLeadership(signal: AbortSignal): Promise<boolean> {
    const { membership, configStore, clock, stage, log } = this.#options
    if (!membership.isLeader) await configStore.giveUpLeadership()
    if (this.#writes) return true
    try {
      await stage.during('reclaiming write privileges for the config topic', () =>
        configStore.claimLeadership()
      )
      return true
    } catch (error) {
      log.warn('This worker leads, but cannot claim to write the config topic yet', { error })
      await clock.sleep(CLAIM_BACKOFF_MS, signal)
      return false
    }
  }

  /**
   * Only the leader may, once the round is over. It looks again for a while: those who stopped the work may
   * say so later than the round ended.
   */
  #forgetDeletedWork(): void {
    const { membership } = this.#options
    if (!membership.isLeader || membership.rejoinNeeded || !this.#cleaningUp()) return
    forgetDeletedWork(this.#options, this.#config)
  }

  async #readConfigToEnd(signal: AbortSignal): Promise<boolean> {
    const { configStore, membership, workerSyncTimeoutMs, stage, log } = this.#options
    try {
      await stage.during('reading to the end of the config topic', () =>
        configStore.refresh(workerSyncTimeoutMs)
      )
    } catch (error) {
      log.warn("Didn't reach end of config log quickly enough", { error })
      this.#canReadConfigs = false
      // Quick for the others: a member that cannot follow is better outside.
      await membership.leave('taking too long to read the log')
      await this.#backOff(signal)
      return false
    }
    this.#config = configStore.snapshot()
    this.#canReadConfigs = true
    this.#retriesLeft = CATCH_UP_RETRIES
    return true
  }

  async #backOff(signal: AbortSignal): Promise<void> {
    const { membership, work, clock, stage, log } = this.#options
    const { workerUnsyncBackoffMs, scheduledRebalanceMaxDelayMs } = this.#options
    const eager = membership.version === 0
    if (!eager && this.#retriesLeft === 0) {
      log.info(
        `Revoking current running assignment because after ${CATCH_UP_RETRIES} retries the worker has not caught up with the latest Connect cluster updates`
      )
      await this.giveUpWork(work.all)
      membership.forget()
      this.#retriesLeft = CATCH_UP_RETRIES
      return
    }
    const ms = eager
      ? workerUnsyncBackoffMs
      : Math.floor(scheduledRebalanceMaxDelayMs / 10 / this.#retriesLeft)
    if (!eager) this.#retriesLeft -= 1
    await stage.during(`sleeping for a backoff duration of ${ms}ms`, () => clock.sleep(ms, signal))
  }

  #cleaningUp(): boolean {
    return this.#now() < this.#cleanUpUntil
  }

  /**
   * Until the next thing that is due by time: a delayed rebalance, or, on the leader, another session key or
   * a clean-up.
   */
  #sleepMs(): number {
    const { membership, keys, clock } = this.#options
    const keyExpiry = membership.isLeader && membership.signed ? keys.expiresAt() : null
    const waits = [
      this.#scheduledRebalance === null ? LONGEST_SLEEP_MS : this.#scheduledRebalance - this.#now(),
      keyExpiry === null ? LONGEST_SLEEP_MS : keyExpiry - clock.now(),
      membership.isLeader && this.#cleaningUp() ? CLEAN_UP_PAUSE_MS : LONGEST_SLEEP_MS,
      LONGEST_SLEEP_MS
    ]
    return Math.max(0, Math.min(...waits))
  }

  #now(): number {
    return this.#options.clock.monotonicMs()
  }
}
