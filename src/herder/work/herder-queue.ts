import { ConnectError } from '../../errors.ts'

interface Request {
  /** While true the request waits for a later round, but only so often. */
  readonly holdBack: () => boolean
  heldBack: number
  run(): Promise<void>
  fail(error: Error): void
}

/** How many rounds a request may be held back. */
const PATIENCE = 3
/** A request often takes several steps, and clients wait for one before they send the next. */
const PASSES = 4

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

  /** Resolves or rejects as the action does, once its turn has come. `holdBack`: better run in the next round while this is true. */
  add<T>(action: () => Promise<T> | T, holdBack?: () => boolean): Promise<T> {
    if (this.#closed !== null) return Promise.reject(this.#closed)
    if (this.#waiting.length >= this.#limit) {
      return Promise.reject(
        new ConnectError(
          'NOT_READY',
          `${this.#limit} requests are waiting for this worker already; try again later`
        )
      )
    }
    return this.#push(action, holdBack)
  }

  /** For what this worker itself has to do, at most a few things for each connector and task: it is not refused for what others ask. */
  addOwn<T>(action: () => Promise<T> | T): Promise<T> {
    return this.#closed === null ? this.#push(action) : Promise.reject(this.#closed)
  }

  #push<T>(action: () => Promise<T> | T, holdBack: () => boolean = () => false): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#waiting.push({
      holdBack,
      heldBack: 0,
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

  /** Runs what waits, and some of what comes meanwhile, as long as `goOn` says so. A tick has other things to do as well (I8). */
  async runAll(goOn: () => boolean = () => true): Promise<void> {
    const later: Request[] = []
    for (let pass = 0; pass < PASSES && this.#waiting.length > 0 && goOn(); pass++) {
      await this.#runWaiting(goOn, later)
    }
    if (this.#closed === null) this.#waiting.unshift(...later)
    else for (const request of later) request.fail(this.#closed)
  }

  async #runWaiting(goOn: () => boolean, later: Request[]): Promise<void> {
    for (let left = this.#waiting.length; left > 0 && goOn(); left--) {
      const request = this.#waiting.shift()
      if (request === undefined) break
      if (request.heldBack < PATIENCE && request.holdBack()) {
        request.heldBack += 1
        later.push(request)
      } else {
        await request.run()
      }
    }
  }

  /** Fails what waits and what still comes. */
  close(error: Error): void {
    this.#closed = error
    for (const request of this.#waiting.splice(0)) request.fail(error)
  }
}
