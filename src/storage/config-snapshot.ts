import type { ClusterConfig, SessionKey, StoredConfig } from './cluster-config.ts'
import type { TargetState } from './target-state.ts'
import type { StartFromRecord } from './start-from-record.ts'

/**
 * Everything the config topic says about one connector name. Never changed, only replaced, so snapshots may
 * share it.
 */
export interface ConnectorEntry {
  /** null: no configuration, or deleted. What follows outlives a deletion where said. */
  readonly config: StoredConfig | null
  /** Outlives a deletion until its own tombstone. */
  readonly targetState: TargetState | null
  readonly taskCount: number
  /** By task number; may hold more than `taskCount`, left from larger task sets. */
  readonly tasks: ReadonlyMap<number, StoredConfig>
  readonly applied: StoredConfig | null
  /**
   * The configuration was written after its task configurations: compaction may leave them before it, where
   * no reader keeps them.
   */
  readonly outdated: boolean
  /** The next four outlive a deletion. */
  readonly inconsistent: boolean
  readonly generation: number | null
  readonly taskCountRecord: number | null
  readonly pendingFencing: boolean
  /** Tasks were committed before there was a configuration, which compaction may have moved behind them. */
  readonly orphaned: boolean
  /** Moves of the connector's positions; gone with the connector. */
  readonly startFrom: StartFromRecord | null
}

export const emptyEntry: ConnectorEntry = {
  config: null,
  targetState: null,
  taskCount: 0,
  tasks: new Map(),
  applied: null,
  outdated: false,
  inconsistent: false,
  generation: null,
  taskCountRecord: null,
  pendingFencing: false,
  orphaned: false,
  startFrom: null
}

export class ConfigSnapshot implements ClusterConfig {
  readonly offset: bigint
  readonly sessionKey: SessionKey | null
  readonly #entries: ReadonlyMap<string, ConnectorEntry>

  /** `entries` must not change afterwards. */
  constructor(
    offset: bigint,
    sessionKey: SessionKey | null,
    entries: ReadonlyMap<string, ConnectorEntry>
  ) {
    this.offset = offset
    this.sessionKey = sessionKey
    this.#entries = entries
  }

  connectors(): string[] {
    return this.#names((entry) => entry.config !== null)
  }

  contains(connector: string): boolean {
    return this.connectorConfig(connector) !== null
  }

  connectorConfig(connector: string): StoredConfig | null {
    return this.#entry(connector).config
  }

  targetState(connector: string): TargetState | null {
    const { config, targetState } = this.#entry(connector)
    return config === null ? null : (targetState ?? 'STARTED')
  }

  taskCount(connector: string): number {
    return this.#entry(connector).taskCount
  }

  taskConfigs(connector: string): readonly StoredConfig[] {
    const { inconsistent, taskCount, tasks } = this.#entry(connector)
    const configs: StoredConfig[] = []
    for (let task = 0; !inconsistent && task < taskCount; task++) {
      const config = tasks.get(task)
      if (config !== undefined) configs.push(config)
    }
    return configs
  }

  taskConfig(connector: string, task: number): StoredConfig | null {
    const { inconsistent, taskCount, tasks } = this.#entry(connector)
    return inconsistent || task >= taskCount ? null : (tasks.get(task) ?? null)
  }

  appliedConnectorConfig(connector: string): StoredConfig | null {
    return this.#entry(connector).applied
  }

  inconsistentConnectors(): string[] {
    return this.#names((entry) => entry.inconsistent)
  }

  connectorsWithUnknownTasks(): string[] {
    return this.#names(
      ({ config, inconsistent, outdated, taskCount }) =>
        config !== null && (inconsistent || (outdated && taskCount === 0))
    )
  }

  hasOutdatedTasks(connector: string): boolean {
    const { config, outdated, inconsistent } = this.#entry(connector)
    return config !== null && (outdated || inconsistent)
  }

  hadTask(connector: string, task: number): boolean {
    return this.#entry(connector).tasks.has(task)
  }

  taskCountRecord(connector: string): number | null {
    return this.#entry(connector).taskCountRecord
  }

  pendingFencing(connector: string): boolean {
    return this.#entry(connector).pendingFencing
  }

  taskConfigGeneration(connector: string): number | null {
    return this.#entry(connector).generation
  }

  startFrom(connector: string): StartFromRecord | null {
    return this.#entry(connector).startFrom
  }

  beingMoved(): string[] {
    return this.#names((entry) => (entry.startFrom?.running ?? null) !== null)
  }

  #entry(connector: string): ConnectorEntry {
    return this.#entries.get(connector) ?? emptyEntry
  }

  #names(wanted: (entry: ConnectorEntry) => boolean): string[] {
    const names: string[] = []
    for (const [name, entry] of this.#entries) if (wanted(entry)) names.push(name)
    return names
  }
}
