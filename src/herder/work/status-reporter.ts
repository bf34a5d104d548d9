import type { Clock } from '../../clock.ts'
import type { Logger } from '../../log.ts'
import type { State, Status, StatusStore } from '../../storage/status-store.ts'
import { type TaskId, taskKey } from '../../storage/task-id.ts'

interface StatusReporterOptions {
  readonly statusStore: StatusStore
  /** host:port under which this worker appears in statuses. */
  readonly workerId: string
  /** Generation of the group, 0 without one. */
  generation(): number
  readonly trackTopics: boolean
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Writes the statuses of what runs here: adds worker and generation, and knows which writes must give way to
 * newer ones.
 */
export class StatusReporter {
  readonly #options: StatusReporterOptions

  constructor(options: StatusReporterOptions) {
    this.#options = options
  }

  connector(name: string, state: State, trace: string | null, version: string | null): void {
    const { statusStore } = this.#options
    const status = this.#status(state, trace, version)
    if (givesWay(state)) statusStore.putConnectorSafe(name, status)
    else statusStore.putConnector(name, status)
  }

  task(id: TaskId, state: State, trace: string | null, version: string | null): void {
    const { statusStore } = this.#options
    const status = this.#status(state, trace, version)
    if (givesWay(state)) statusStore.putTaskSafe(id.connector, id.task, status)
    else statusStore.putTask(id.connector, id.task, status)
  }

  /** For work that no longer exists. */
  forgetConnector(name: string): void {
    const { statusStore } = this.#options
    for (const task of statusStore.known.tasks(name).keys())
      this.forgetTask({ connector: name, task })
    statusStore.putConnector(name, this.#status('DESTROYED', null, null))
  }

  forgetTask(id: TaskId): void {
    this.#options.statusStore.putTask(id.connector, id.task, this.#status('DESTROYED', null, null))
  }

  topicUsed(id: TaskId, topic: string): void {
    const { statusStore, trackTopics, clock, log } = this.#options
    if (!trackTopics) return
    if (statusStore.known.topics(id.connector).some((known) => known.topic === topic)) return
    log.debug('A task uses a topic for the first time', { task: taskKey(id), topic })
    statusStore.putTopic({
      topic,
      connector: id.connector,
      task: id.task,
      discoveredAt: clock.now()
    })
  }

  forgetTopics(connector: string): void {
    const { statusStore, trackTopics } = this.#options
    if (!trackTopics) return
    for (const { topic } of statusStore.known.topics(connector)) {
      statusStore.deleteTopic(connector, topic)
    }
  }

  /** Bounded; statuses that could not be written are no reason to stop. */
  async flush(timeoutMs: number): Promise<void> {
    try {
      await this.#options.statusStore.flush(timeoutMs)
    } catch (error) {
      this.#options.log.warn('Status updates could not be flushed in time', { error })
    }
  }

  #status(state: State, trace: string | null, version: string | null): Status {
    const { workerId, generation } = this.#options
    return { state, trace, workerId, generation: generation(), version }
  }
}

/** A worker that gives work up, or fails, must not overwrite what its next owner says. */
function givesWay(state: State): boolean {
  return state === 'UNASSIGNED' || state === 'FAILED'
}
