import type { CheckedValue, ConfigDef, ConfigMap } from '../config/config-def.ts'
import type { SinkRecord } from '../data/record.ts'
import type { Logger } from '../log.ts'

export interface SinkConnectorContext {
  readonly name: string
  readonly log: Logger
  requestTaskReconfiguration(): void
  raiseError(error: unknown): void
}

/** As SourceConnector, for the way out of Kafka. */
export interface SinkConnector {
  start(config: ConfigMap, context: SinkConnectorContext): Promise<void> | void
  taskConfigs(maxTasks: number): Promise<ConfigMap[]> | ConfigMap[]
  stop(): Promise<void> | void
}

export interface SinkTaskContext {
  readonly connector: string
  readonly task: number
  readonly log: Logger
  readonly stopping: AbortSignal
}

/** Writes records. `put` gets every delivered batch, empty ones too; a RetriableError makes the worker deliver the batch again. */
export interface SinkTask {
  start(config: ConfigMap, context: SinkTaskContext): Promise<void> | void
  put(records: readonly SinkRecord[]): Promise<void>
  /** Everything put so far must be durable when this resolves. */
  flush(): Promise<void>
  stop(): Promise<void> | void
}

export interface SinkConnectorPlugin {
  readonly type: 'sink'
  readonly className: string
  readonly taskClassName: string
  readonly version: string
  readonly config: ConfigDef
  create(): SinkConnector
  createTask(): SinkTask
  validate?(
    config: ConfigMap,
    checked: Map<string, CheckedValue>,
    signal: AbortSignal
  ): Promise<void> | void
}
