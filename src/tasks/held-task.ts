import type { Logger } from '../log.ts'
import type { StreamFacts } from '../plugin/source.ts'
import { plainFacts } from './plain-facts.ts'

/** What tasks of plugins have in common, whichever way their records go. */
interface PluginTask {
  start?(): Promise<void> | void
  stop(): Promise<void> | void
  progress?(): ReadonlyMap<string, StreamFacts>
}

/**
 * A plugin's task from its start to its stop. There is none before the first `start`; each further one holds
 * another. Of a task that was stopped questions are still answered.
 */
export class HeldTask<T extends PluginTask> {
  readonly #log: Logger
  #task: T | null = null
  #isToBeStopped = false
  /** It is asked for its progress again and again, and told of the first failure only. */
  #isProgressTold = false

  constructor(log: Logger) {
    this.#log = log
  }

  get task(): T | null {
    return this.#task
  }

  /** Rejects as the plugin does; the task is to be stopped then, too. */
  async start(task: T): Promise<void> {
    this.#task = task
    this.#isToBeStopped = true
    await task.start?.()
  }

  /** Ends the task, if one was started. Rejects as the plugin does. */
  async stop(): Promise<void> {
    if (!this.#isToBeStopped) return
    this.#isToBeStopped = false
    await this.#task?.stop()
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
