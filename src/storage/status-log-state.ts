import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { parseStatus, parseStatusKey, parseTopicStatus } from './status-records.ts'
import type { KnownStatuses, Status, TopicStatus } from './status-store.ts'

/** Known statuses, as read from the status topic (or, standalone, as put); no I/O. */
export class StatusLogState implements KnownStatuses {
  readonly #log: Logger
  readonly #connectors = new Map<string, Status>()
  readonly #tasks = new Map<string, Map<number, Status>>()
  readonly #topics = new Map<string, Map<string, TopicStatus>>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Takes the next record of the topic. Malformed ones are logged and skipped. Never throws. */
  apply(record: { readonly key: Buffer | null; readonly value: Buffer | null }): void {
    const name = record.key?.toString() ?? ''
    try {
      const key = parseStatusKey(name)
      switch (key?.kind) {
        case undefined:
          this.#log.warn('Discarded a status record with an unknown key', {
            key: name.slice(0, 300)
          })
          return
        case 'connector':
          return this.#readConnector(key.connector, parseStatus(record.value))
        case 'task':
          return this.#readTask(key.connector, key.task, parseStatus(record.value))
        case 'topic':
          return this.setTopic(key.connector, key.topic, parseTopicStatus(record.value))
      }
    } catch (error) {
      this.#log.error(`Discarded a status record: ${messageOf(error)}`, { key: name.slice(0, 300) })
    }
  }

  /** null forgets the connector and, as in the JVM worker, its tasks. */
  setConnector(connector: string, status: Status | null): void {
    if (status !== null) {
      this.#connectors.set(connector, status)
      return
    }
    this.#connectors.delete(connector)
    this.#tasks.delete(connector)
  }

  setTask(connector: string, task: number, status: Status | null): void {
    setIn(this.#tasks, connector, task, status)
  }

  setTopic(connector: string, topic: string, status: TopicStatus | null): void {
    setIn(this.#topics, connector, topic, status)
  }

  connector(connector: string): Status | null {
    return this.#connectors.get(connector) ?? null
  }

  task(connector: string, task: number): Status | null {
    return this.#tasks.get(connector)?.get(task) ?? null
  }

  tasks(connector: string): Map<number, Status> {
    return new Map([...(this.#tasks.get(connector) ?? [])].sort(([a], [b]) => a - b))
  }

  connectors(): string[] {
    return [...this.#connectors.keys()]
  }

  topics(connector: string): TopicStatus[] {
    return [...(this.#topics.get(connector)?.values() ?? [])]
  }

  /**
   * A worker that was put out of the group gives its connectors up later than their next owner has started
   * them.
   */
  #readConnector(connector: string, status: Status | null): void {
    const known = this.connector(connector)
    if (status?.state === 'UNASSIGNED' && known !== null && isOfPredecessor(status, known)) return
    this.setConnector(connector, status)
  }

  /**
   * KAFKA-12525: when tasks move, the UNASSIGNED of the old owner may arrive after the RUNNING of the new
   * one; it is stale then.
   */
  #readTask(connector: string, task: number, status: Status | null): void {
    const known = this.task(connector, task)
    if (status?.state === 'UNASSIGNED' && known?.state === 'RUNNING') {
      if (known.generation >= status.generation) return
    }
    this.setTask(connector, task, status)
  }
}

/** Whether a status comes from a worker that had the instance before the one that wrote `known`. */
export function isOfPredecessor(status: Status, known: Status): boolean {
  return status.workerId !== known.workerId && status.generation < known.generation
}

function setIn<K, V>(
  all: Map<string, Map<K, V>>,
  connector: string,
  key: K,
  value: V | null
): void {
  const known = all.get(connector)
  if (value !== null) {
    if (known === undefined) all.set(connector, new Map([[key, value]]))
    else known.set(key, value)
  } else if (known?.delete(key) === true && known.size === 0) {
    all.delete(connector)
  }
}
