import type { Clock } from '../../clock.ts'
import type { GroupConsumer } from '../../kafka/contracts.ts'
import type { Logger } from '../../log.ts'
import { ownedBy } from '../../plugin/plugin-owner.ts'
import type { TargetState } from '../../storage/target-state.ts'
import { closeConversion } from '../pipeline/close-conversion.ts'
import type { SinkConversion } from '../pipeline/sink-conversion.ts'
import type { SinkTaskStart } from '../port.ts'
import type { TaskConditions } from '../task-conditions.ts'
import { TaskLife } from '../task-life.ts'
import type { WorkerLink } from '../worker-calls.ts'
import type { DeadLetterQueue } from './dead-letter-queue.ts'
import type { OffsetCommits } from './offset-commits.ts'
import type { PartitionOrigins } from './partition-origins.ts'
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
  readonly origins: PartitionOrigins
  readonly meter: SinkMeter
  readonly stopping: AbortController
  readonly givenUp: AbortController
  readonly log: Logger
  readonly clock: Clock
}

/** How long leaving the group, and the last letters, may take after a clean end. */
const CLOSE_TIMEOUT_MS = 30_000

/**
 * One sink task: its plugin, the consumer that feeds it, and the life of both (`task-life.ts`). What is done
 * with records is the loop's business.
 *
 * A task that is started with the target PAUSED waits before it joins its group; one that is paused later
 * stays in its group, and nothing is read or put in it. One that is to end ends the put that is under way,
 * commits what was put, leaves the group, and stops its plugin. One that is given up leaves its group
 * although its plugin may still be at work, and commits nothing more.
 */
export class WorkerSinkTask {
  readonly #parts: WorkerSinkTaskParts
  readonly #life: TaskLife
  #isPauseWanted: boolean
  /** What the status says: PAUSED. */
  #isPauseSaid = false
  #nextLookMs = 0
  #trouble: string | null = null

  constructor(parts: WorkerSinkTaskParts) {
    this.#parts = parts
    this.#isPauseWanted = parts.start.target === 'PAUSED'
    this.#life = new TaskLife({
      ...parts,
      owner: this,
      onLeaving: () => parts.consumer.wakeup()
    })
  }

  setTargetState(target: TargetState): void {
    this.#isPauseWanted = target === 'PAUSED'
    if (target === 'STOPPED') return this.stop()
    if (this.#isPauseWanted || !this.#life.resume()) this.#parts.consumer.wakeup()
  }

  stop(): void {
    this.#life.stop()
  }

  /** I9: something the plugin left behind went wrong outside of any call. */
  fail(error: unknown): void {
    this.#life.failAside(error)
  }

  /** I2, I4: it did not end in time. Its partitions are set free, and nothing more is committed. */
  cancel(): void {
    const { commits, context, conversion, deadLetters, givenUp, log } = this.#parts
    commits.close()
    this.#life.giveUp()
    const partitions = context.assignment()
    ownedBy(this, () => context.revoke({ reason: 'lost', partitions, withinMs: 0 }))
    givenUp.abort()
    deadLetters?.close(0).catch((error: unknown) => {
      log.warn('The dead letter queue of a cancelled task could not be closed', { error })
    })
    // The loop may wait for a registry, which has limits of its own.
    void closeConversion(conversion, log)
  }

  /** Told by the consumer, whatever the plugin is doing. */
  revoking(...revocation: Parameters<Rebalances['revoking']>): void {
    // Listeners of the plugin run where the signal is aborted.
    ownedBy(this, () => this.#parts.rebalances.revoking(...revocation))
  }

  /** Runs until stopped or failed. Never rejects: a failure is reported as FAILED with its trace (I9). */
  async run(): Promise<void> {
    const { meter } = this.#parts
    const alongside = meter.pushRegularly()
    const failure = await this.#life.lead(async () => {
      if (this.#isPauseWanted) await this.#life.wait()
      if (this.#life.isAlive) await this.#startPlugin()
      while (this.#life.isAlive) await this.#turn()
    })
    this.#life.stop()
    await alongside
    await this.#finish()
    meter.push()
    if (failure !== null) this.#life.fail(failure.error)
  }

  /** Beside RUNNING stands what the task is coping with. */
  sayRunning(): void {
    if (!this.#life.isRunning || this.#isPauseSaid) return
    const { worker, conditions } = this.#parts
    worker.tell({ kind: 'state', state: 'RUNNING', trace: conditions.text })
  }

  async #startPlugin(): Promise<void> {
    const { start, plugin, context, deadLetters, conditions, stopping, log } = this.#parts
    await deadLetters?.open(stopping.signal, (why) => conditions.look(why))
    if (!this.#life.isAlive) return
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
    const { consumer, plugin, conversion, deadLetters, loop, origins, log } = this.#parts
    const timeoutMs = this.#life.isGivenUp ? 0 : CLOSE_TIMEOUT_MS
    const ends: (() => Promise<void> | undefined)[] = [
      () => consumer.close('the task ended', timeoutMs),
      // Calls of the plugin never overlap.
      () => loop.lastPut,
      () => plugin.stop(),
      () => deadLetters?.close(timeoutMs),
      () => origins.close(),
      () => closeConversion(conversion, log)
    ]
    for (const end of ends) {
      try {
        await end()
      } catch (error) {
        log.error('Task could not be ended cleanly', { error })
      }
    }
  }
}
