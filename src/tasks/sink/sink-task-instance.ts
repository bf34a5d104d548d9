import type { ConfigMap } from '../../config/config-def.ts'
import type { SinkRecord } from '../../data/record.ts'
import type { Logger } from '../../log.ts'
import type {
  BatchWish,
  SinkConnectorPlugin,
  SinkTask,
  SinkTaskContext,
  TopicPartition,
  TopicPosition
} from '../../plugin/sink.ts'
import type { StreamFacts } from '../../plugin/source.ts'
import { plainFacts } from '../plain-facts.ts'

/** The plugin's task behind a loop. Of a task that was stopped questions are still answered. */
export class SinkTaskInstance {
  readonly #plugin: SinkConnectorPlugin
  readonly #log: Logger
  #task: SinkTask | null = null
  #isToBeStopped = false
  /** It is asked for its progress again and again, and told of the first failure only. */
  #isProgressTold = false

  constructor(plugin: SinkConnectorPlugin, log: Logger) {
    this.#plugin = plugin
    this.#log = log
  }

  /** How large a batch should be; null: the plugin does not say. Throws ConfigError. */
  batchWish(config: ConfigMap): BatchWish | null {
    return this.#plugin.batch?.(config) ?? null
  }

  /**
   * Makes the plugin's task and starts it. Rejects as the plugin does; a task that was made is to be stopped
   * then, too.
   */
  async start(config: ConfigMap, context: SinkTaskContext): Promise<void> {
    this.#task = this.#plugin.createTask(config, context)
    this.#isToBeStopped = true
    await this.#task.start?.()
  }

  async open(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#task?.open?.(partitions)
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    await this.#task?.put(records)
  }

  /** What may be committed, as the plugin says; all of it when it only flushes. */
  async preCommit(positions: readonly TopicPosition[]): Promise<readonly TopicPosition[]> {
    if (this.#task?.preCommit !== undefined) return this.#task.preCommit(positions)
    await this.#task?.flush?.()
    return positions
  }

  async close(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    await this.#task?.close?.(partitions, lost)
  }

  /** Ends the task, if one was started. Rejects as the plugin does. */
  async stop(): Promise<void> {
    if (!this.#isToBeStopped) return
    this.#isToBeStopped = false
    await this.#task?.stop()
  }

  /** What the plugin calls a record; null when it does not know. */
  nameRecord(record: SinkRecord): string | null {
    return this.#task?.nameRecord?.(record) ?? null
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
}
