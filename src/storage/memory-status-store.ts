import { loggers } from '../log.ts'
import { StatusLogState } from './status-log-state.ts'
import type { Status, StatusStore, TopicStatus } from './status-store.ts'

/** The status store of a standalone worker. Puts show at once; nothing outlives the process. */
export class MemoryStatusStore implements StatusStore {
  readonly #state = new StatusLogState(
    loggers.get('org.apache.kafka.connect.storage.MemoryStatusBackingStore')
  )

  async start(): Promise<void> {
    // Nothing to open.
  }

  putConnector(connector: string, status: Status): void {
    this.#state.setConnector(connector, status.state === 'DESTROYED' ? null : status)
  }

  putTask(connector: string, task: number, status: Status): void {
    this.#state.setTask(connector, task, status.state === 'DESTROYED' ? null : status)
  }

  /** There is one worker, so that every put is safe. */
  putConnectorSafe(connector: string, status: Status): void {
    this.putConnector(connector, status)
  }

  putTaskSafe(connector: string, task: number, status: Status): void {
    this.putTask(connector, task, status)
  }

  connector(connector: string): Status | null {
    return this.#state.connector(connector)
  }

  tasks(connector: string): Map<number, Status> {
    return this.#state.tasks(connector)
  }

  task(connector: string, task: number): Status | null {
    return this.#state.task(connector, task)
  }

  connectors(): string[] {
    return this.#state.connectors()
  }

  putTopic(status: TopicStatus): void {
    this.#state.setTopic(status.connector, status.topic, status)
  }

  topics(connector: string): TopicStatus[] {
    return this.#state.topics(connector)
  }

  deleteTopic(connector: string, topic: string): void {
    this.#state.setTopic(connector, topic, null)
  }

  async flush(): Promise<void> {
    // Puts are written at once.
  }

  async stop(): Promise<void> {
    // Nothing to close.
  }
}
