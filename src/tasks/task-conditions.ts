import type { Logger } from '../log.ts'

/** What was left out so far. */
interface Skipped {
  readonly count: number
  /** null while nothing was. */
  readonly condition: string | null
}

/**
 * What a task is coping with: what its plugin says, what its records wait for, and what was left out. Its
 * status says it beside RUNNING.
 */
export class TaskConditions {
  readonly #skipped: Skipped
  readonly #log: Logger
  readonly #onChange: () => void
  #ofPlugin: string | null = null
  #standstill: string | null = null
  /** How many skipped records the status tells of. */
  #skippedShown = 0

  constructor(skipped: Skipped, log: Logger, onChange: () => void) {
    this.#skipped = skipped
    this.#log = log
    this.#onChange = onChange
  }

  /** null: all is well. */
  get text(): string | null {
    const all = [this.#ofPlugin, this.#standstill, this.#skipped.condition].filter(
      (text) => text !== null
    )
    return all.length === 0 ? null : all.join('; ')
  }

  /** The plugin says so; null takes it back. */
  fromPlugin(condition: string | null): void {
    if (condition === this.#ofPlugin) return
    this.#ofPlugin = condition
    if (condition !== null) this.#log.warn(condition)
    this.#onChange()
  }

  /** Another task of the plugin takes its place, and has said nothing yet. */
  forgetPlugin(): void {
    this.#ofPlugin = null
  }

  /** Records wait for the topic they are to go to. */
  waitForTopic(why: string): void {
    this.#standstill = why
    this.#onChange()
  }

  /**
   * Every so often: what records on their way wait for, null when for nothing, and how many were left out.
   */
  look(standstill: string | null): void {
    if (standstill === this.#standstill) {
      this.#showSkipped()
      return
    }
    this.#standstill = standstill
    if (standstill !== null) this.#log.warn(standstill)
    this.#onChange()
  }

  /**
   * The first skipped record is shown at once, further ones every so often: each showing is a record in the
   * status topic.
   */
  showFirstSkipped(): void {
    if (this.#skippedShown === 0) this.#showSkipped()
  }

  #showSkipped(): void {
    const { count } = this.#skipped
    if (count === this.#skippedShown) return
    this.#skippedShown = count
    this.#onChange()
  }
}
