import type { Clock } from '../../clock.ts'
import type { Logger } from '../../log.ts'

/** Lines about skipped records in one minute: a table full of broken rows must not fill the log. */
const LINES_PER_MINUTE = 100
const MINUTE_MS = 60_000

/**
 * Puts skipped records on record: each in the log, as far as the log can take it, and their number and the
 * last one as a condition of the task.
 */
export class SkippedRecords {
  readonly #log: Logger
  readonly #clock: Clock
  #count = 0
  #last = ''
  #minuteEndsAt = 0
  #lines = 0
  #unsaid = 0

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  get count(): number {
    return this.#count
  }

  /** What an operator should see beside RUNNING; null while nothing was skipped. */
  get condition(): string | null {
    if (this.#count === 0) return null
    const records = this.#count === 1 ? '1 record was' : `${this.#count} records were`
    return `${records} left out since the start of the task. The last one: ${this.#last}`
  }

  /** `said`: the log has a line about it already. */
  add(text: string, said: boolean): void {
    this.#count += 1
    this.#last = text
    if (said) return
    const now = this.#clock.now()
    if (now >= this.#minuteEndsAt) {
      if (this.#unsaid > 0) this.#log.warn(`${this.#unsaid} more records were left out`)
      this.#minuteEndsAt = now + MINUTE_MS
      this.#lines = 0
      this.#unsaid = 0
    }
    if (this.#lines < LINES_PER_MINUTE) {
      this.#lines += 1
      this.#log.warn(`A record is left out: ${text}`)
    } else this.#unsaid += 1
  }
}
