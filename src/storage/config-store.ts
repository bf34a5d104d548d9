import type {
  ClusterConfig,
  RestartRequest,
  SessionKey,
  StoredConfig,
  WrittenConfig
} from './cluster-config.ts'
import type { TargetState } from './target-state.ts'
import type { StartFromRecord } from './start-from-record.ts'

/** What the store tells after start-up, in the order of the records. Called synchronously; must not throw. */
export interface ConfigListener {
  onConnectorConfigUpdate(connector: string): void
  onConnectorConfigRemove(connector: string): void
  /** Task sets that were committed. */
  onTaskConfigUpdate(connector: string): void
  /** The task set was written again as it was. */
  onTaskConfigsConfirmed(connector: string): void
  onTargetStateChange(connector: string): void
  /** A move of the connector's positions began, went on or ended. */
  onStartFromUpdate(connector: string): void
  onSessionKeyUpdate(key: SessionKey): void
  onRestartRequest(request: RestartRequest): void
  onLoggerLevel(namespace: string, level: string): void
}

/**
 * The config topic (or, standalone, memory). Writes resolve when the record is acknowledged and, where said,
 * read back.
 */
export interface ConfigStore {
  start(listener: ConfigListener): Promise<void>
  snapshot(): ClusterConfig
  /** Reads to the end of the topic. Rejects with a retriable ConnectError after `timeoutMs`. */
  refresh(timeoutMs: number): Promise<void>
  /**
   * False: somebody else may have the right to write as the leader; it has to be claimed (again) before those
   * writes.
   */
  readonly mayLead: boolean
  /** Called by the leader when it may not write yet. Older leaders cannot write any more once it resolves. */
  claimLeadership(): Promise<void>
  /** Called by a worker that leads no longer. */
  giveUpLeadership(): Promise<void>
  /** I3: these need leadership and are read back before they resolve. */
  putConnectorConfig(
    connector: string,
    config: StoredConfig,
    targetState: TargetState | null
  ): Promise<void>
  removeConnectorConfig(connector: string): Promise<void>
  putTaskConfigs(connector: string, configs: readonly WrittenConfig[]): Promise<void>
  putSessionKey(key: SessionKey): Promise<void>
  putTaskCountRecord(connector: string, taskCount: number): Promise<void>
  putRestartRequest(request: RestartRequest): Promise<void>
  putStartFrom(connector: string, state: StartFromRecord | null): Promise<void>
  /** Any worker may write these two. */
  putTargetState(connector: string, state: TargetState): Promise<void>
  putLoggerLevel(namespace: string, level: string): Promise<void>
  stop(): Promise<void>
}
