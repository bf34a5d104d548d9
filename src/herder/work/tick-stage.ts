import type { Clock } from '../../clock.ts'

/** What the herder is doing and since when, for those who wait for it (time-outs of REST, `/health`). */
export class TickStage {
  readonly #clock: Clock
  #what: string
  #since: number
  #until: number | null = null

  constructor(clock: Clock) {
    this.#clock = clock
    this.#what = 'awaiting startup'
    this.#since = clock.now()
  }

  begin(what: string): void {
    this.#what = what
    this.#since = this.#clock.now()
    this.#until = null
  }

  end(): void {
    this.#until ??= this.#clock.now()
  }

  async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.begin(what)
    try {
      return await work()
    } finally {
      this.end()
    }
  }

  /** The sentence that clients know from the JVM worker. */
  sentence(): string {
    const since = instant(this.#since)
    return this.#until === null
      ? `The worker is currently ${this.#what}, which began at ${since}.`
      : `The last operation the worker completed was ${this.#what}, which began at ${since} and completed at ${instant(this.#until)}.`
  }
}

/** ISO-8601 in UTC; whole seconds without a fraction, as Java writes them. */
function instant(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('.000Z', 'Z')
}
