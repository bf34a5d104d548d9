import type { TargetState } from './target-state.ts'
import type { StartFromRecord } from './start-from-record.ts'

export interface SessionKey {
  readonly key: Uint8Array
  readonly algorithm: string
  /** Epoch ms. */
  readonly createdAt: number
}

export interface RestartRequest {
  readonly connector: string
  readonly onlyFailed: boolean
  readonly includeTasks: boolean
}

export type StoredConfig = ReadonlyMap<string, string>
/** As JVM connectors may write one: a null counts, when it is read, as no setting. */
export type WrittenConfig = ReadonlyMap<string, string | null>

/**
 * Immutable picture of the config topic at one offset. `offset` is that of the last record plus one, -1 for
 * none. Task configurations are those sealed by a commit record (I3).
 */
export interface ClusterConfig {
  readonly offset: bigint
  readonly sessionKey: SessionKey | null
  /** Names of connectors with a configuration. */
  connectors(): string[]
  contains(connector: string): boolean
  connectorConfig(connector: string): StoredConfig | null
  /** null when the connector is unknown. */
  targetState(connector: string): TargetState | null
  /** Number of tasks of the last commit; 0 when none. */
  taskCount(connector: string): number
  /** Empty when the task set is inconsistent. */
  taskConfigs(connector: string): readonly StoredConfig[]
  taskConfig(connector: string, task: number): StoredConfig | null
  /** The connector configuration seen when its task configurations were committed. */
  appliedConnectorConfig(connector: string): StoredConfig | null
  /** Connectors whose task set is incomplete after compaction. */
  inconsistentConnectors(): string[]
  /** The same, and connectors whose task configurations compaction took: tasks of theirs may be running. */
  connectorsWithUnknownTasks(): string[]
  /**
   * Whether the task configurations have to be written again, or a worker that reads the topic after
   * compaction would not find them.
   */
  hasOutdatedTasks(connector: string): boolean
  /** Whether the connector has, or had, a task of that number. */
  hadTask(connector: string, task: number): boolean
  /** Last `tasks-fencing-X` record, and whether a newer commit has to be fenced first. */
  taskCountRecord(connector: string): number | null
  pendingFencing(connector: string): boolean
  taskConfigGeneration(connector: string): number | null
  /** Moves of the connector's positions, the one under way included; null when there were none. */
  startFrom(connector: string): StartFromRecord | null
  /** Connectors whose positions are being moved. */
  beingMoved(): string[]
}

export function sameConfig(a: StoredConfig | null, b: StoredConfig | null): boolean {
  if (a === null || b === null) return a === b
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
}
