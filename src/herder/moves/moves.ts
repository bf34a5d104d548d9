import { randomUUID } from 'node:crypto'
import { ConnectError } from '../../errors.ts'
import type { ClusterConfig, StoredConfig } from '../../storage/cluster-config.ts'
import type { Move, MovePhase } from '../../storage/start-from-record.ts'
import { MAX_MOVE_BYTES, sizeOfMove } from './move-record.ts'
import { type MoveContext, type MoveOptions, MoveSteps } from './move-steps.ts'

/** What a new move is made of. */
export type NewMove = Pick<Move, 'kind' | 'by' | 'request' | 'offsets'>

/** The moves this worker plans or carries out: one at a time for a connector. */
export class Moves {
  readonly #options: MoveOptions
  readonly #steps: MoveSteps
  readonly #active = new Set<string>()

  constructor(options: MoveOptions) {
    this.#options = options
    this.#steps = new MoveSteps(options)
  }

  get snapshot(): ClusterConfig {
    return this.#options.configStore.snapshot()
  }

  /** Throws the 409 for changes that would get in the way of a move. */
  requireIdle(name: string): void {
    const running = this.snapshot.startFrom(name)?.running ?? null
    if (running === null && !this.#active.has(name)) return
    throw new ConnectError(
      'OPERATION_UNDER_WAY',
      `The start of connector ${name} is being moved; see GET /connectors/${name}/start-from`
    )
  }

  /** Takes up what was begun by a worker that is gone. Called on the leader, again and again; returns at once. */
  resume(): void {
    for (const name of this.snapshot.beingMoved()) {
      if (this.#active.has(name)) continue
      this.#active.add(name)
      this.#options.log.info(`Taking up the move of connector ${name}`)
      void this.carryOut(name, { takenUp: true })
    }
  }

  /** Nothing else moves the connector until `carryOut` or `release`. `check` runs first, where configurations may be written. */
  async reserve<T>(name: string, check: (snapshot: ClusterConfig) => T): Promise<T> {
    return this.#options.exclusively(() => {
      const found = check(this.snapshot)
      this.requireIdle(name)
      this.#active.add(name)
      return found
    })
  }

  release(name: string): void {
    this.#active.delete(name)
  }

  /** Writes a move down. `config`: what the connector had when it was planned, null: there is no connector yet. */
  async begin(
    name: string,
    config: StoredConfig | null,
    phase: MovePhase,
    wanted: NewMove
  ): Promise<string> {
    const { exclusively, clock, configStore } = this.#options
    const id = randomUUID()
    await exclusively(async () => {
      const { snapshot } = this
      if (snapshot.connectorConfig(name) !== config) {
        throw new ConnectError(
          'OPERATION_UNDER_WAY',
          `The configuration of connector ${name} changed while its new start was looked up; try again`
        )
      }
      const targetState = snapshot.targetState(name) ?? 'STARTED'
      const move = { id, at: new Date(clock.now()).toISOString(), targetState, ...wanted }
      const bytes = sizeOfMove(move)
      if (bytes > MAX_MOVE_BYTES) {
        throw new ConnectError(
          'BAD_REQUEST',
          `Positions of ${move.offsets.length} tables are ${bytes} bytes, more than the ${MAX_MOVE_BYTES} of one move: name fewer tables at a time`
        )
      }
      const history = config === null ? [] : (snapshot.startFrom(name)?.history ?? [])
      await configStore.putStartFrom(name, { running: { ...move, phase }, history })
    })
    return id
  }

  /** Never rejects; answers the error that ended the move. */
  async carryOut(name: string, context: MoveContext): Promise<Error | null> {
    try {
      return await this.#steps.carryOut(name, context)
    } finally {
      this.release(name)
    }
  }
}
