import { loggers } from '../log.ts'
import { StatusLogState } from './status-log-state.ts'
import type { Status, StatusStore, TopicStatus } from './status-store.ts'

/** The status store of a standalone worker. Puts show at once; nothing outlives the process. */
export class MemoryStatusStore implements StatusStore {
  readonly known = new StatusLogState(
    loggers.get('org.apache.kafka.connect.storage.MemoryStatusBackingStore')
  )

  async start(): Promise<void> {
    // Nothing to open.
  }

  putConnector(connector: string, status: Status): void {
    this.known.setConnector(connector, status.state === 'DESTROYED' ? null : status)
  }

  putTask(connector: string, task: number, status: Status): void {
    this.known.setTask(connector, task, status.state === 'DESTROYED' ? null : status)
  }

  /** There is one worker, so that every put is safe. */
  putConnectorSafe(connector: string, status: Status): void {
    this.putConnector(connector, status)
  }

  putTaskSafe(connector: string, task: number, status: Status): void {
    this.putTask(connector, task, status)
  }

  putTopic(status: TopicStatus): void {
    this.known.setTopic(status.connector, status.topic, status)
  }

  deleteTopic(connector: string, topic: string): void {
    this.known.setTopic(connector, topic, null)
  }

  async flush(): Promise<void> {
    // Puts are written at once.
  }

  async stop(): Promise<void> {
    // Nothing to close.
  }
}
