import type { TopicLog } from '../kafka/contracts.ts'
import { loggers } from '../log.ts'
import type { KafkaStoreOptions } from './kafka-store-options.ts'
import { isOfPredecessor, StatusLogState } from './status-log-state.ts'
import {
  connectorStatusKey,
  parseStatus,
  statusValue,
  taskStatusKey,
  topicStatusKey,
  topicStatusValue
} from './status-records.ts'
import type { Status, StatusStore, TopicStatus } from './status-store.ts'
import { StatusWriter } from './status-writer.ts'

const STOP_LIMIT_MS = 5_000

/** The status topic. What it answers is what was read from the topic: a put shows when it comes back. */
export class KafkaStatusStore implements StatusStore {
  readonly known: StatusLogState
  readonly #topicLog: TopicLog
  readonly #writer: StatusWriter
  readonly #starting = new AbortController()
  /** What this worker said last of what it has, by key. */
  readonly #own = new Map<string, Status>()
  readonly #log

  constructor(options: KafkaStoreOptions) {
    this.#log =
      options.log ?? loggers.get('org.apache.kafka.connect.storage.KafkaStatusBackingStore')
    this.known = new StatusLogState(this.#log)
    this.#topicLog = options.clients.topicLog({
      topic: options.topic,
      client: options.client,
      clientId: options.clientId,
      create: options.create,
      property: 'status.storage.topic',
      purpose: 'connector and task statuses',
      singlePartition: false,
      onRecord: (record) => {
        this.known.apply(record)
        this.#keepOwn(record)
      }
    })
    this.#writer = new StatusWriter(this.#topicLog, options.clock, this.#log)
  }

  async start(): Promise<void> {
    await this.#topicLog.start(this.#starting.signal)
  }

  putConnector(connector: string, status: Status): void {
    this.#put(connectorStatusKey(connector), status, () => this.known.connector(connector))
  }

  putTask(connector: string, task: number, status: Status): void {
    this.#put(taskStatusKey(connector, task), status, () => this.known.task(connector, task))
  }

  putConnectorSafe(connector: string, status: Status): void {
    if (isSafe(status, this.known.connector(connector))) this.putConnector(connector, status)
  }

  putTaskSafe(connector: string, task: number, status: Status): void {
    if (isSafe(status, this.known.task(connector, task))) this.putTask(connector, task, status)
  }

  putTopic(status: TopicStatus): void {
    const key = topicStatusKey(status.topic, status.connector)
    this.#writer.put({ key, value: topicStatusValue(status), stillWanted: () => true })
  }

  deleteTopic(connector: string, topic: string): void {
    const key = topicStatusKey(topic, connector)
    this.#writer.put({ key, value: null, stillWanted: () => true })
  }

  flush(timeoutMs: number): Promise<void> {
    return this.#writer.flush(timeoutMs)
  }

  /** Gives what is under way 5 s. */
  async stop(): Promise<void> {
    this.#starting.abort()
    try {
      await this.#writer.flush(STOP_LIMIT_MS)
    } catch (error) {
      this.#log.warn('The last status updates may be lost', { error })
    }
    // In this order the stopped log ends an attempt that still hangs.
    await Promise.all([this.#topicLog.stop(), this.#writer.stop()])
  }

  /**
   * I2: what a predecessor says late stands in the topic for all to see, also after compaction: then ours is
   * said again.
   */
  #keepOwn(record: { readonly key: Buffer | null; readonly value: Buffer | null }): void {
    const key = record.key?.toString() ?? ''
    const own = this.#own.get(key)
    if (own === undefined) return
    const read = readStatus(record.value)
    if (read !== null && isOfPredecessor(read, own)) {
      this.#writer.put({
        key,
        value: statusValue(own),
        stillWanted: () => this.#own.get(key) === own
      })
    } else if (read?.workerId !== own.workerId) this.#own.delete(key)
  }

  #put(key: string, status: Status, known: () => Status | null): void {
    const before = known()
    if (status.state === 'UNASSIGNED' || status.state === 'DESTROYED') this.#own.delete(key)
    else this.#own.set(key, status)
    this.#writer.put({
      key,
      value: statusValue(status),
      stillWanted: () => {
        const now = known()
        const deleted = before !== null && now === null
        return !deleted && isSafe(status, now)
      }
    })
  }
}

/** null: a tombstone, or nothing that could be read. */
function readStatus(value: Buffer | null): Status | null {
  try {
    return parseStatus(value)
  } catch {
    return null
  }
}

/** Whether a status may follow what is known: nothing, our own, or nothing of a later generation. */
function isSafe(status: Status, known: Status | null): boolean {
  if (known === null || known.workerId === status.workerId) return true
  return known.generation <= status.generation
}
