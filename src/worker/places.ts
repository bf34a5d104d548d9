import { ConnectError } from '../errors.ts'

/** The place of one instance, from when it was asked for. Who finds that it holds the place no longer was stopped meanwhile (I2). */
export interface Place<R> {
  readonly key: string
  running: R | null
}

/** What runs here, and what is about to: one instance of each key at a time. */
export class Places<R> {
  readonly #places = new Map<string, Place<R>>()

  /** `taken`: the error when something has that place. */
  take(key: string, taken: string): Place<R> {
    if (this.#places.has(key)) throw new ConnectError('ALREADY_EXISTS', taken)
    const place: Place<R> = { key, running: null }
    this.#places.set(key, place)
    return place
  }

  holds(place: Place<R>): boolean {
    return this.#places.get(place.key) === place
  }

  /** After each step of a start that takes time. */
  requireHeld(place: Place<R>): void {
    if (this.holds(place)) return
    throw new ConnectError('WORKER_STOPPING', `${place.key} was taken away while it was started`)
  }

  leave(place: Place<R>): void {
    if (this.holds(place)) this.#places.delete(place.key)
  }

  get(key: string): Place<R> | null {
    return this.#places.get(key) ?? null
  }

  keys(): string[] {
    return [...this.#places.keys()]
  }

  running(): R[] {
    return [...this.#places.values()].flatMap(({ running }) => running ?? [])
  }
}
