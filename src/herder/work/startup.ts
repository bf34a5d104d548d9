import { ConnectError } from '../../errors.ts'
import type { ClusterConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { TickStage } from './tick-stage.ts'

/** Whether the stores have been read: before that nothing is answered out of them. */
export class Startup {
  readonly #configStore: ConfigStore
  readonly #stage: TickStage
  readonly #started = Promise.withResolvers<void>()
  #isStarted = false

  constructor(configStore: ConfigStore, stage: TickStage) {
    this.#configStore = configStore
    this.#stage = stage
    // A start that fails is told to whoever waits for it; nobody has to.
    this.#started.promise.catch(() => undefined)
  }

  /** Resolves when the stores have been read, rejects when they never will be; bounded by the caller. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  succeed(): void {
    this.#isStarted = true
    this.#started.resolve()
  }

  fail(error: Error): void {
    this.#started.reject(error)
  }

  snapshot(): ClusterConfig {
    if (!this.#isStarted) {
      const stage = this.#stage.sentence()
      throw new ConnectError('NOT_READY', `This worker is still starting up. ${stage}`)
    }
    return this.#configStore.snapshot()
  }

  async startedSnapshot(): Promise<ClusterConfig> {
    await this.started
    return this.#configStore.snapshot()
  }
}
