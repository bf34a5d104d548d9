import type { Clock } from '../../clock.ts'
import { traceOf } from '../../errors.ts'
import type { GroupConsumer } from '../../kafka/contracts.ts'
import type { Logger } from '../../log.ts'
import { ownedBy } from '../../plugin/plugin-owner.ts'
import type { TargetState } from '../../storage/target-state.ts'
import type { SinkConversion } from '../pipeline/sink-conversion.ts'
import type { SinkTaskStart } from '../port.ts'
import type { TaskConditions } from '../task-conditions.ts'
import type { WorkerLink } from '../worker-calls.ts'
import type { DeadLetterQueue } from './dead-letter-queue.ts'
import type { OffsetCommits } from './offset-commits.ts'
import type { Rebalances } from './rebalances.ts'
import type { SinkContext } from './sink-context.ts'
import type { SinkLoop } from './sink-loop.ts'
import type { SinkMeter } from './sink-meter.ts'
import type { SinkTaskInstance } from './sink-task-instance.ts'

interface WorkerSinkTaskParts {
  readonly start: SinkTaskStart
  readonly worker: WorkerLink
  readonly plugin: SinkTaskInstance
  readonly context: SinkContext
  readonly consumer: GroupConsumer
  readonly conversion: SinkConversion
  readonly commits: OffsetCommits
  readonly rebalances: Rebalances
  readonly loop: SinkLoop
  readonly deadLetters: DeadLetterQueue | null
  readonly conditions: TaskConditions
  readonly meter: SinkMeter
  readonly stopping: AbortController
  readonly givenUp: AbortController
  readonly log: Logger
  readonly clock: Clock
}

/** How long leaving the group, and the last letters, may take after a clean end. */
const CLOSE_TIMEOUT_MS = 30_000

type LifeState =
  | { readonly kind: 'running' | 'stopping' | 'failed' | 'given up' }
  /** The plugin was not started yet. */
  | { readonly kind: 'waiting'; resume(): void }

/**
 * One sink task: its plugin, the consumer that feeds it, and the states both go through. What is done with
 * records is the loop's business.
 *
 * - *running*: from the start. With the target PAUSED nothing is read or put in it; the task stays in its
 *   group.
 * - *waiting*: entered from *running* by a task that is started with the target PAUSED, before it joins its
 *   group. Left to *running* by another target.
 * - *stopping*: entered from the two above when the task is asked to end, or its loop failed. The put that is
 *   under way ends, what was put is committed, the group is left, the plugin is stopped.
 * - *failed*: entered from all of these, with the one report of FAILED: at the end of *stopping* when the
 *   loop failed, at once when the plugin left an error behind.
 * - *given up*: entered by `cancel`, from any state and for good. From then on the task commits and says
 *   nothing (I2, I4), and leaves its group although its plugin may still be at work.
 *
 * The signal that the plugin has, `stopping`, is aborted in the last three and not in the first two.
 */
export class WorkerSinkTask {
  readonly #parts: WorkerSinkTaskParts
  #state: LifeState = { kind: 'running' }
  #isPauseWanted: boolean
  /** What the status says: PAUSED. */
  #isPauseSaid = false
  #nextLookMs = 0
  #trouble: string | null = null

  constructor(parts: WorkerSinkTaskParts) {
    this.#parts = parts
    this.#isPauseWanted = parts.start.target === 'PAUSED'
  }

  setTargetState(target: TargetState): void {
    this.#isPauseWanted = target === 'PAUSED'
    if (target === 'STOPPED') return this.stop()
    if (this.#state.kind === 'waiting' && !this.#isPauseWanted) {
      const { resume } = this.#state
      this.#state = { kind: 'running' }
      resume()
    } else this.#parts.consumer.wakeup()
  }

  stop(): void {
    if (this.#isAlive) this.#leaveLoop({ kind: 'stopping' })
  }

  /** I9: something the plugin left behind went wrong outside of any call: the task is FAILED, and ends. */
  fail(error: unknown): void {
    const { log } = this.#parts
    if (!this.#isAlive) {
      log.warn('A task that was asked to stop left an error behind', { error })
      return
    }
    log.error(
      'Task left an error behind that nobody handled. It will not recover until manually restarted',
      { error }
    )
    this.#toFailed(error)
  }

  /** I2, I4: it did not end in time. Its partitions are set free, and nothing more is committed. */
  cancel(): void {
    const { commits, context, deadLetters, givenUp, log } = this.#parts
    commits.close()
    this.#leaveLoop({ kind: 'given up' })
    const partitions = context.assignment()
    ownedBy(this, () => context.revoke({ reason: 'lost', partitions, withinMs: 0 }))
    givenUp.abort()
    deadLetters?.close(0).catch((error: unknown) => {
      log.warn('The dead letter queue of a cancelled task could not be closed', { error })
    })
    // The loop may wait for a registry, which has limits of its own.
    void this.#closeConversion()
  }

  /** Told by the consumer, whatever the plugin is doing. */
  revoking(...revocation: Parameters<Rebalances['revoking']>): void {
    // Listeners of the plugin run where the signal is aborted.
    ownedBy(this, () => this.#parts.rebalances.revoking(...revocation))
  }

  /** Runs until stopped or failed. Never rejects: a failure is reported as FAILED with its trace (I9). */
  async run(): Promise<void> {
    const { meter, log } = this.#parts
    let failure: { readonly error: unknown } | null = null
    const alongside = meter.pushRegularly()
    try {
      if (this.#isPauseWanted) await this.#toWaiting()
      if (this.#isAlive) await this.#startPlugin()
      while (this.#isAlive) await this.#turn()
    } catch (error) {
      // What fails because of the stop is no failure.
      if (!this.#isAlive) log.warn('After it was asked to stop, the task threw an error', { error })
      else {
        log.error(
          'Task threw an uncaught and unrecoverable exception. Task is being killed and will not recover until manually restarted',
          { error }
        )
        failure = { error }
      }
    }
    this.stop()
    await alongside
    await this.#finish()
    meter.push()
    if (failure !== null) this.#toFailed(failure.error)
  }

  /** Beside RUNNING stands what the task is coping with. */
  sayRunning(): void {
    if (this.#state.kind !== 'running' || this.#isPauseSaid) return
    const { worker, conditions } = this.#parts
    worker.tell({ kind: 'state', state: 'RUNNING', trace: conditions.text })
  }

  get #isAlive(): boolean {
    return this.#state.kind === 'running' || this.#state.kind === 'waiting'
  }

  #toWaiting(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#state = { kind: 'waiting', resume: resolve }
    this.#parts.worker.tell({ kind: 'state', state: 'PAUSED', trace: null })
    return promise
  }

  #toFailed(error: unknown): void {
    if (this.#state.kind === 'failed' || this.#state.kind === 'given up') return
    this.#leaveLoop({ kind: 'failed' })
    this.#parts.worker.tell({ kind: 'state', state: 'FAILED', trace: traceOf(error) })
  }

  #leaveLoop(state: LifeState): void {
    const before = this.#state
    this.#state = state
    // Listeners of the plugin run where the signal is aborted.
    ownedBy(this, () => this.#parts.stopping.abort())
    if (before.kind === 'waiting') before.resume()
    this.#parts.consumer.wakeup()
  }

  async #startPlugin(): Promise<void> {
    const { start, plugin, context, deadLetters, conditions, stopping, log } = this.#parts
    await deadLetters?.open(stopping.signal, (why) => conditions.look(why))
    if (!this.#isAlive) return
    await plugin.start(start.config, context)
    log.info('Sink task finished initialization and start')
    this.#nextLookMs = 0
    this.sayRunning()
  }

  async #turn(): Promise<void> {
    const { loop, commits, worker } = this.#parts
    if (this.#isPauseWanted !== this.#isPauseSaid) {
      this.#isPauseSaid = this.#isPauseWanted
      loop.isPaused = this.#isPauseWanted
      if (this.#isPauseWanted) {
        commits.request()
        worker.tell({ kind: 'state', state: 'PAUSED', trace: null })
      } else this.sayRunning()
    }
    await loop.turn()
    this.#look()
  }

  /** A new trouble is said at once, what was left out every so often. */
  #look(): void {
    const { consumer, loop, rebalances, conditions, start, clock } = this.#parts
    const trouble = loop.trouble ?? rebalances.trouble ?? consumer.standstill
    conditions.showFirstSkipped()
    if (trouble === this.#trouble && clock.monotonicMs() < this.#nextLookMs) return
    this.#trouble = trouble
    this.#nextLookMs = clock.monotonicMs() + start.offsetFlushIntervalMs
    conditions.look(trouble)
  }

  /** Last commit and group, a put that was given up, plugin, letters: each bounded (I4, I8). */
  async #finish(): Promise<void> {
    const { consumer, plugin, deadLetters, loop, log } = this.#parts
    const timeoutMs = this.#state.kind === 'given up' ? 0 : CLOSE_TIMEOUT_MS
    const ends: (() => Promise<void> | undefined)[] = [
      () => consumer.close('the task ended', timeoutMs),
      // Calls of the plugin never overlap.
      () => loop.lastPut,
      () => plugin.stop(),
      () => deadLetters?.close(timeoutMs),
      () => this.#closeConversion()
    ]
    for (const end of ends) {
      try {
        await end()
      } catch (error) {
        log.error('Task could not be ended cleanly', { error })
      }
    }
  }

  /** Never rejects: as in a JVM worker, nothing depends on it any more. */
  async #closeConversion(): Promise<void> {
    try {
      await this.#parts.conversion.close()
    } catch (error) {
      this.#parts.log.warn('What converted the records could not be closed', { error })
    }
  }
}
