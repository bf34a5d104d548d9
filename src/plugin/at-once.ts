import { ConnectError } from '../errors.ts'

/**
 * I8: work that requests bring, so much of it at once. One more is refused at once, and may be asked for
 * again.
 */
export class AtOnce {
  readonly #most: number
  /** In the plural, as people call it. */
  readonly #what: string
  #running = 0

  constructor(most: number, what: string) {
    this.#most = most
    this.#what = what
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) {
      throw new ConnectError(
        'NOT_READY',
        `${this.#running} ${this.#what} are under way; try again later`
      )
    }
    this.#running += 1
    try {
      return await work()
    } finally {
      this.#running -= 1
    }
  }
}
