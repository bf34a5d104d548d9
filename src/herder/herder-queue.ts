import { ConnectError } from '../errors.ts'

interface Request {
  run(): Promise<void>
  fail(error: Error): void
}

/**
 * Requests that wait for the tick: it runs them one at a time, so that what they see does not change under them.
 * A failing request fails its caller, never the tick. Bounded (I8).
 */
export class HerderQueue {
  readonly #onRequest: () => void
  readonly #limit: number
  readonly #waiting: Request[] = []
  #closed: Error | null = null

  constructor(onRequest: () => void, limit = 1000) {
    this.#onRequest = onRequest
    this.#limit = limit
  }

  /** Resolves or rejects as the action does, once its turn has come. */
  add<T>(action: () => Promise<T> | T): Promise<T> {
    if (this.#closed !== null) return Promise.reject(this.#closed)
    if (this.#waiting.length >= this.#limit) {
      return Promise.reject(
        new ConnectError(
          'NOT_READY',
          `${this.#limit} requests are waiting for this worker already; try again later`
        )
      )
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#waiting.push({
      async run() {
        try {
          resolve(await action())
        } catch (error) {
          reject(error)
        }
      },
      fail: reject
    })
    this.#onRequest()
    return promise
  }

  get size(): number {
    return this.#waiting.length
  }

  /** Runs what waits, and what comes meanwhile. */
  async runAll(): Promise<void> {
    for (;;) {
      const request = this.#waiting.shift()
      if (request === undefined) return
      await request.run()
    }
  }

  /** Fails what waits and what still comes. */
  close(error: Error): void {
    this.#closed = error
    for (const request of this.#waiting.splice(0)) request.fail(error)
  }
}
