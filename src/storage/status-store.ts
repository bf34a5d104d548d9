export type State =
  | 'UNASSIGNED'
  | 'RUNNING'
  | 'PAUSED'
  | 'FAILED'
  | 'RESTARTING'
  | 'STOPPED'
  | 'DESTROYED'

export interface Status {
  readonly state: State
  readonly trace: string | null
  /** host:port of the worker that wrote it. */
  readonly workerId: string
  readonly generation: number
  /**
   * Version of the connector's plugin, null when not known. Kafka 4.3.1 writes it as the last field:
   * `…,"generation":3,"version":"4.3.1"}`.
   */
  readonly version: string | null
}

export interface TopicStatus {
  readonly topic: string
  readonly connector: string
  readonly task: number
  /** Epoch ms. */
  readonly discoveredAt: number
}

/** What was read from the status topic so far (or put into memory). */
export interface KnownStatuses {
  connector(connector: string): Status | null
  /** Of a connector's tasks by task number, in order. */
  tasks(connector: string): Map<number, Status>
  task(connector: string, task: number): Status | null
  /** Names with a connector status. */
  connectors(): string[]
  topics(connector: string): TopicStatus[]
}

/**
 * The status topic (or memory). Writes are sent without waiting; `flush` waits for them. DESTROYED deletes.
 */
export interface StatusStore {
  readonly known: KnownStatuses
  start(): Promise<void>
  putConnector(connector: string, status: Status): void
  putTask(connector: string, task: number, status: Status): void
  /** As the above, but only when nothing newer of another worker is known (KIP: safe put). */
  putConnectorSafe(connector: string, status: Status): void
  putTaskSafe(connector: string, task: number, status: Status): void
  putTopic(status: TopicStatus): void
  deleteTopic(connector: string, topic: string): void
  flush(timeoutMs: number): Promise<void>
  stop(): Promise<void>
}
