import type { Clock } from '../../clock.ts'
import { ConnectError, isRetriable, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ErrorPolicy } from '../../settings/connector/connector-settings.ts'
import { SkippedRecords } from './skipped-records.ts'
import type { StageName } from './stages.ts'

/** What a tolerated failure is reported with. */
interface FailureContext {
  readonly stage: StageName
  /** Class name of the plugin that failed. */
  readonly executing: string
  /** Which record: its row, or key, and where it stands; never its value. Made only when needed. */
  describe(): string
  /** The whole record as a sentence goes on, for `errors.log.include.messages`. */
  text(): string
  /** Where else a failure is reported, whatever becomes of the task. */
  report?(error: unknown): void
  /** What fails because something is away is thrown, whatever is tolerated: no record is at fault (I14). */
  readonly outagesAreThrown?: true
}

const FIRST_DELAY_MS = 300

/**
 * What happens to a record whose transformation or conversion failed (KIP-298). The good case costs nothing:
 * callers run the operation themselves and come here only with what it threw.
 */
export class RetryWithTolerance {
  readonly #policy: ErrorPolicy
  readonly #task: string
  readonly #log: Logger
  readonly #clock: Clock
  readonly #stopping: AbortSignal
  readonly skipped: SkippedRecords

  constructor(options: {
    policy: ErrorPolicy
    /** `connector-0`, for messages. */
    task: string
    log: Logger
    stopping: AbortSignal
    clock: Clock
  }) {
    this.#policy = options.policy
    this.#task = options.task
    this.#log = options.log
    this.#stopping = options.stopping
    this.#clock = options.clock
    this.skipped = new SkippedRecords(options.log, this.#clock)
  }

  get tolerateAll(): boolean {
    return this.#policy.tolerance === 'all'
  }

  /**
   * Answers the value of a later attempt, or undefined when the record is to be skipped; throws when the task
   * has to fail, and what was thrown when the task is to stop: the record is read again after its next start.
   */
  async recover<T>(
    thrown: unknown,
    context: FailureContext,
    attempt: () => T | Promise<T>
  ): Promise<T | undefined> {
    let error = thrown
    const started = this.#clock.now()
    const limit = this.#policy.retryTimeoutMs
    for (let retry = 0; isRetriable(error); retry++) {
      if (this.#stopping.aborted) throw error
      const left = limit < 0 ? Number.POSITIVE_INFINITY : started + limit - this.#clock.now()
      if (left <= 0) break
      await this.#clock.sleep(Math.min(this.#delay(retry), left), this.#stopping)
      try {
        return await attempt()
      } catch (next) {
        error = next
      }
    }
    if (context.outagesAreThrown === true && isOutage(error)) throw error
    if (
      this.#policy.tolerance === 'none' &&
      this.#policy.exhausted === 'skip' &&
      mayBeLost(error)
    ) {
      return this.#loseLikeTheJvm(error, context)
    }
    return this.skipOrThrow(error, context)
  }

  /**
   * The end of the line for a record: skipped and reported under `errors.tolerance=all`, otherwise the task
   * fails.
   */
  skipOrThrow(error: unknown, context: FailureContext): undefined {
    this.#report(error, context)
    if (this.#policy.tolerance === 'none') {
      throw new ConnectError('DATA_INVALID', 'Tolerance exceeded in error handler', {
        cause: error,
        stage: context.stage,
        record: context.describe()
      })
    }
    this.skipped.add(failureText(error, context), this.#policy.logErrors)
    return undefined
  }

  /**
   * Kafka's rule: a retriable error without budget drops the record although nothing is tolerated. Said
   * loudly, whatever is to be logged.
   */
  #loseLikeTheJvm(error: unknown, context: FailureContext): undefined {
    this.#report(error, context)
    const text = failureText(error, context)
    this.#log.error(
      `RECORD LOST although errors.tolerance is none: ${text}. A retriable error went on for longer than errors.retry.timeout (${this.#policy.retryTimeoutMs} ms), and a JVM worker drops the record then. errors.retry.exhausted=fail makes the task fail instead`,
      { error }
    )
    this.skipped.add(text, true)
    return undefined
  }

  #delay(retry: number): number {
    const delay = FIRST_DELAY_MS * 2 ** Math.min(retry, 30)
    const max = this.#policy.retryDelayMaxMs
    return delay <= max ? delay : Math.random() * max
  }

  #report(error: unknown, context: FailureContext): void {
    context.report?.(error)
    if (!this.#policy.logErrors) return
    const record = this.#policy.logMessages ? `, where ${context.text()}` : ''
    this.#log.error(
      `Error encountered in task ${this.#task}. Executing stage '${context.stage}' with class '${context.executing}'${record}.`,
      { error, record: context.describe() }
    )
  }
}

/**
 * Something that is away takes every record with it: our own plugins mark such errors, and they fail the
 * task, as final errors do in a JVM worker.
 */
function mayBeLost(error: unknown): boolean {
  return isRetriable(error) && !isOutage(error)
}

/** What is needed is away, for every record alike. */
function isOutage(error: unknown): boolean {
  return isRetriable(error) && (error as ConnectError).facts['outage'] === true
}

function failureText(error: unknown, { stage, executing, describe }: FailureContext): string {
  const message = messageOf(error)
  const record = describe()
  const where = message.includes(record) ? '' : ` (${record})`
  return `${message}${where}, in stage ${stage} with ${executing}`
}
