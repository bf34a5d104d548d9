import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { ConnectError, messageOf, NotFoundError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { StartPreview, StartWanted } from '../plugin/start-from.ts'
import type { ClusterConfig, StoredConfig } from '../storage/cluster-config.ts'
import type { ConfigStore } from '../storage/config-store.ts'
import type { StoredOffset } from '../storage/offset-store.ts'
import type { FinishedMove, Move, StartFromRecord } from '../storage/start-from-record.ts'
import type { Worker } from '../worker/contracts.ts'
import { requireConnector } from './abstract-herder.ts'
import { RequestTargetError } from './herder.ts'
import { finished, lastDone, MAX_MOVE_BYTES, movedOffsets, sizeOfMove } from './move-record.ts'
import type { MoveAuthor, MoveInfo, StartFrom, StartFromWanted } from './start-from.ts'

/** What moving needs of a herder. */
export interface StartFromOptions {
  readonly worker: Worker
  readonly configStore: ConfigStore
  readonly clock: Clock
  readonly log: Logger
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
  /** Once the stores have been read. */
  started(): Promise<void>
  /**
   * Runs one step while nothing else changes configurations: with an up-to-date picture, where the config topic may be written (I3).
   * Rejects with RequestTargetError on any other worker.
   */
  exclusively<T>(step: () => Promise<T> | T): Promise<T>
  /** Ends the connector and its tasks, and resolves when no worker runs one any more (I2); rejects when that takes too long. */
  halt(connector: string): Promise<void>
}

type RunningMove = NonNullable<StartFromRecord['running']>

/** How long a request waits for its move; below the 90 s of a REST request. */
const ANSWER_LIMIT_MS = 60_000
const FIRST_BACKOFF_MS = 250
const LAST_BACKOFF_MS = 30_000

/**
 * Moves connectors. A move is a redo record in the config topic: it is written before anything changes and says everything that is going
 * to be; each step may be repeated, so whoever leads after a crash goes on with it. The phases:
 *
 * - `requested` → the connector is stopped, its tasks end. A crash before that drops the move: the old positions stand.
 * - `writing` → the new offsets are stored, all of them, as often as it takes: tasks start again only afterwards, so none ever sees a part.
 * - `written` → the target state from before comes back.
 *
 * The move of a connector that is deleted meanwhile is dropped.
 */
export class StartFromOperations implements StartFrom {
  readonly #options: StartFromOptions
  /** Connectors whose move this worker is planning or carrying out. */
  readonly #active = new Set<string>()

  constructor(options: StartFromOptions) {
    this.#options = options
  }

  async history(name: string): Promise<readonly MoveInfo[]> {
    await this.#options.started()
    const snapshot = this.#options.configStore.snapshot()
    requireConnector(snapshot, name)
    const record = snapshot.startFrom(name)
    const ended = (record?.history ?? []).map((move) => moveInfo(move, move))
    const running = record?.running ?? null
    return [...ended, ...(running === null ? [] : [moveInfo(running, null)])].toReversed()
  }

  async preview(name: string, wanted: StartFromWanted): Promise<readonly StartPreview[]> {
    const { started, configStore, worker } = this.#options
    await started()
    const config = requireConnector(configStore.snapshot(), name)
    return worker.previewStart(name, config, await this.#plan(name, config, wanted))
  }

  async move(name: string, wanted: StartFromWanted, by: MoveAuthor): Promise<MoveInfo> {
    const { started, worker } = this.#options
    await started()
    const config = await this.#options.exclusively(() => {
      const found = requireConnector(this.#snapshot, name)
      this.requireIdle(name)
      this.#active.add(name)
      return found
    })
    let id: string
    try {
      const changes = await this.#plan(name, config, wanted)
      const request = wanted === 'undo' ? { undo: this.#lastMove(name).id } : wanted.start
      const offsets = movedOffsets(changes, await worker.offsets(name, config))
      id = await this.#begin(name, config, { by, request, offsets })
    } catch (error) {
      this.#active.delete(name)
      throw error
    }
    return this.#answer(name, id, this.#carryOut(name, false))
  }

  /** Throws the 409 for changes that would get in the way of a move. */
  requireIdle(name: string): void {
    const running = this.#options.configStore.snapshot().startFrom(name)?.running ?? null
    if (running === null && !this.#active.has(name)) return
    throw new ConnectError(
      'OPERATION_UNDER_WAY',
      `The start of connector ${name} is being moved; see GET /connectors/${name}/start-from`
    )
  }

  /** Takes up what was begun by a worker that is gone. Called on the leader, again and again; returns at once. */
  resume(): void {
    const { configStore, log } = this.#options
    for (const name of configStore.snapshot().beingMoved()) {
      if (this.#active.has(name)) continue
      this.#active.add(name)
      log.info(`Taking up the move of connector ${name}`)
      void this.#carryOut(name, true)
    }
  }

  get #snapshot(): ClusterConfig {
    return this.#options.configStore.snapshot()
  }

  #plan(name: string, config: StoredConfig, wanted: StartFromWanted): Promise<StoredOffset[]> {
    return this.#options.worker.planStart(name, config, this.#startOf(name, wanted))
  }

  #startOf(name: string, wanted: StartFromWanted): StartWanted {
    if (wanted !== 'undo') return { given: wanted.start }
    const { offsets } = this.#lastMove(name)
    return { restored: offsets.map(({ partition, old }) => ({ partition, offset: old })) }
  }

  #lastMove(name: string): FinishedMove {
    const last = lastDone(this.#snapshot.startFrom(name))
    if (last !== null) return last
    throw new ConnectError('BAD_REQUEST', `Connector ${name} was never moved: nothing to undo`)
  }

  async #begin(
    name: string,
    config: StoredConfig,
    wanted: Pick<Move, 'by' | 'request' | 'offsets'>
  ): Promise<string> {
    const id = randomUUID()
    await this.#options.exclusively(async () => {
      const snapshot = this.#snapshot
      if (requireConnector(snapshot, name) !== config) {
        throw new ConnectError(
          'OPERATION_UNDER_WAY',
          `The configuration of connector ${name} changed while its new start was looked up; try again`
        )
      }
      const targetState = snapshot.targetState(name) ?? 'STARTED'
      const move = { id, at: this.#now(), targetState, ...wanted }
      const bytes = sizeOfMove(move)
      if (bytes > MAX_MOVE_BYTES) {
        throw new ConnectError(
          'BAD_REQUEST',
          `Positions of ${move.offsets.length} tables are ${bytes} bytes, more than the ${MAX_MOVE_BYTES} of one move: name fewer tables at a time`
        )
      }
      const history = snapshot.startFrom(name)?.history ?? []
      await this.#put(name, { running: { ...move, phase: 'requested' }, history })
    })
    return id
  }

  async #answer(name: string, id: string, moving: Promise<void>): Promise<MoveInfo> {
    const patience = new AbortController()
    await Promise.race([moving, this.#options.clock.sleep(ANSWER_LIMIT_MS, patience.signal)])
    patience.abort()
    const found = (await this.history(name)).find((move) => move.id === id)
    if (found !== undefined) return found
    throw new NotFoundError(`Connector ${name} was deleted while it was being moved`)
  }

  /** Never rejects. Ends early on a worker that leads no longer: the next leader goes on. */
  async #carryOut(name: string, takenUp: boolean): Promise<void> {
    const { clock, stopping, log } = this.#options
    let problem: string | null = null
    try {
      for (let backoffMs = FIRST_BACKOFF_MS; !stopping.aborted; ) {
        try {
          const step =
            problem === null
              ? this.#nextStep(name, takenUp)
              : () => this.#giveUp(name, problem ?? '')
          if (step === null) return
          await step()
          if (problem !== null) return
          backoffMs = FIRST_BACKOFF_MS
        } catch (error) {
          if (error instanceof RequestTargetError) {
            log.info(`Another worker leads: it goes on with the move of connector ${name}`)
            return
          }
          log.error(`Moving connector ${name} failed`, { error })
          const passing = error instanceof ConnectError && error.code === 'REBALANCE_IN_PROGRESS'
          if (!passing && this.#running(name)?.phase === 'requested') problem ??= messageOf(error)
          await clock.sleep(backoffMs, stopping)
          backoffMs = Math.min(backoffMs * 2, LAST_BACKOFF_MS)
        }
      }
    } finally {
      this.#active.delete(name)
    }
  }

  /** null: the move has ended. */
  #nextStep(name: string, takenUp: boolean): (() => Promise<void>) | null {
    const running = this.#running(name)
    if (running === null) return null
    if (!this.#snapshot.contains(name)) return () => this.#forget(name)
    switch (running.phase) {
      case 'requested':
        return takenUp && !this.#isHalting(name)
          ? () => this.#giveUp(name, 'The worker that was asked ended before it began')
          : () => this.#halt(name, running)
      case 'writing':
        return () => this.#write(name, running)
      case 'written':
        return () => this.#finish(name, { state: 'DONE', problem: null })
    }
  }

  /** Whether the first visible step was taken: then the move goes on, whoever leads. */
  #isHalting(name: string): boolean {
    return this.#snapshot.targetState(name) === 'STOPPED' || this.#snapshot.taskCount(name) === 0
  }

  async #halt(name: string, running: RunningMove): Promise<void> {
    const { halt, worker } = this.#options
    await halt(name)
    const stored = await worker.offsets(name, requireConnector(this.#snapshot, name))
    const offsets = movedOffsets(running.offsets, stored)
    await this.#advance(name, { ...running, offsets, phase: 'writing' })
  }

  async #write(name: string, running: RunningMove): Promise<void> {
    const { halt, worker } = this.#options
    // Somebody who knows nothing of moves may have started it: nobody may go on from a part of the new positions.
    if (this.#snapshot.targetState(name) !== 'STOPPED' || this.#snapshot.taskCount(name) > 0) {
      await halt(name)
    }
    const config = requireConnector(this.#snapshot, name)
    const changes = running.offsets.map(({ partition, offset }) => ({ partition, offset }))
    await worker.writeOffsets(name, config, changes)
    await this.#advance(name, { ...running, phase: 'written' })
  }

  async #giveUp(name: string, problem: string): Promise<void> {
    const { log } = this.#options
    log.warn(`Connector ${name} is not moved: ${problem}`)
    await this.#finish(name, { state: 'FAILED', problem })
  }

  /** The target state first: should the worker end in between, there is still a move to finish. */
  async #finish(name: string, outcome: Pick<FinishedMove, 'state' | 'problem'>): Promise<void> {
    const { configStore, exclusively } = this.#options
    await exclusively(async () => {
      const record = this.#snapshot.startFrom(name)
      const targetState = record?.running?.targetState
      if (record === null || targetState === undefined) return
      const hasNoTasks = this.#snapshot.taskCount(name) === 0
      const now = this.#snapshot.targetState(name)
      // Only a change of the state makes the connector tell its tasks again.
      if (targetState === 'STARTED' && now === 'STARTED' && hasNoTasks) {
        await configStore.putTargetState(name, 'STOPPED')
      }
      if (targetState !== now || hasNoTasks) await configStore.putTargetState(name, targetState)
      await this.#put(name, finished(record, { ended: this.#now(), ...outcome }))
    })
  }

  async #advance(name: string, running: RunningMove): Promise<void> {
    await this.#options.exclusively(async () => {
      const record = this.#snapshot.startFrom(name)
      if (record?.running?.id !== running.id) return
      await this.#put(name, { running, history: record.history })
    })
  }

  async #forget(name: string): Promise<void> {
    await this.#options.exclusively(() => this.#put(name, null))
  }

  #running(name: string): RunningMove | null {
    return this.#snapshot.startFrom(name)?.running ?? null
  }

  #put(name: string, record: StartFromRecord | null): Promise<void> {
    return this.#options.configStore.putStartFrom(name, record)
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString()
  }
}

function moveInfo(move: Move, outcome: FinishedMove | null): MoveInfo {
  const { id, at, by, request, targetState } = move
  return {
    id,
    at,
    by,
    request,
    state: outcome?.state ?? 'RUNNING',
    ended: outcome?.ended ?? null,
    problem: outcome?.problem ?? null,
    targetState,
    offsets: move.offsets.map(({ partition, old, offset }) => ({ partition, old, new: offset }))
  }
}
