import { loggers } from '../log.ts'
import type {
  ClusterConfig,
  RestartRequest,
  SessionKey,
  StoredConfig,
  WrittenConfig
} from './cluster-config.ts'
import type { TargetState } from './target-state.ts'
import { ConfigLogState, notify } from './config-log-state.ts'
import {
  type ConfigRecord,
  commitRecord,
  connectorRecord,
  loggerRecord,
  restartRecord,
  sessionKeyRecord,
  startFromRecord,
  targetStateRecord,
  taskCountRecord,
  taskRecord
} from './config-records.ts'
import type { ConfigListener, ConfigStore } from './config-store.ts'
import type { StartFromRecord } from './start-from-record.ts'

/**
 * The config store of a standalone worker: the records a topic would hold go straight to their reader, so
 * both kinds of worker know one set of rules. Events reach the listener before a write resolves. Nothing
 * outlives the process.
 */
export class MemoryConfigStore implements ConfigStore {
  readonly #state = new ConfigLogState(
    loggers.get('org.apache.kafka.connect.storage.MemoryConfigBackingStore')
  )
  #listener: ConfigListener | null = null
  #offset = 0n

  readonly mayLead = true

  async claimLeadership(): Promise<void> {}

  async giveUpLeadership(): Promise<void> {}

  async start(listener: ConfigListener): Promise<void> {
    this.#listener = listener
  }

  snapshot(): ClusterConfig {
    return this.#state.snapshot()
  }

  async refresh(): Promise<void> {
    // Writes are seen at once.
  }

  async putConnectorConfig(
    connector: string,
    config: StoredConfig,
    targetState: TargetState | null
  ): Promise<void> {
    if (targetState !== null) this.#write(targetStateRecord(connector, targetState))
    this.#write(connectorRecord(connector, config))
  }

  async removeConnectorConfig(connector: string): Promise<void> {
    this.#write(connectorRecord(connector, null))
    this.#write(targetStateRecord(connector, null))
  }

  async putTaskConfigs(connector: string, configs: readonly WrittenConfig[]): Promise<void> {
    for (const [task, config] of configs.entries()) this.#write(taskRecord(connector, task, config))
    this.#write(commitRecord(connector, configs.length))
  }

  async putSessionKey(key: SessionKey): Promise<void> {
    this.#write(sessionKeyRecord(key))
  }

  async putTaskCountRecord(connector: string, taskCount: number): Promise<void> {
    this.#write(taskCountRecord(connector, taskCount))
  }

  async putRestartRequest(request: RestartRequest): Promise<void> {
    this.#write(restartRecord(request))
  }

  async putStartFrom(connector: string, state: StartFromRecord | null): Promise<void> {
    this.#write(startFromRecord(connector, state))
  }

  async putTargetState(connector: string, state: TargetState): Promise<void> {
    this.#write(targetStateRecord(connector, state))
  }

  async putLoggerLevel(namespace: string, level: string): Promise<void> {
    this.#write(loggerRecord(namespace, level))
  }

  async stop(): Promise<void> {
    this.#listener = null
  }

  #write(record: ConfigRecord): void {
    const event = this.#state.apply({ offset: this.#offset++, ...record })
    if (event !== null && this.#listener !== null) notify(this.#listener, event)
  }
}
