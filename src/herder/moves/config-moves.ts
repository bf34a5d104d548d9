import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import { storedMeaning } from '../../storage/offset-records.ts'
import type { StoredOffset } from '../../storage/offset-store.ts'
import type { Move } from '../../storage/start-from-record.ts'
import { within } from '../../wait.ts'
import type { ConnectorOffsets } from '../../worker/contracts.ts'
import type { InitialOffsets, PutOptions, PutOutcome } from '../herder.ts'
import type { Commands } from '../work/command-queue.ts'
import type { PutConfig, SharedCommands } from '../work/commands.ts'
import { untilNobodyIsInTheWay } from './in-the-way.ts'
import { movedOffsets } from './move-record.ts'
import type { MoveContext, OffsetWriters } from './move-steps.ts'
import type { Moves } from './moves.ts'
import type { MovesUnderWay } from './moves-under-way.ts'
import { offsetsAnswer, requestedOffsets } from './requested-offsets.ts'

interface ConfigMovesOptions {
  readonly offsets: ConnectorOffsets
  readonly writers: OffsetWriters
  readonly commands: Commands<SharedCommands>
  readonly moves: Moves
  readonly underWay: MovesUnderWay
  readonly clock: Clock
  readonly log: Logger
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal
}

/** How long a creation looks for offsets that are there already. */
const LOOK_LIMIT_MS = 2000
const nobody: Move['by'] = { user: null, address: null, note: null }

/**
 * Configurations on their way to the config topic. Where stored offsets change with one, they go first, as a
 * move, so that a crash leaves no part of them.
 */
export class ConfigMoves {
  readonly #options: ConfigMovesOptions

  constructor(options: ConfigMovesOptions) {
    this.#options = options
  }

  /** Puts a configuration that is valid. */
  async put(
    name: string,
    config: StoredConfig,
    { initialState, allowReplace, initialOffsets }: PutOptions
  ): Promise<PutOutcome> {
    const put: PutConfig = { name, config, initialState, allowReplace }
    if (initialOffsets !== undefined) return this.#create(put, initialOffsets)
    const before = await this.#options.commands.run({ kind: 'readConfig', name })
    return before === null ? this.#createPlainly(put) : this.replace(before, put)
  }

  /**
   * When a configuration is the first of its connector with a start, the stored offsets say before that there
   * was none, so that the tasks notice it.
   */
  async replace(before: StoredConfig, put: PutConfig): Promise<PutOutcome> {
    const { commands, offsets } = this.#options
    const { name, config } = put
    if (!(await offsets.givesFirstStart(before, config))) {
      return commands.run({ kind: 'putConfig', ...put })
    }
    await commands.run({ kind: 'reserveMove', name, needs: 'connector' })
    return this.#releasing(name, async () => {
      await this.#begin(name, before, 'configure', { configure: 'a first start' })
      return this.#written({ takenUp: false, put, firstStart: { before } }, name)
    })
  }

  /** Deletes a connector and what is stored of its positions. */
  async remove(name: string): Promise<void> {
    const { commands } = this.#options
    const config = await commands.run({ kind: 'reserveMove', name, needs: 'connector' })
    await this.#releasing(name, async () => {
      await this.#begin(name, config, 'delete', { delete: 'offsets=delete' })
      await this.#carryOut({ takenUp: false }, name)
    })
  }

  /** A new connector goes on from offsets that an earlier one of that name left, and says so. */
  async #createPlainly(put: PutConfig): Promise<PutOutcome> {
    const keptOffsets = await this.#leftOver(put)
    const outcome = await this.#options.commands.run({ kind: 'putConfig', ...put })
    return { ...outcome, keptOffsets }
  }

  /**
   * Creates a connector behind offsets of its own. Those an earlier connector of that name left are
   * forgotten, unless they are to be kept.
   */
  async #create(put: PutConfig, { offsets, others }: InitialOffsets): Promise<PutOutcome> {
    const { offsets: positions, writers, commands } = this.#options
    const { name, config } = put
    const given = offsets === null ? null : requestedOffsets(offsets)
    await commands.run({ kind: 'reserveCreation', name })
    return this.#releasing(name, async () => {
      const initial = await positions.initialOffsets(name, config, given)
      await writers.halt(name)
      await untilNobodyIsInTheWay(this.#options, name, config)
      const stored = await positions.offsets(name, config)
      const changes = [...forgotten(stored, initial.changes, others), ...initial.changes]
      const move = {
        kind: 'create',
        by: nobody,
        request: { create: given === null ? 'offsets=reset' : 'initial_offsets' },
        offsets: movedOffsets(changes, stored),
        config: Object.fromEntries(config)
      } as const
      await commands.run({ kind: 'beginMove', name, config: null, phase: 'writing', move })
      const outcome = await this.#written({ takenUp: false, put }, name)
      const offsetsStatus = offsetsAnswer(given === null ? 'reset' : 'altered', initial.complete)
      return { ...outcome, offsetsStatus }
    })
  }

  /** Nobody waits for this: what is not known soon is not told. */
  async #leftOver({ name, config }: PutConfig): Promise<number> {
    const { offsets, clock, log } = this.#options
    try {
      const late = (): Error =>
        new ConnectError('REQUEST_TIMED_OUT', 'The offsets were not read in time')
      const { length } = await within(clock, offsets.offsetsLeft(name, config), LOOK_LIMIT_MS, late)
      if (length > 0) {
        log.info(
          `Connector ${name} goes on from ${length} offsets that an earlier connector of that name left; POST /connectors?offsets=reset would forget them`
        )
      }
      return length
    } catch (error) {
      log.debug(`Whether there are offsets of an earlier connector ${name} is not known`, { error })
      return 0
    }
  }

  #begin(
    name: string,
    config: StoredConfig | null,
    kind: Move['kind'],
    request: Move['request']
  ): Promise<string> {
    const move = { kind, by: nobody, request, offsets: [] }
    return this.#options.commands.run({
      kind: 'beginMove',
      name,
      config,
      phase: 'requested',
      move
    })
  }

  async #written(context: MoveContext, name: string): Promise<PutOutcome> {
    const outcome = await this.#carryOut(context, name)
    if (outcome !== null) return outcome
    throw new ConnectError('INTERNAL', `Connector ${name} was not written`)
  }

  async #carryOut(context: MoveContext, name: string): Promise<PutOutcome | null> {
    const result = await this.#options.moves.carryOut(name, context)
    if (result.problem !== null) throw result.problem
    return result.outcome
  }

  async #releasing<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } finally {
      this.#options.underWay.end(name)
    }
  }
}

function forgotten(
  stored: readonly StoredOffset[],
  given: readonly StoredOffset[],
  others: InitialOffsets['others']
): StoredOffset[] {
  if (others === 'keep') return []
  const replaced = new Set(given.map(({ partition }) => storedMeaning(partition)))
  return stored
    .filter(({ partition }) => !replaced.has(storedMeaning(partition)))
    .map(({ partition }) => ({ partition, offset: null }))
}
