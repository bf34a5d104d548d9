import { ConnectError } from '../errors.ts'
import type { ConfigStore } from '../storage/config-store.ts'
import type { HerderQueue } from './herder-queue.ts'

/** Ends older producers with these transactional ids. */
export type FenceProducers = (transactionalIds: readonly string[]) => Promise<void>

export interface ZombieFencingOptions {
  readonly groupId: string
  readonly configStore: ConfigStore
  readonly queue: HerderQueue
  /** null: this worker does not run source tasks exactly once. */
  readonly fenceProducers: FenceProducers | null
  readonly workerSyncTimeoutMs: number
}

/**
 * Before tasks of a new generation of an exactly-once source start, the producers of the generation before must be fenced, once. The leader
 * does it and notes in the config topic how many tasks there are now. Requests for one connector share a round.
 */
export class ZombieFencing {
  readonly #options: ZombieFencingOptions
  readonly #rounds = new Map<string, Promise<void>>()

  constructor(options: ZombieFencingOptions) {
    this.#options = options
  }

  /** `checkAllowed` runs in the tick before anything else and throws when this worker may not fence. */
  fence(connector: string, checkAllowed: () => void): Promise<void> {
    const running = this.#rounds.get(connector)
    if (running !== undefined) return running
    const round = this.#fence(connector, checkAllowed).finally(() => {
      this.#rounds.delete(connector)
    })
    this.#rounds.set(connector, round)
    return round
  }

  async #fence(connector: string, checkAllowed: () => void): Promise<void> {
    const { groupId, configStore, queue, fenceProducers, workerSyncTimeoutMs } = this.#options
    const before = await queue.add(async () => {
      checkAllowed()
      if (fenceProducers === null) {
        throw new ConnectError(
          'INTERNAL',
          'This worker does not have exactly-once source support enabled.'
        )
      }
      await configStore.refresh(workerSyncTimeoutMs)
      const snapshot = configStore.snapshot()
      if (!snapshot.pendingFencing(connector)) return null
      const recorded = snapshot.taskCountRecord(connector)
      const tasks = snapshot.taskCount(connector)
      if (recorded === null || (recorded === 1 && tasks === 1)) {
        await configStore.putTaskCountRecord(connector, tasks)
        return null
      }
      return { recorded, generation: snapshot.taskConfigGeneration(connector) }
    })
    if (before === null || fenceProducers === null) return
    await fenceProducers(
      Array.from({ length: before.recorded }, (_, task) => `${groupId}-${connector}-${task}`)
    )
    await queue.add(async () => {
      await configStore.refresh(workerSyncTimeoutMs)
      const snapshot = configStore.snapshot()
      if (snapshot.taskConfigGeneration(connector) !== before.generation) {
        throw new ConnectError(
          'REBALANCE_IN_PROGRESS',
          'Fencing failed because new task configurations were generated for the connector'
        )
      }
      await configStore.putTaskCountRecord(connector, snapshot.taskCount(connector))
    })
  }
}
