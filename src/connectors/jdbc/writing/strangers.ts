import type { Clock } from '../../../clock.ts'
import { ConnectError, RetriableError, isRetriable } from '../../../errors.ts'
import type { SinkTaskContext } from '../../../plugin/sink.ts'

/** So long a task of another worker may take to leave, be it killed: Kafka's session, and some more. */
const GRACE_MS = 60_000

interface StrangersParts {
  readonly context: Pick<SinkTaskContext, 'strangers'>
  readonly clock: Clock
  /** Nothing is written beside them. */
  readonly isRequired: boolean
}

/**
 * I15: members of the consumer group that know nothing of positions in the database, such as tasks of a JVM
 * worker. What they write moves no position, and would be written again by who gets their partitions.
 */
export class Strangers {
  readonly #parts: StrangersParts
  #sinceMs: number | null = null
  #found: readonly string[] = []

  constructor(parts: StrangersParts) {
    this.#parts = parts
  }

  /** What an operator should know of them; null: there are none. */
  get notice(): string | null {
    if (this.#found.length === 0) return null
    return `consumers that know nothing of positions in the database are in the group, and what they write may come twice: ${this.#found.join(', ')}`
  }

  /**
   * Where nothing may be written beside them, rejects with RetriableError while they may still leave, and
   * then with ConnectError.
   */
  async look(): Promise<void> {
    const { clock, isRequired } = this.#parts
    try {
      this.#found = await this.#parts.context.strangers()
    } catch (error) {
      // Kafka is asked again with the next claim, or in some seconds; until then what it said last counts.
      if (!isRetriable(error)) throw error
    }
    const { notice } = this
    if (notice === null) {
      this.#sinceMs = null
      return
    }
    this.#sinceMs ??= clock.monotonicMs()
    if (!isRequired) return
    const why = `exactly.once.sink is required, but ${notice}`
    if (clock.monotonicMs() - this.#sinceMs < GRACE_MS) {
      throw new RetriableError(why, { outage: true, trouble: 'The group has other members' })
    }
    throw new ConnectError('KAFKA_ERROR', `${why}. Stop them, or set exactly.once.sink=off`)
  }
}
