import type { ClusterConfig, RestartRequest, SessionKey } from '../../storage/cluster-config.ts'
import type { ConfigListener } from '../../storage/config-store.ts'
import { PendingRestarts } from '../work/restart-plan.ts'

/** What the config topic said since the tick looked last. */
export interface Changes {
  /** Connectors came, went, or have other tasks: the group has to share out the work anew. */
  readonly rebalance: boolean
  readonly updated: ReadonlySet<string>
  readonly removed: ReadonlySet<string>
  readonly taskConfigs: ReadonlySet<string>
  readonly targetStates: ReadonlySet<string>
}

/** The picture of the config topic that the work was started from. Only the tick changes it. */
export interface AppliedConfig {
  config: ClusterConfig
}

interface ConfigChangesOptions {
  /** Source tasks run exactly once. */
  readonly exactlyOnce: boolean
  readonly applied: AppliedConfig
  onSessionKey(key: SessionKey): void
  onLoggerLevel(namespace: string, level: string): void
  wake(): void
}

/** Notes what the config store tells, and wakes the tick, which alone acts on it. */
export class ConfigChanges implements ConfigListener {
  readonly restarts = new PendingRestarts()
  readonly #options: ConfigChangesOptions
  #rebalance = false
  #updated = new Set<string>()
  #removed = new Set<string>()
  #taskConfigs = new Set<string>()
  #targetStates = new Set<string>()

  constructor(options: ConfigChangesOptions) {
    this.#options = options
  }

  /** Whether a rebalance will be asked for: what is known of owners and leader may be out of date. */
  get rebalanceExpected(): boolean {
    return this.#rebalance
  }

  take(): Changes | null {
    const changes = {
      rebalance: this.#rebalance,
      updated: this.#updated,
      removed: this.#removed,
      taskConfigs: this.#taskConfigs,
      targetStates: this.#targetStates
    }
    const { rebalance, updated, removed, taskConfigs, targetStates } = changes
    if (!rebalance && updated.size + removed.size + taskConfigs.size + targetStates.size === 0) {
      return null
    }
    this.#rebalance = false
    this.#updated = new Set()
    this.#removed = new Set()
    this.#taskConfigs = new Set()
    this.#targetStates = new Set()
    return changes
  }

  onConnectorConfigUpdate(connector: string): void {
    if (this.#options.applied.config.contains(connector)) this.#updated.add(connector)
    else this.#rebalance = true
    this.#options.wake()
  }

  onConnectorConfigRemove(connector: string): void {
    this.#rebalance = true
    this.#removed.add(connector)
    this.#options.wake()
  }

  onTaskConfigUpdate(connector: string): void {
    this.#rebalance = true
    this.#taskConfigs.add(connector)
    this.#options.wake()
  }

  /** Exactly once, a new generation fences the one before, whatever it says; otherwise what runs runs on. */
  onTaskConfigsConfirmed(connector: string): void {
    if (this.#options.exactlyOnce) this.onTaskConfigUpdate(connector)
  }

  onTargetStateChange(connector: string): void {
    this.#targetStates.add(connector)
    this.#options.wake()
  }

  /** The leader may have to take it up. */
  onStartFromUpdate(): void {
    this.#options.wake()
  }

  onSessionKeyUpdate(key: SessionKey): void {
    this.#options.onSessionKey(key)
    this.#options.wake()
  }

  onRestartRequest(request: RestartRequest): void {
    this.restarts.add(request)
    this.#options.wake()
  }

  onLoggerLevel(namespace: string, level: string): void {
    this.#options.onLoggerLevel(namespace, level)
  }
}
