import type { ConfigMap } from '../../config/config-def.ts'
import type { SinkRecord } from '../../data/record.ts'
import type { Logger } from '../../log.ts'
import type {
  BatchWish,
  ReadingWish,
  SinkConnectorPlugin,
  SinkTask,
  SinkTaskContext,
  TopicPartition,
  TopicPosition
} from '../../plugin/sink.ts'
import type { StreamFacts } from '../../plugin/source.ts'
import { HeldTask } from '../held-task.ts'

/** The plugin's task behind a loop, and what it is asked for. */
export class SinkTaskInstance {
  readonly #plugin: SinkConnectorPlugin
  readonly #held: HeldTask<SinkTask>

  constructor(plugin: SinkConnectorPlugin, log: Logger) {
    this.#plugin = plugin
    this.#held = new HeldTask(log)
  }

  /** How large a batch should be; null: the plugin does not say. Throws ConfigError. */
  batchWish(config: ConfigMap): BatchWish | null {
    return this.#plugin.batch?.(config) ?? null
  }

  /** How its records are to be read; null: as usual. Throws ConfigError. */
  readingWish(config: ConfigMap): ReadingWish | null {
    return this.#plugin.reading?.(config) ?? null
  }

  /**
   * Makes the plugin's task and starts it. Rejects as the plugin does; a task that was made is to be stopped
   * then, too.
   */
  async start(config: ConfigMap, context: SinkTaskContext): Promise<void> {
    await this.#held.start(this.#plugin.createTask(config, context))
  }

  async open(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#held.task?.open?.(partitions)
  }

  /** Whether the plugin does anything of a batch before it is put. */
  get canPrepare(): boolean {
    return this.#held.task?.prepare !== undefined
  }

  prepare(records: readonly SinkRecord[]): void {
    this.#held.task?.prepare?.(records)
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    await this.#held.task?.put(records)
  }

  /** What may be committed, as the plugin says; all of it when it only flushes. */
  async preCommit(positions: readonly TopicPosition[]): Promise<readonly TopicPosition[]> {
    if (this.#held.task?.preCommit !== undefined) return this.#held.task.preCommit(positions)
    await this.#held.task?.flush?.()
    return positions
  }

  async close(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    await this.#held.task?.close?.(partitions, lost)
  }

  /** Ends the task, if one was started. Rejects as the plugin does. */
  async stop(): Promise<void> {
    await this.#held.stop()
  }

  /** What the plugin calls a record; null when it does not know. */
  nameRecord(record: SinkRecord): string | null {
    return this.#held.task?.nameRecord?.(record) ?? null
  }

  /** What the plugin says of its streams; nothing when it cannot. */
  progress(): ReadonlyMap<string, StreamFacts> {
    return this.#held.progress()
  }
}
