import type { MovesUnderWay } from './moves-under-way.ts'
import { type MoveContext, type MoveResult, type MoveOptions, MoveSteps } from './move-steps.ts'

interface MovesOptions extends MoveOptions {
  readonly underWay: MovesUnderWay
}

/** The moves this worker carries out. */
export class Moves {
  readonly #options: MovesOptions
  readonly #steps: MoveSteps

  constructor(options: MovesOptions) {
    this.#options = options
    this.#steps = new MoveSteps(options)
  }

  /**
   * Takes up what was begun by a worker that is gone. Called on the leader, again and again; returns at once.
   */
  resume(): void {
    const { configStore, underWay, log } = this.#options
    for (const name of configStore.snapshot().beingMoved()) {
      if (underWay.isHere(name)) continue
      underWay.takeUp(name)
      log.info(`Taking up the move of connector ${name}`)
      void this.carryOut(name, { takenUp: true })
    }
  }

  /** Carries out the move that was reserved and begun, and releases the connector. Never rejects. */
  async carryOut(name: string, context: MoveContext): Promise<MoveResult> {
    try {
      return await this.#steps.carryOut(name, context)
    } finally {
      this.#options.underWay.end(name)
    }
  }
}
