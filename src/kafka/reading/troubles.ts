import type { Clock } from '../../clock.ts'

/** What lasts so long is told. */
const LONG_MS = 10_000

/** What goes wrong at present, by what it concerns, and since when. */
export class Troubles {
  readonly #clock: Clock
  readonly #known = new Map<string, { text: string; readonly sinceMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether it is new. */
  note(what: string, text: string): boolean {
    const known = this.#known.get(what)
    if (known === undefined) this.#known.set(what, { text, sinceMs: this.#clock.monotonicMs() })
    else known.text = text
    return known === undefined
  }

  /** Whether there was any. */
  clear(what: string): boolean {
    return this.#known.delete(what)
  }

  /** What has lasted long, the oldest first; null when there is nothing of the kind. */
  get standstill(): string | null {
    const now = this.#clock.monotonicMs()
    for (const { text, sinceMs } of this.#known.values()) {
      const lastedMs = now - sinceMs
      if (lastedMs >= LONG_MS) return `${text} (for ${Math.round(lastedMs / 1000)} s)`
    }
    return null
  }
}
