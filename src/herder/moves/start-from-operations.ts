import type { Clock } from '../../clock.ts'
import { ConnectError, NotFoundError } from '../../errors.ts'
import type { StartPreview, StartWanted } from '../../plugin/start-from.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { StoredOffset } from '../../storage/offset-store.ts'
import type { FinishedMove, Move } from '../../storage/start-from-record.ts'
import type { ConnectorOffsets } from '../../worker/contracts.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { Commands } from '../work/command-queue.ts'
import type { SharedCommands } from '../work/commands.ts'
import { requireConnector } from '../work/require-connector.ts'
import type { Startup } from '../work/startup.ts'
import type { MovesUnderWay } from './moves-under-way.ts'
import { lastDone, movedOffsets } from './move-record.ts'
import type { Moves } from './moves.ts'
import type { MoveAuthor, MoveInfo, StartFrom, StartFromWanted } from '../start-from.ts'
import { settledWithin } from '../../wait.ts'

interface StartFromOptions {
  readonly offsets: ConnectorOffsets
  readonly clock: Clock
  readonly configStore: ConfigStore
  readonly commands: Commands<SharedCommands>
  readonly moves: Moves
  readonly underWay: MovesUnderWay
  readonly startup: Startup
}

/** How long a request waits for its move; below the 90 s of a REST request. */
const ANSWER_LIMIT_MS = 60_000

/** What operators want moved: planned with the connector, written down, carried out. */
export class StartFromOperations implements StartFrom {
  readonly #options: StartFromOptions

  constructor(options: StartFromOptions) {
    this.#options = options
  }

  async history(name: string): Promise<readonly MoveInfo[]> {
    const snapshot = await this.#options.startup.startedSnapshot()
    requireConnector(snapshot, name)
    const record = snapshot.startFrom(name)
    const ended = (record?.history ?? []).map((move) => moveInfo(move, move))
    const running = record?.running ?? null
    return [...ended, ...(running === null ? [] : [moveInfo(running, null)])].toReversed()
  }

  async preview(name: string, wanted: StartFromWanted): Promise<readonly StartPreview[]> {
    const { startup, offsets } = this.#options
    const config = requireConnector(await startup.startedSnapshot(), name)
    return offsets.previewStart(name, config, await this.#plan(name, config, wanted))
  }

  async move(name: string, wanted: StartFromWanted, by: MoveAuthor): Promise<MoveInfo> {
    const { commands, moves, underWay, offsets: positions } = this.#options
    const config = await commands.run({ kind: 'reserveMove', name, needs: 'connector' })
    let id: string
    try {
      const changes = await this.#plan(name, config, wanted)
      const request = wanted === 'undo' ? { undo: this.#lastMove(name).id } : wanted.start
      const offsets = movedOffsets(changes, await positions.offsets(name, config))
      const move = { kind: 'move', by, request, offsets } as const
      id = await commands.run({ kind: 'beginMove', name, config, phase: 'requested', move })
    } catch (error) {
      underWay.end(name)
      throw error
    }
    return this.#answer(name, id, moves.carryOut(name, { takenUp: false }))
  }

  #plan(name: string, config: StoredConfig, wanted: StartFromWanted): Promise<StoredOffset[]> {
    return this.#options.offsets.planStart(name, config, this.#startOf(name, wanted))
  }

  #startOf(name: string, wanted: StartFromWanted): StartWanted {
    if (wanted !== 'undo') return { given: wanted.start }
    const { offsets } = this.#lastMove(name)
    return { restored: offsets.map(({ partition, old }) => ({ partition, offset: old })) }
  }

  #lastMove(name: string): FinishedMove {
    const last = lastDone(this.#options.configStore.snapshot().startFrom(name))
    if (last !== null) return last
    throw new ConnectError('BAD_REQUEST', `Connector ${name} was never moved: nothing to undo`)
  }

  async #answer(name: string, id: string, moving: Promise<unknown>): Promise<MoveInfo> {
    await settledWithin(this.#options.clock, moving, ANSWER_LIMIT_MS)
    const found = (await this.history(name)).find((move) => move.id === id)
    if (found !== undefined) return found
    throw new NotFoundError(`Connector ${name} was deleted while it was being moved`)
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
