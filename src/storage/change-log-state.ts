import type { Change } from './change-history.ts'

/** So much of the text of changes is kept at hand: some ten thousand of them. */
const MOST_BYTES = 32 * 1024 * 1024

interface Kept {
  readonly change: Change
  readonly bytes: number
}

/** The newest changes (I8: bounded by their size); older ones stay in the topic alone. */
export class ChangeLogState {
  readonly #most: number
  #kept: Kept[] = []
  #bytes = 0

  constructor(most = MOST_BYTES) {
    this.#most = most
  }

  /** In the order of their numbers. `bytes`: length of its text. */
  add(change: Change, bytes: number): void {
    this.#kept.push({ change, bytes })
    this.#bytes += bytes
    let gone = 0
    for (; this.#bytes > this.#most && gone < this.#kept.length - 1; gone++) {
      this.#bytes -= this.#kept[gone]?.bytes ?? 0
    }
    if (gone > 0) this.#kept = this.#kept.slice(gone)
  }

  latest(connector: string | null, limit: number): Change[] {
    const found: Change[] = []
    for (let at = this.#kept.length - 1; at >= 0 && found.length < limit; at--) {
      const change = this.#kept[at]?.change
      if (change !== undefined && (connector === null || change.connector === connector)) {
        found.push(change)
      }
    }
    return found
  }

  find(connector: string, id: number): Change | null {
    const kept = this.#kept.find(({ change }) => change.id === id && change.connector === connector)
    return kept?.change ?? null
  }
}
