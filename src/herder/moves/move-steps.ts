import type { Clock } from '../../clock.ts'
import { asError, ConnectError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ClusterConfig, StoredConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { StoredOffset } from '../../storage/offset-store.ts'
import type { FinishedMove, StartFromRecord } from '../../storage/start-from-record.ts'
import type { ConnectorOffsets } from '../../worker/contracts.ts'
import { requireConnector } from '../work/abstract-herder.ts'
import { RequestTargetError } from '../herder.ts'
import { finished, movedOffsets } from './move-record.ts'
import { Backoff } from '../../wait.ts'

/** What moving needs of a herder. */
export interface MoveOptions {
  readonly offsets: ConnectorOffsets
  readonly configStore: ConfigStore
  readonly clock: Clock
  readonly log: Logger
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
  /**
   * Runs one step while nothing else changes configurations: with an up-to-date picture, where the config topic may be written (I3).
   * Rejects with RequestTargetError on any other worker.
   */
  exclusively<T>(step: () => Promise<T> | T): Promise<T>
  /** Before offsets are written: tasks that did not end in time can write nothing behind them. */
  fence(connector: string, config: StoredConfig): Promise<void>
  /** Ends the connector and its tasks, and resolves when no worker runs one any more (I2); rejects when that takes too long. */
  halt(connector: string): Promise<void>
}

type RunningMove = NonNullable<StartFromRecord['running']>

/** What one worker knows of a move beside its record. */
export interface MoveContext {
  /** Another worker began it. */
  readonly takenUp: boolean
  /** The configuration of a connector that is being created: it is not in the config topic yet. */
  readonly config?: StoredConfig
  /** Tells the new offsets once no task changes the stored ones any more; absent: they are in the record. */
  readonly changes?: () => Promise<readonly StoredOffset[]>
  /** What is to be written once the offsets are, before the connector starts again; a worker that takes the move up goes without. */
  readonly writeConfig?: () => Promise<void>
}

const LEADER_CHANGED = 'Another worker leads now and goes on with what was asked for'
const BACKOFF = { firstMs: 250, lastMs: 30_000 }

/**
 * Carries moves out. A move is a redo record in the config topic: it is written before anything changes and says everything that is going
 * to be; each step may be repeated, so whoever leads after a crash goes on with it. The phases:
 *
 * - `requested` → the connector is stopped, its tasks end. A crash before that drops the move: the old positions stand.
 * - `writing` → the new offsets are stored, all of them, as often as it takes: tasks start again only afterwards, so none ever sees a part.
 * - `written` → the target state from before comes back; a connector that is to be deleted is.
 *
 * The move of a connector that is deleted meanwhile is dropped.
 */
export class MoveSteps {
  readonly #options: MoveOptions

  constructor(options: MoveOptions) {
    this.#options = options
  }

  /** Never rejects; answers why the move was not done here. Ends early on a worker that leads no longer: the next leader goes on. */
  async carryOut(name: string, context: MoveContext): Promise<Error | null> {
    const { clock, stopping, log } = this.#options
    let problem: Error | null = null
    const backoff = new Backoff(BACKOFF)
    while (!stopping.aborted) {
      try {
        const step =
          problem === null ? this.#nextStep(name, context) : this.#givingUp(name, problem)
        if (step === null) return problem instanceof NotWritten ? asError(problem.cause) : problem
        await step()
        backoff.reset()
      } catch (error) {
        if (error instanceof RequestTargetError) {
          log.info(`Another worker leads: it goes on with the move of connector ${name}`)
          return new ConnectError('REBALANCE_IN_PROGRESS', LEADER_CHANGED, { cause: error })
        }
        log.error(`Moving connector ${name} failed`, { error })
        if (this.#isFinal(name, error)) problem ??= asError(error)
        await clock.sleep(backoff.next(), stopping)
      }
    }
    return new ConnectError('WORKER_STOPPING', LEADER_CHANGED)
  }

  /** null: the move has ended. */
  #nextStep(name: string, context: MoveContext): (() => Promise<void>) | null {
    const running = this.#running(name)
    if (running === null) return null
    const exists = this.#snapshot.contains(name)
    if (!exists && running.kind !== 'create') return () => this.#forget(name)
    switch (running.phase) {
      case 'requested':
        return context.takenUp && !this.#isHalting(name)
          ? () => this.#giveUp(name, 'The worker that was asked ended before it began')
          : () => this.#halt(name, running, context)
      case 'writing':
        return () => this.#write(name, running, context)
      case 'written':
        return () => this.#close(name, running, context)
    }
  }

  #givingUp(name: string, problem: Error): (() => Promise<void>) | null {
    return this.#running(name) === null ? null : () => this.#giveUp(name, messageOf(problem))
  }

  /** Before offsets are written an error ends the move, and so does a configuration that cannot be written; in between it must go on. */
  #isFinal(name: string, error: unknown): boolean {
    if (error instanceof NotWritten) return true
    if (error instanceof ConnectError && error.code === 'REBALANCE_IN_PROGRESS') return false
    return this.#running(name)?.phase === 'requested'
  }

  /** Whether the first visible step was taken: then the move goes on, whoever leads. */
  #isHalting(name: string): boolean {
    return this.#snapshot.targetState(name) === 'STOPPED' || this.#snapshot.taskCount(name) === 0
  }

  async #halt(name: string, running: RunningMove, context: MoveContext): Promise<void> {
    const { halt, offsets: positions } = this.#options
    await halt(name)
    const config = requireConnector(this.#snapshot, name)
    const stored = await positions.offsets(name, config)
    const changes =
      running.kind === 'delete'
        ? stored.map(({ partition }) => ({ partition, offset: null }))
        : ((await context.changes?.()) ?? running.offsets)
    const offsets = movedOffsets(changes, stored)
    await this.#advance(name, { ...running, offsets, phase: 'writing' })
  }

  async #write(name: string, running: RunningMove, context: MoveContext): Promise<void> {
    const { halt, fence, offsets } = this.#options
    const snapshot = this.#snapshot
    const isStopped = snapshot.targetState(name) === 'STOPPED' && snapshot.taskCount(name) === 0
    // Somebody who knows nothing of moves may have started it: nobody may go on from a part of the new positions.
    if (snapshot.contains(name) && !isStopped) await halt(name)
    const config = context.config ?? this.#snapshot.connectorConfig(name) ?? new Map()
    const changes = running.offsets.map(({ partition, offset }) => ({ partition, offset }))
    if (changes.length > 0) {
      await fence(name, config)
      await offsets.writeOffsets(name, config, changes)
    }
    await this.#advance(name, { ...running, phase: 'written' })
  }

  async #close(name: string, running: RunningMove, context: MoveContext): Promise<void> {
    const { exclusively, configStore } = this.#options
    if (running.kind === 'delete') return exclusively(() => configStore.removeConnectorConfig(name))
    const { writeConfig } = context
    if (writeConfig !== undefined) await exclusively(() => written(writeConfig))
    if (!this.#snapshot.contains(name)) return this.#forget(name)
    await this.#finish(name, { state: 'DONE', problem: null })
  }

  async #giveUp(name: string, problem: string): Promise<void> {
    const { log } = this.#options
    log.warn(`Connector ${name} is not moved: ${problem}`)
    if (this.#snapshot.contains(name)) await this.#finish(name, { state: 'FAILED', problem })
    else await this.#forget(name)
  }

  /** The target state first: should the worker end in between, there is still a move to finish. */
  async #finish(name: string, outcome: Pick<FinishedMove, 'state' | 'problem'>): Promise<void> {
    const { configStore, exclusively, clock } = this.#options
    await exclusively(async () => {
      const record = this.#snapshot.startFrom(name)
      const running = record?.running ?? null
      if (record === null || running === null) return
      if (running.kind !== 'create') await this.#restore(name, running)
      const ended = new Date(clock.now()).toISOString()
      await configStore.putStartFrom(name, finished(record, { ended, ...outcome }))
    })
  }

  async #restore(name: string, { targetState }: RunningMove): Promise<void> {
    const { configStore } = this.#options
    const hasNoTasks = this.#snapshot.taskCount(name) === 0
    const now = this.#snapshot.targetState(name)
    // Only a change of the state makes the connector tell its tasks again.
    if (targetState === 'STARTED' && now === 'STARTED' && hasNoTasks) {
      await configStore.putTargetState(name, 'STOPPED')
    }
    if (targetState !== now || hasNoTasks) await configStore.putTargetState(name, targetState)
  }

  async #advance(name: string, running: RunningMove): Promise<void> {
    const { exclusively, configStore } = this.#options
    await exclusively(async () => {
      const record = this.#snapshot.startFrom(name)
      if (record?.running?.id !== running.id) return
      await configStore.putStartFrom(name, { running, history: record.history })
    })
  }

  async #forget(name: string): Promise<void> {
    const { exclusively, configStore } = this.#options
    await exclusively(() => configStore.putStartFrom(name, null))
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

async function written(writeConfig: () => Promise<void>): Promise<void> {
  try {
    await writeConfig()
  } catch (error) {
    throw error instanceof RequestTargetError ? error : new NotWritten(error)
  }
}
