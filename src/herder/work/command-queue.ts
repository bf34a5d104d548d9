import { ConnectError } from '../../errors.ts'

/** What one kind of command carries, and what it answers. */
export interface Asks<Carries extends object, Answers> {
  readonly carries: Carries
  readonly answers: Answers
}
type Carries<T, K extends keyof T> = T[K] extends Asks<infer C, unknown> ? C : never
export type AnswerOf<T, K extends keyof T> =
  T[K] extends Asks<infer _C, infer Answers> ? Answers : never

/** A command as a plain value: `{ kind: 'stopConnector', name: 'orders' }`. `T` lists the kinds. */
export type Command<T, K extends keyof T = keyof T> = {
  [P in K]: { readonly kind: P } & Carries<T, P>
}[K]

/** Runs commands in their turn, and answers what became of them. */
export interface Commands<T> {
  run<K extends keyof T>(command: Command<T, K>): Promise<AnswerOf<T, K>>
}

/** What commands do, one function for each kind. */
export type Handlers<T> = {
  readonly [K in keyof T]: (command: Command<T, K>) => Promise<AnswerOf<T, K>> | AnswerOf<T, K>
}

export interface Executor<T> {
  execute(command: Command<T>): unknown
  /** While true the command waits for a later round, but only so often. */
  holdsBack(kind: keyof T): boolean
}

/** The handler of a command, called with it. */
export function handle<T, K extends keyof T>(
  handlers: Handlers<T>,
  command: Command<T, K>
): Promise<AnswerOf<T, K>> | AnswerOf<T, K> {
  const handler = handlers[command.kind] as Handlers<T>[K]
  return handler(command)
}

interface CommandQueueOptions<T> {
  /** There is something to do. */
  wake(): void
  /** Commands are taken in once this resolves; rejected with it. */
  readonly ready: Promise<void>
  /**
   * What the worker itself has to do, at most a few things for each connector and task: never refused because
   * of what others ask.
   */
  readonly own?: ReadonlySet<keyof T>
  /** How many commands may wait. */
  readonly limit?: number
}

interface Waiting<T> {
  /** null: only the turn itself is waited for. */
  readonly command: Command<T> | null
  heldBack: number
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/** How many rounds a command may be held back. */
const PATIENCE = 3
/** A request often takes several commands, and clients wait for one before they send the next. */
const PASSES = 4
const LIMIT = 1000

/**
 * Commands that wait for their turn: a loop runs them one at a time, so that what they see does not change
 * under them. A failing command fails its caller, never the loop. Bounded (I8).
 */
export class CommandQueue<T> implements Commands<T> {
  readonly #options: CommandQueueOptions<T>
  readonly #waiting: Waiting<T>[] = []
  #closed: Error | null = null

  constructor(options: CommandQueueOptions<T>) {
    this.#options = options
  }

  /** Resolves or rejects as the command's handler does, once its turn has come. */
  async run<K extends keyof T>(command: Command<T, K>): Promise<AnswerOf<T, K>> {
    await this.#options.ready
    return (await this.#push(command)) as AnswerOf<T, K>
  }

  /** Resolves when the loop has come to what was asked before. */
  async turn(): Promise<void> {
    await this.#options.ready
    await this.#push(null)
  }

  get size(): number {
    return this.#waiting.length
  }

  /**
   * Runs what waits, and some of what comes meanwhile, as long as `goOn` says so. A loop has other things to
   * do as well (I8).
   */
  async runAll(executor: Executor<T>, goOn: () => boolean = () => true): Promise<void> {
    const later: Waiting<T>[] = []
    for (let pass = 0; pass < PASSES && this.#waiting.length > 0 && goOn(); pass++) {
      await this.#runWaiting(executor, goOn, later)
    }
    if (this.#closed === null) this.#waiting.unshift(...later)
    else for (const waiting of later) waiting.reject(this.#closed)
  }

  /** Fails what waits and what still comes. */
  close(error: Error): void {
    this.#closed = error
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
  }

  #push(command: Command<T> | null): Promise<unknown> {
    const { own, limit = LIMIT } = this.#options
    if (this.#closed !== null) return Promise.reject(this.#closed)
    const isOwn = command !== null && own?.has(command.kind) === true
    if (this.#waiting.length >= limit && !isOwn) {
      return Promise.reject(
        new ConnectError(
          'NOT_READY',
          `${limit} requests are waiting for this worker already; try again later`
        )
      )
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.push({ command, heldBack: 0, resolve, reject })
    this.#options.wake()
    return promise
  }

  async #runWaiting(
    executor: Executor<T>,
    goOn: () => boolean,
    later: Waiting<T>[]
  ): Promise<void> {
    for (let left = this.#waiting.length; left > 0 && goOn(); left--) {
      const waiting = this.#waiting.shift()
      if (waiting === undefined) break
      const { command } = waiting
      if (command !== null && waiting.heldBack < PATIENCE && executor.holdsBack(command.kind)) {
        waiting.heldBack += 1
        later.push(waiting)
      } else await answer(executor, waiting)
    }
  }
}

async function answer<T>(
  executor: Executor<T>,
  { command, resolve, reject }: Waiting<T>
): Promise<void> {
  try {
    resolve(command === null ? undefined : await executor.execute(command))
  } catch (error) {
    reject(error)
  }
}
