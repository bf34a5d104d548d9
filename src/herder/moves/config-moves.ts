import type { Clock } from '../../clock.ts'
import { ConnectError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { StoredOffset } from '../../storage/offset-store.ts'
import { storedMeaning } from '../../storage/offset-records.ts'
import type { Move } from '../../storage/start-from-record.ts'
import type { ConnectorOffsets } from '../../worker/contracts.ts'
import { requireConnector } from '../work/abstract-herder.ts'
import type { InitialOffsets, PutOptions, PutOutcome } from '../herder.ts'
import { movedOffsets } from './move-record.ts'
import type { Moves, NewMove } from './moves.ts'
import { offsetsAnswer, requestedOffsets } from './offsets-actions.ts'
import { within } from '../../wait.ts'

interface ConfigMovesOptions {
  readonly offsets: ConnectorOffsets
  readonly moves: Moves
  readonly clock: Clock
  readonly log: Logger
  /** Runs a step while nothing else changes configurations, where they may be written. */
  inTurn<T>(step: () => Promise<T> | T): Promise<T>
  /** Resolves when no worker runs a task of a connector that was deleted (I2); bounded. */
  ended(connector: string): Promise<void>
}

/** How long a creation looks for offsets that are there already. */
const LOOK_LIMIT_MS = 2000
const nobody: Move['by'] = { user: null, address: null, note: null }

/** Changes of connectors that change stored offsets with them: the offsets first, as a move, so that a crash leaves no part of them. */
export class ConfigMoves {
  readonly #options: ConfigMovesOptions
  readonly #moves: Moves

  constructor(options: ConfigMovesOptions) {
    this.#options = options
    this.#moves = options.moves
  }

  /** Puts a configuration that is valid: `write` writes it and answers what is there then. */
  async outcome(
    name: string,
    config: StoredConfig,
    { initialOffsets }: PutOptions,
    write: () => Promise<PutOutcome>
  ): Promise<PutOutcome> {
    const outcomes: PutOutcome[] = []
    const writeConfig = async (): Promise<void> => void outcomes.push(await write())
    const more =
      initialOffsets === undefined
        ? { keptOffsets: await this.#put(name, config, writeConfig) }
        : { offsetsStatus: await this.#create(name, config, initialOffsets, writeConfig) }
    const [outcome] = outcomes
    if (outcome === undefined)
      throw new ConnectError('INTERNAL', `Connector ${name} was not written`)
    return { ...outcome, ...more }
  }

  /**
   * Creates a connector behind offsets of its own. Those an earlier connector of that name left are forgotten, unless they are to be
   * kept. `writeConfig` is called once they are stored.
   */
  async #create(
    name: string,
    config: StoredConfig,
    { offsets, others }: InitialOffsets,
    writeConfig: () => Promise<void>
  ): Promise<string> {
    const { offsets: positions, ended } = this.#options
    const given = offsets === null ? null : requestedOffsets(offsets)
    await this.#moves.reserve(name, (snapshot) => {
      if (!snapshot.contains(name)) return
      throw new ConnectError('ALREADY_EXISTS', `Connector ${name} already exists`)
    })
    return this.#releasing(name, async () => {
      const initial = await positions.initialOffsets(name, config, given)
      await ended(name)
      const stored = await positions.offsets(name, config)
      const changes = [...forgotten(stored, initial.changes, others), ...initial.changes]
      const move = {
        kind: 'create',
        by: nobody,
        request: { create: given === null ? 'offsets=reset' : 'initial_offsets' },
        offsets: movedOffsets(changes, stored)
      } as const
      await this.#moves.begin(name, null, 'writing', move)
      throwIf(await this.#moves.carryOut(name, { takenUp: false, config, writeConfig }))
      return offsetsAnswer(given === null ? 'reset' : 'altered', initial.complete)
    })
  }

  /** Deletes a connector and what is stored of its positions. */
  async remove(name: string): Promise<void> {
    const config = await this.#moves.reserve(name, (snapshot) => requireConnector(snapshot, name))
    await this.#releasing(name, async () => {
      await this.#begin(name, config, 'delete', { delete: 'offsets=delete' })
      throwIf(await this.#moves.carryOut(name, { takenUp: false }))
    })
  }

  /**
   * Writes a configuration by `writeConfig`. When it is the first of a connector with a start, the stored offsets say before that there was none, so
   * that the tasks notice it; anything else needs no move. Answers how many offsets of an earlier connector of that name a new one finds.
   */
  async #put(name: string, after: StoredConfig, writeConfig: () => Promise<void>): Promise<number> {
    const { offsets, inTurn } = this.#options
    const before = this.#moves.snapshot.connectorConfig(name)
    const found = before === null ? await this.#leftOver(name, after) : 0
    if (before !== null && (await offsets.givesFirstStart(before, after))) {
      await this.#prepared(name, before, after, writeConfig)
      return found
    }
    await inTurn(() => {
      this.#moves.requireIdle(name)
      return writeConfig()
    })
    return found
  }

  async #prepared(
    name: string,
    before: StoredConfig,
    after: StoredConfig,
    writeConfig: () => Promise<void>
  ): Promise<void> {
    await this.#moves.reserve(name, () => undefined)
    await this.#releasing(name, async () => {
      await this.#begin(name, before, 'configure', { configure: 'a first start' })
      const changes = () => this.#options.offsets.prepareStart(name, before, after)
      throwIf(await this.#moves.carryOut(name, { takenUp: false, changes, writeConfig }))
    })
  }

  /** Nobody waits for this: what is not known soon is not told. */
  async #leftOver(name: string, config: StoredConfig): Promise<number> {
    const { offsets, clock, log, inTurn } = this.#options
    await inTurn(() => undefined)
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
    config: StoredConfig,
    kind: NewMove['kind'],
    request: NewMove['request']
  ): Promise<string> {
    const move = { kind, by: nobody, request, offsets: [] }
    return this.#moves.begin(name, config, 'requested', move)
  }

  async #releasing<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } finally {
      this.#moves.release(name)
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

function throwIf(error: Error | null): void {
  if (error !== null) throw error
}
