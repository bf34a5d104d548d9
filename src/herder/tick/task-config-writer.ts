import type { Clock } from '../../clock.ts'
import { ConnectError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { StoredConfig, WrittenConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { LeaderRequests } from '../group/leader-requests.ts'
import type { Commands } from '../work/command-queue.ts'
import type { ClusterCommands } from './tick-commands.ts'
import type { LocalWork } from '../work/local-work.ts'
import type { Membership } from '../group/membership.ts'
import { taskConfigsChanged } from '../work/task-config-changes.ts'
import type { TickStage } from '../work/tick-stage.ts'
import { abortable, retrying } from '../../wait.ts'

interface TaskConfigWriterOptions {
  readonly work: LocalWork
  readonly configStore: ConfigStore
  readonly membership: Membership
  readonly commands: Commands<ClusterCommands>
  readonly leader: LeaderRequests
  readonly stage: TickStage
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Generation of one connector's task configurations. Calls of `taskConfigs` never overlap; a request
 * meanwhile means once more.
 */
interface Lane {
  again: boolean
  readonly stop: AbortController
}

const BACKOFF = { firstMs: 250, lastMs: 60_000 }
/** A refused signature is expected for so long after a change of the session key. */
const KEY_CHANGE_GRACE_MS = 60_000

/**
 * Asks connectors that run here for their task configurations and gets them into the config topic when they
 * changed: the leader writes them, others send them to the leader, signed. Retries until it succeeds, the
 * connector is stopped, or trying again is pointless.
 */
export class TaskConfigWriter {
  readonly #options: TaskConfigWriterOptions
  readonly #lanes = new Map<string, Lane>()

  constructor(options: TaskConfigWriterOptions) {
    this.#options = options
  }

  /** Returns at once; the work happens in the background. */
  request(connector: string): void {
    const running = this.#lanes.get(connector)
    if (running !== undefined) {
      running.again = true
      return
    }
    const lane: Lane = { again: false, stop: new AbortController() }
    this.#lanes.set(connector, lane)
    this.#run(connector, lane).catch((error: unknown) => {
      this.#options.log.error(`Task reconfiguration for ${connector} failed unexpectedly`, {
        error
      })
    })
  }

  cancel(connector: string): void {
    this.#lanes.get(connector)?.stop.abort()
    this.#lanes.delete(connector)
  }

  cancelAll(): void {
    for (const connector of this.#lanes.keys()) this.cancel(connector)
  }

  /** I3: in the tick of the leader only. */
  async write(connector: string, configs: readonly WrittenConfig[]): Promise<void> {
    const { configStore, stage } = this.#options
    if (configs.length > 0 && configStore.snapshot().targetState(connector) === 'STOPPED') {
      throw new ConnectError(
        'BAD_REQUEST',
        `Cannot submit non-empty set of task configs for stopped connector ${connector}`
      )
    }
    await stage.during(
      `writing ${configs.length} task configs for connector ${connector} to the config topic`,
      () => configStore.putTaskConfigs(connector, configs)
    )
  }

  /**
   * Task configurations that compaction may leave where no reader finds them are put behind the configuration
   * of their connector again: by the leader as they are, if it knows them, or else by whoever runs the
   * connector, which knows what they should be. Returns at once.
   */
  restore(connectors: Iterable<string>): void {
    const { configStore, membership, commands, work, log } = this.#options
    const snapshot = configStore.snapshot()
    for (const connector of connectors) {
      if (!snapshot.hasOutdatedTasks(connector)) continue
      if (work.hasConnector(connector)) this.request(connector)
      if (!membership.isLeader) continue
      commands.run({ kind: 'writeTaskConfigsAgain', connector }).catch((error: unknown) => {
        log.warn(`The task configurations of ${connector} could not be written again`, { error })
      })
    }
  }

  /** I3: in the tick of the leader. */
  async writeAgain(connector: string): Promise<void> {
    const { configStore, membership } = this.#options
    const snapshot = configStore.snapshot()
    const known = snapshot.taskConfigs(connector)
    if (!membership.isLeader || !snapshot.hasOutdatedTasks(connector) || known.length === 0) return
    if (snapshot.targetState(connector) !== 'STOPPED') await this.write(connector, known)
  }

  async #run(connector: string, lane: Lane): Promise<void> {
    try {
      do {
        lane.again = false
        await this.#attempts(connector, lane.stop.signal)
      } while (lane.again && !lane.stop.signal.aborted)
    } finally {
      if (this.#lanes.get(connector) === lane) this.#lanes.delete(connector)
    }
  }

  async #attempts(connector: string, signal: AbortSignal): Promise<void> {
    const { clock, work } = this.#options
    const began = clock.monotonicMs()
    let conditionReported = false
    const policy = {
      backoff: BACKOFF,
      isPassing: (error: unknown) => !isTooManyTasks(error) && !work.connectorFailed(connector),
      onRetry: (error: unknown, pauseMs: number, failures: number) => {
        this.#logFailure(connector, error, clock.monotonicMs() - began)
        // A connector that is RUNNING without tasks should say why; one short hiccup is not worth it.
        if (failures === 1) return
        conditionReported = true
        work.connectorCondition(
          connector,
          `Task configurations could not be generated or written: ${messageOf(error)} (tried again every ${pauseMs} ms)`
        )
      }
    }
    try {
      await retrying(clock, policy, () => this.#reconfigure(connector, signal), signal)
      if (conditionReported) work.connectorCondition(connector, null)
    } catch (error) {
      if (!signal.aborted) this.#giveUp(connector, error)
    }
  }

  #giveUp(connector: string, error: unknown): void {
    const { work, log } = this.#options
    if (isTooManyTasks(error)) {
      log.error(`Connector ${connector} generated too many tasks; it will not be asked again`, {
        error
      })
      work.failConnector(connector, error)
    } else {
      log.error(`Connector ${connector} failed; its tasks stay as they are`, { error })
    }
  }

  #logFailure(connector: string, error: unknown, sinceMs: number): void {
    const { log } = this.#options
    const keyChange =
      error instanceof ConnectError && error.status === 403 && sinceMs < KEY_CHANGE_GRACE_MS
    const text = `Failed to reconfigure connector's tasks (${connector})`
    if (keyChange) {
      log.debug(`${text}, possibly due to expired session key. Retrying after backoff`, { error })
    } else {
      log.error(`${text}, retrying after backoff.`, { error })
    }
  }

  async #reconfigure(connector: string, signal: AbortSignal): Promise<void> {
    const { configStore, work, log, commands, leader } = this.#options
    if (!work.hasConnector(connector) || !work.connectorMade(connector)) {
      log.info(`Skipping reconfiguration of connector ${connector} since it is not running`)
      return
    }
    const target = configStore.snapshot().targetState(connector)
    if (target !== 'STARTED') {
      log.info(
        `Skipping reconfiguration of connector ${connector} since its target state is ${target}`
      )
      return
    }
    const configs = await abortable(work.taskConfigs(connector), signal, connectorStopped)
    const forLeader = await commands.run({ kind: 'publishTaskConfigs', connector, configs })
    if (forLeader) await leader.putTaskConfigs(connector, configs, signal)
  }

  /** In the tick. Answers whether they still have to be handed to the leader. */
  async publish(connector: string, configs: readonly StoredConfig[]): Promise<boolean> {
    const { configStore, membership, work, log } = this.#options
    const snapshot = configStore.snapshot()
    if (!work.hasConnector(connector) || !snapshot.contains(connector)) return false
    if (!taskConfigsChanged(snapshot, connector, configs)) {
      log.debug(
        `Skipping reconfiguration of connector ${connector} as generated configs appear unchanged`
      )
      return false
    }
    if (!membership.isLeader) return true
    await this.write(connector, configs)
    return false
  }
}

function connectorStopped(): ConnectError {
  return new ConnectError('WORKER_STOPPING', 'The connector was stopped')
}

function isTooManyTasks(error: unknown): boolean {
  return error instanceof ConnectError && error.facts['tooManyTasks'] === true
}
