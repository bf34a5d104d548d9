import { type Clock, systemClock } from '../clock.ts'
import { ConnectError, isRetriable } from '../errors.ts'
import type { Logger } from '../log.ts'

/** Where in the life of a record something failed; Connect's words. */
export type Stage =
  | 'TRANSFORMATION'
  | 'KEY_CONVERTER'
  | 'VALUE_CONVERTER'
  | 'HEADER_CONVERTER'
  | 'KAFKA_PRODUCE'

export interface ErrorPolicy {
  /** `errors.retry.timeout`: 0 none, -1 for ever. */
  readonly retryTimeoutMs: number
  /** `errors.retry.delay.max.ms` */
  readonly retryDelayMaxMs: number
  readonly tolerance: 'none' | 'all'
  readonly logErrors: boolean
  readonly logMessages: boolean
}

/** What a tolerated failure is reported with. */
export interface FailureContext {
  readonly stage: Stage
  /** Class name of the plugin that failed. */
  readonly executing: string
  /** Text of the record, for `errors.log.include.messages`; made only when needed. */
  describe(): string
}

const FIRST_DELAY_MS = 300

/**
 * What happens to a record whose transformation or conversion failed (KIP-298). The good case costs nothing: callers run the
 * operation themselves and come here only with what it threw.
 */
export class RetryWithTolerance {
  readonly #policy: ErrorPolicy
  readonly #task: string
  readonly #log: Logger
  readonly #clock: Clock
  readonly #stopping: AbortSignal
  skipped = 0

  constructor(options: {
    policy: ErrorPolicy
    /** `connector-0`, for messages. */
    task: string
    log: Logger
    stopping: AbortSignal
    clock?: Clock
  }) {
    this.#policy = options.policy
    this.#task = options.task
    this.#log = options.log
    this.#stopping = options.stopping
    this.#clock = options.clock ?? systemClock
  }

  get tolerateAll(): boolean {
    return this.#policy.tolerance === 'all'
  }

  /**
   * Answers the value of a later attempt, or undefined when the record is to be skipped; throws when the task has to fail.
   * Unlike Kafka, a retriable error that runs out of its budget is not skipped under `errors.tolerance=none`: that would lose a row.
   */
  async recover<T>(
    thrown: unknown,
    context: FailureContext,
    attempt: () => T | Promise<T>
  ): Promise<T | undefined> {
    let error = thrown
    const started = this.#clock.now()
    const limit = this.#policy.retryTimeoutMs
    for (let retry = 0; isRetriable(error) && !this.#stopping.aborted; retry++) {
      const left = limit < 0 ? Number.POSITIVE_INFINITY : started + limit - this.#clock.now()
      if (left <= 0) break
      await this.#clock.sleep(Math.min(this.#delay(retry), left), this.#stopping)
      try {
        return await attempt()
      } catch (next) {
        error = next
      }
    }
    return this.skipOrThrow(error, context)
  }

  /** The end of the line for a record: skipped and reported under `errors.tolerance=all`, otherwise the task fails. */
  skipOrThrow(error: unknown, context: FailureContext): undefined {
    this.#report(error, context)
    if (this.#policy.tolerance === 'none') {
      throw new ConnectError('DATA_INVALID', 'Tolerance exceeded in error handler', {
        cause: error,
        stage: context.stage,
        record: context.describe()
      })
    }
    this.skipped += 1
    return undefined
  }

  #delay(retry: number): number {
    const delay = FIRST_DELAY_MS * 2 ** Math.min(retry, 30)
    const max = this.#policy.retryDelayMaxMs
    return delay <= max ? delay : Math.random() * max
  }

  #report(error: unknown, context: FailureContext): void {
    if (!this.#policy.logErrors) return
    const record = this.#policy.logMessages
      ? `, where source record is = ${context.describe()}`
      : ''
    this.#log.error(
      `Error encountered in task ${this.#task}. Executing stage '${context.stage}' with class '${context.executing}'${record}.`,
      { error }
    )
  }
}
