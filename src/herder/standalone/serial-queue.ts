import {
  type AnswerOf,
  type Command,
  CommandQueue,
  type Commands,
  type Executor
} from '../work/command-queue.ts'

/** Runs commands one after the other, as they come, without a tick. */
export class SerialQueue<T> implements Commands<T> {
  readonly #queue: CommandQueue<T>
  #executor: Executor<T> | null = null
  #draining = false

  /** Commands are taken in once `ready` resolves. */
  constructor(ready: Promise<void>) {
    this.#queue = new CommandQueue({ ready, wake: () => this.#drain() })
  }

  /** Who runs the commands, before the first one comes. */
  runBy(executor: Executor<T>): void {
    this.#executor = executor
  }

  run<K extends keyof T>(command: Command<T, K>): Promise<AnswerOf<T, K>> {
    return this.#queue.run(command)
  }

  /** Resolves when what was asked before has been run. */
  turn(): Promise<void> {
    return this.#queue.turn()
  }

  close(error: Error): void {
    this.#queue.close(error)
  }

  #drain(): void {
    if (this.#draining || this.#executor === null) return
    this.#draining = true
    // Commands report to their callers; draining itself cannot fail.
    void this.#queue.runAll(this.#executor).finally(() => {
      this.#draining = false
      // One that came between the last command and this line has found the queue still draining.
      if (this.#queue.size > 0) this.#drain()
    })
  }
}
