import { ConnectError } from '../../../errors.ts'

/** So many records in a row are looked at. */
const WINDOW = 100
const MOST_MESSAGES = 3

/**
 * Counts which of the latest records could not be written. When most of them cannot, the fault is taken to be
 * ours, and not theirs: `errors.isolation.max.share`.
 */
export class BadShare {
  readonly #most: number
  /** Of the latest records: what was wrong with it, or null. */
  #latest: (string | null)[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Whether so many of so many records are more than the share, whichever they are. */
  isBeyond(bad: number, of: number): boolean {
    return bad > this.#most * Math.max(of, WINDOW)
  }

  /**
   * Takes records in their order: the message of each, null for those that were written. Throws ConnectError
   * when a hundred in a row have more bad ones among them than the share; then nothing was taken.
   */
  add(outcomes: readonly (string | null)[]): void {
    const all = [...this.#latest, ...outcomes]
    let bad = 0
    for (let index = 0; index < all.length; index++) {
      if (all[index] !== null) bad++
      if (index >= WINDOW && all[index - WINDOW] !== null) bad--
      if (index >= WINDOW - 1 && bad > this.#most * WINDOW) {
        throw tooMany(all.slice(index + 1 - WINDOW, index + 1))
      }
    }
    this.#latest = all.slice(-(WINDOW - 1))
  }
}

export function tooMany(messages: readonly (string | null)[]): ConnectError {
  const counts = new Map<string, number>()
  for (const message of messages) {
    if (message !== null) counts.set(message, (counts.get(message) ?? 0) + 1)
  }
  const bad = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const commonest = [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_MESSAGES)
    .map(([message, count]) => `${count} times: ${message}`)
  return new ConnectError(
    'DATABASE_ERROR',
    `${bad} of ${messages.length} records in a row cannot be written, more than errors.isolation.max.share allows: the fault does not seem to be theirs, and none of this batch was handed on. ${commonest.join('; ')}`
  )
}
