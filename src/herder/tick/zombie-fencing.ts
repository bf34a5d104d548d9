import { ConnectError } from '../../errors.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { Worker } from '../../worker/contracts.ts'
import type { HerderQueue } from '../work/herder-queue.ts'
import type { TickStage } from '../work/tick-stage.ts'

export interface ZombieFencingOptions {
  readonly worker: Worker
  readonly configStore: ConfigStore
  readonly queue: HerderQueue
  readonly stage: TickStage
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

  /** `requireSource` runs in the tick before anything else: it answers the connector's configuration, or throws when this worker may not fence. */
  fence(connector: string, requireSource: () => StoredConfig): Promise<void> {
    const running = this.#rounds.get(connector)
    if (running !== undefined) return running
    const round = this.#fence(connector, requireSource).finally(() => {
      this.#rounds.delete(connector)
    })
    this.#rounds.set(connector, round)
    return round
  }

  async #fence(connector: string, requireSource: () => StoredConfig): Promise<void> {
    const { worker, configStore, queue, workerSyncTimeoutMs } = this.#options
    const before = await queue.addOwn(async () => {
      const config = requireSource()
      await configStore.refresh(workerSyncTimeoutMs)
      const snapshot = configStore.snapshot()
      if (!snapshot.pendingFencing(connector)) return null
      const recorded = snapshot.taskCountRecord(connector)
      const tasks = snapshot.taskCount(connector)
      // Nobody ran before, or one task did and one will: that fences its predecessor by itself.
      if (recorded === null || (recorded === 1 && tasks === 1)) {
        await this.#record(connector, tasks)
        return null
      }
      return { config, recorded, generation: snapshot.taskConfigGeneration(connector) }
    })
    if (before === null) return
    await worker.fenceZombies(connector, before.config, before.recorded)
    await queue.addOwn(async () => {
      // I3: another worker may lead by now.
      requireSource()
      await configStore.refresh(workerSyncTimeoutMs)
      const snapshot = configStore.snapshot()
      if (snapshot.taskConfigGeneration(connector) !== before.generation) {
        throw new ConnectError(
          'REBALANCE_IN_PROGRESS',
          'Fencing failed because new task configurations were generated for the connector'
        )
      }
      await this.#record(connector, snapshot.taskCount(connector))
    })
  }

  async #record(connector: string, tasks: number): Promise<void> {
    const { configStore, stage } = this.#options
    await stage.during(
      `writing a task count record for connector ${connector} to the config topic`,
      () => configStore.putTaskCountRecord(connector, tasks)
    )
  }
}
