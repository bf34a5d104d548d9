import type { Clock } from '../../clock.ts'
import { asError, ConnectError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ClusterConfig, StoredConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { StoredOffset } from '../../storage/offset-store.ts'
import type { StartFromRecord } from '../../storage/start-from-record.ts'
import { Backoff } from '../../wait.ts'
import type { ConnectorOffsets } from '../../worker/contracts.ts'
import { type PutOutcome, RequestTargetError } from '../herder.ts'
import type { Commands } from '../work/command-queue.ts'
import type { PutConfig, SharedCommands } from '../work/commands.ts'
import { requireConnector } from '../work/require-connector.ts'
import { SomebodyInTheWay, untilNobodyIsInTheWay } from './in-the-way.ts'
import { movedOffsets } from './move-record.ts'

/** Who else may write the offsets of a connector: its tasks, wherever they run. */
export interface OffsetWriters {
  /**
   * Ends the connector and its tasks, and those of a deleted one of that name; resolves when no worker runs
   * one any more (I2), rejects when that takes too long.
   */
  halt(connector: string): Promise<void>
  /** Tasks that did not end in time can write nothing from here on. */
  fence(connector: string, config: StoredConfig): Promise<void>
}

export interface MoveOptions {
  readonly offsets: ConnectorOffsets
  readonly writers: OffsetWriters
  readonly configStore: ConfigStore
  readonly commands: Commands<SharedCommands>
  readonly clock: Clock
  readonly log: Logger
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
}

type RunningMove = NonNullable<StartFromRecord['running']>

/** What one worker knows of a move beside its record. */
export interface MoveContext {
  /** Another worker began it. */
  readonly takenUp: boolean
  /**
   * Written once the offsets are, before the connector starts again; a worker that takes the move up goes
   * without.
   */
  readonly put?: PutConfig
  /**
   * The stored offsets are prepared for the first start that `put` gives the connector; absent: the record
   * has the new ones.
   */
  readonly firstStart?: { readonly before: StoredConfig }
}

/** How a move ended here: `outcome` of `put`, where there was one. */
export type MoveResult =
  | { readonly problem: Error }
  | { readonly problem: null; readonly outcome: PutOutcome | null }

/** One move on its way: what went wrong first, and what `put` has answered. */
interface Course {
  readonly name: string
  readonly context: MoveContext
  problem: Error | null
  outcome: PutOutcome | null
}

const LEADER_CHANGED = 'Another worker leads now and goes on with what was asked for'
const BACKOFF = { firstMs: 250, lastMs: 30_000 }

/**
 * Carries moves out. A move is a redo record in the config topic: it is written before anything changes and
 * says everything that is going to be; each step may be repeated, so whoever leads after a crash goes on with
 * it. The phases:
 *
 * - `requested` → the connector is stopped, its tasks end. A crash before that drops the move: the old
 *   positions stand.
 * - `writing` → the new offsets are stored, all of them, as often as it takes: tasks start again only
 *   afterwards, so none ever sees a part.
 * - `written` → the target state from before comes back; a connector that is to be deleted is.
 *
 * The move of a connector that is deleted meanwhile is dropped.
 */
export class MoveSteps {
  readonly #options: MoveOptions

  constructor(options: MoveOptions) {
    this.#options = options
  }

  /**
   * Never rejects; answers why the move was not done here. Ends early on a worker that leads no longer: the
   * next leader goes on.
   */
  async carryOut(name: string, context: MoveContext): Promise<MoveResult> {
    const { clock, stopping, log } = this.#options
    const course: Course = { name, context, problem: null, outcome: null }
    const backoff = new Backoff(BACKOFF)
    while (!stopping.aborted) {
      try {
        const running = this.#running(name)
        if (running === null) return resultOf(course)
        await this.#step(course, running)
        backoff.reset()
      } catch (error) {
        if (error instanceof RequestTargetError) {
          log.info(`Another worker leads: it goes on with the move of connector ${name}`)
          const options = { cause: error }
          return { problem: new ConnectError('REBALANCE_IN_PROGRESS', LEADER_CHANGED, options) }
        }
        log.error(`Moving connector ${name} failed`, { error })
        if (this.#isFinal(name, error)) course.problem ??= asError(error)
        await clock.sleep(backoff.next(), stopping)
      }
    }
    return { problem: new ConnectError('WORKER_STOPPING', LEADER_CHANGED) }
  }

  async #step(course: Course, running: RunningMove): Promise<void> {
    const { name, context, problem } = course
    if (problem !== null) return this.#giveUp(name, messageOf(problem))
    const exists = this.#snapshot.contains(name)
    if (!exists && running.kind !== 'create') return this.#forget(name)
    switch (running.phase) {
      case 'requested':
        return context.takenUp && !this.#isHalting(name)
          ? this.#giveUp(name, 'The worker that was asked ended before it began')
          : this.#halt(name, running, context)
      case 'writing':
        return this.#write(name, running)
      case 'written':
        return this.#close(course, running)
    }
  }

  /**
   * Before offsets are written an error ends the move, and so does a configuration that cannot be written, or
   * somebody who keeps them from being written; in between it must go on.
   */
  #isFinal(name: string, error: unknown): boolean {
    if (error instanceof NotWritten || error instanceof SomebodyInTheWay) return true
    if (error instanceof ConnectError && error.code === 'REBALANCE_IN_PROGRESS') return false
    return this.#running(name)?.phase === 'requested'
  }

  /** Whether the first visible step was taken: then the move goes on, whoever leads. */
  #isHalting(name: string): boolean {
    return this.#snapshot.targetState(name) === 'STOPPED' || this.#snapshot.taskCount(name) === 0
  }

  async #halt(name: string, running: RunningMove, context: MoveContext): Promise<void> {
    const { writers, offsets: positions } = this.#options
    await writers.halt(name)
    const config = requireConnector(this.#snapshot, name)
    await untilNobodyIsInTheWay(this.#options, name, config)
    const stored = await positions.offsets(name, config)
    const changes = await this.#changes(name, running, context, stored)
    const offsets = movedOffsets(changes, stored)
    await this.#advance(name, { ...running, offsets, phase: 'writing' })
  }

  async #changes(
    name: string,
    running: RunningMove,
    { put, firstStart }: MoveContext,
    stored: readonly StoredOffset[]
  ): Promise<readonly StoredOffset[]> {
    if (running.kind === 'delete')
      return stored.map(({ partition }) => ({ partition, offset: null }))
    if (put === undefined || firstStart === undefined) return running.offsets
    return this.#options.offsets.prepareStart(name, firstStart.before, put.config)
  }

  async #write(name: string, running: RunningMove): Promise<void> {
    const { writers, offsets } = this.#options
    const snapshot = this.#snapshot
    const isStopped = snapshot.targetState(name) === 'STOPPED' && snapshot.taskCount(name) === 0
    // Somebody who knows nothing of moves may have started it: nobody may go on from a part of the new
    // positions.
    if (snapshot.contains(name) && !isStopped) await writers.halt(name)
    const created = running.config === undefined ? null : new Map(Object.entries(running.config))
    const config = this.#snapshot.connectorConfig(name) ?? created
    const changes = running.offsets.map(({ partition, offset }) => ({ partition, offset }))
    if (changes.length > 0) {
      if (config !== null) await untilNobodyIsInTheWay(this.#options, name, config)
      await writers.fence(name, config ?? new Map())
      await offsets.writeOffsets(name, config ?? new Map(), changes)
    }
    await this.#advance(name, { ...running, phase: 'written' })
  }

  async #close(course: Course, running: RunningMove): Promise<void> {
    const { commands } = this.#options
    const { name, context } = course
    if (running.kind === 'delete') return commands.run({ kind: 'deleteConnectorOfMove', name })
    if (context.put !== undefined) course.outcome ??= await this.#put(context.put)
    if (!this.#snapshot.contains(name)) return this.#forget(name)
    await commands.run({ kind: 'finishMove', name, state: 'DONE', problem: null })
  }

  async #put(put: PutConfig): Promise<PutOutcome> {
    try {
      return await this.#options.commands.run({ kind: 'putConfigOfMove', ...put })
    } catch (error) {
      throw error instanceof RequestTargetError ? error : new NotWritten(error)
    }
  }

  async #giveUp(name: string, problem: string): Promise<void> {
    const { log, commands } = this.#options
    log.warn(`Connector ${name} is not moved: ${problem}`)
    if (!this.#snapshot.contains(name)) return this.#forget(name)
    await commands.run({ kind: 'finishMove', name, state: 'FAILED', problem })
  }

  #advance(name: string, running: RunningMove): Promise<void> {
    return this.#options.commands.run({ kind: 'advanceMove', name, running })
  }

  #forget(name: string): Promise<void> {
    return this.#options.commands.run({ kind: 'forgetMove', name })
  }

  #running(name: string): RunningMove | null {
    return this.#snapshot.startFrom(name)?.running ?? null
  }

  get #snapshot(): ClusterConfig {
    return this.#options.configStore.snapshot()
  }
}

/** A configuration could not be written: the offsets are, and the one who asked is told. */
class NotWritten extends ConnectError {
  constructor(cause: unknown) {
    super('INTERNAL', messageOf(cause), { cause })
  }
}

function resultOf({ problem, outcome }: Course): MoveResult {
  if (problem === null) return { problem, outcome }
  return { problem: problem instanceof NotWritten ? asError(problem.cause) : problem }
}
