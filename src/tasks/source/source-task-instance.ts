import type { ConfigMap } from '../../config/config-def.ts'
import type { SourceRecord } from '../../data/record.ts'
import type { Logger } from '../../log.ts'
import { plainFacts } from '../plain-facts.ts'
import type {
  SourceConnectorPlugin,
  SourceTask,
  SourceTaskContext,
  StreamFacts
} from '../../plugin/source.ts'

/**
 * The plugin's task behind a loop, and what it is told of commits. There is none before the first `start`;
 * each further one makes another, when the loop has to begin again. Of a task that was stopped questions are
 * still answered.
 */
export class SourceTaskInstance {
  readonly #plugin: SourceConnectorPlugin
  readonly #log: Logger
  #task: SourceTask | null = null
  #isToBeStopped = false
  /** It is asked for its progress again and again, and told of the first failure only. */
  #isProgressTold = false

  constructor(plugin: SourceConnectorPlugin, log: Logger) {
    this.#plugin = plugin
    this.#log = log
  }

  /**
   * Makes the plugin's task and starts it. Rejects as the plugin does; a task that was made is to be stopped
   * then, too.
   */
  async start(config: ConfigMap, context: SourceTaskContext): Promise<void> {
    this.#task = this.#plugin.createTask(config, context)
    this.#isToBeStopped = true
    await this.#task.start?.()
  }

  async poll(): Promise<SourceRecord[] | null> {
    return (await this.#task?.poll()) ?? null
  }

  paused(): void {
    this.#task?.paused?.()
  }

  /** Ends the task, if one was started. Rejects as the plugin does. */
  async stop(): Promise<void> {
    if (!this.#isToBeStopped) return
    this.#isToBeStopped = false
    await this.#task?.stop()
  }

  /** As `stop`, of a task that another is to follow. Never rejects. */
  async stopForAnother(): Promise<void> {
    try {
      await this.stop()
    } catch (error) {
      this.#log.warn('The task that is started again failed to stop', { error })
    }
  }

  /** Whether the task wants to hear of each record. */
  get watchesRecords(): boolean {
    return this.#task?.commitRecord !== undefined
  }

  /** Whether what was polled so far may be committed; see SourceTask.handedOut. */
  get handedOut(): 'complete' | 'partly' | 'torn' {
    return this.#task?.handedOut?.() ?? 'complete'
  }

  /** The row a record was made of, in the plugin's words; null when it has none. */
  nameRow(record: SourceRecord): string | null {
    return this.#task?.nameRow?.(record) ?? null
  }

  /** What the plugin says of its streams; nothing when it cannot. */
  progress(): ReadonlyMap<string, StreamFacts> {
    try {
      return plainFacts(this.#task?.progress?.() ?? new Map<string, StreamFacts>())
    } catch (error) {
      // I9: a question must not do any harm.
      if (!this.#isProgressTold) this.#log.warn('The task could not say how far it is', { error })
      this.#isProgressTold = true
      return new Map()
    }
  }

  recordCommitted(record: SourceRecord): void {
    this.#task?.commitRecord?.(record)
  }

  async offsetsCommitted(): Promise<void> {
    try {
      await this.#task?.commit?.()
    } catch (error) {
      this.#log.error('Exception thrown while calling task.commit()', { error })
    }
  }
}
