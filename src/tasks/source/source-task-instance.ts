import type { ConfigMap } from '../../config/config-def.ts'
import type { SourceRecord } from '../../data/record.ts'
import type { Logger } from '../../log.ts'
import { HeldTask } from '../held-task.ts'
import type {
  SourceConnectorPlugin,
  SourceTask,
  SourceTaskContext,
  StreamFacts
} from '../../plugin/source.ts'

/**
 * The plugin's task behind a loop, and what it is told of commits. Another one is made when the loop has to
 * begin again.
 */
export class SourceTaskInstance {
  readonly #plugin: SourceConnectorPlugin
  readonly #log: Logger
  readonly #held: HeldTask<SourceTask>

  constructor(plugin: SourceConnectorPlugin, log: Logger) {
    this.#plugin = plugin
    this.#log = log
    this.#held = new HeldTask(log)
  }

  /**
   * Makes the plugin's task and starts it. Rejects as the plugin does; a task that was made is to be stopped
   * then, too.
   */
  async start(config: ConfigMap, context: SourceTaskContext): Promise<void> {
    await this.#held.start(this.#plugin.createTask(config, context))
  }

  async poll(): Promise<SourceRecord[] | null> {
    return (await this.#held.task?.poll()) ?? null
  }

  paused(): void {
    this.#held.task?.paused?.()
  }

  /** Ends the task, if one was started. Rejects as the plugin does. */
  async stop(): Promise<void> {
    await this.#held.stop()
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
    return this.#held.task?.commitRecord !== undefined
  }

  /** Whether what was polled so far may be committed; see SourceTask.handedOut. */
  get handedOut(): 'complete' | 'partly' | 'torn' {
    return this.#held.task?.handedOut?.() ?? 'complete'
  }

  /** The row a record was made of, in the plugin's words; null when it has none. */
  nameRow(record: SourceRecord): string | null {
    return this.#held.task?.nameRow?.(record) ?? null
  }

  /** What the plugin says of its streams; nothing when it cannot. */
  progress(): ReadonlyMap<string, StreamFacts> {
    return this.#held.progress()
  }

  recordCommitted(record: SourceRecord): void {
    this.#held.task?.commitRecord?.(record)
  }

  async offsetsCommitted(): Promise<void> {
    try {
      await this.#held.task?.commit?.()
    } catch (error) {
      this.#log.error('Exception thrown while calling task.commit()', { error })
    }
  }
}
