import type { SourceRecord } from '../../data/record.ts'
import type { Logger } from '../../log.ts'
import type { SourceTask, StreamFacts } from '../../plugin/source.ts'

/** The plugin's task behind a loop, and what it is told of commits. Replaced by a new one when the loop has to begin again. */
export class SourceTaskInstance {
  readonly #create: () => SourceTask
  readonly #log: Logger
  #task: SourceTask

  constructor(create: () => SourceTask, log: Logger) {
    this.#create = create
    this.#log = log
    this.#task = create()
  }

  get task(): SourceTask {
    return this.#task
  }

  /** Ends the old instance; the new one has not been started. */
  async renew(): Promise<void> {
    try {
      await this.#task.stop()
    } catch (error) {
      this.#log.warn('The task that is started again failed to stop', { error })
    }
    this.#task = this.#create()
  }

  /** Whether the task wants to hear of each record. */
  get watchesRecords(): boolean {
    return this.#task.commitRecord !== undefined
  }

  /** Whether what was polled so far may be committed; see SourceTask.handedOut. */
  get handedOut(): 'complete' | 'partly' | 'torn' {
    return this.#task.handedOut?.() ?? 'complete'
  }

  /** The row a record was made of, in the plugin's words; null when it has none. */
  nameRow(record: SourceRecord): string | null {
    return this.#task.nameRow?.(record) ?? null
  }

  /** What the plugin says of its streams; nothing when it cannot. */
  progress(): ReadonlyMap<string, StreamFacts> {
    try {
      return this.#task.progress?.() ?? new Map<string, StreamFacts>()
    } catch (error) {
      // I9: a question must not do any harm.
      this.#log.warn('The task could not say how far it is', { error })
      return new Map()
    }
  }

  recordCommitted(record: SourceRecord): void {
    this.#task.commitRecord?.(record)
  }

  async offsetsCommitted(): Promise<void> {
    if (this.#task.commit === undefined) return
    try {
      await this.#task.commit()
    } catch (error) {
      this.#log.error('Exception thrown while calling task.commit()', { error })
    }
  }
}
