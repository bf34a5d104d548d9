import { failureOf, traceOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { ownedBy, type PluginOwner } from '../plugin/plugin-owner.ts'
import type { WorkerLink } from './worker-calls.ts'

interface TaskLifeParts {
  /** The task, to which belongs what its plugin does where `stopping` is aborted. */
  readonly owner: PluginOwner
  readonly worker: WorkerLink
  /** Aborted when the task is to end, however that comes. */
  readonly stopping: AbortController
  readonly log: Logger
  /** Told whenever the task is to end, behind the signal. */
  onLeaving?(): void
}

type State =
  | { readonly kind: 'running' | 'stopping' | 'failed' | 'given up' }
  | { readonly kind: 'waiting'; resume(): void }

/**
 * The states a task goes through, whichever way its records go; what it does in them is its own.
 *
 * - *running*: from the start.
 * - *waiting*: entered from *running* by `wait`, and said as PAUSED. Left to *running* by `resume`.
 * - *stopping*: entered from the two above when the task is asked to end, or its work failed.
 * - *failed*: entered from all of these, with the one report of FAILED.
 * - *given up*: entered from any state, and for good. From then on the task says nothing (I2, I4).
 *
 * `stopping`, the signal that the plugin has, is aborted in the last three and not in the first two.
 */
export class TaskLife {
  readonly #parts: TaskLifeParts
  #state: State = { kind: 'running' }

  constructor(parts: TaskLifeParts) {
    this.#parts = parts
  }

  /** *running* or *waiting*. */
  get isAlive(): boolean {
    return this.#state.kind === 'running' || this.#state.kind === 'waiting'
  }

  get isRunning(): boolean {
    return this.#state.kind === 'running'
  }

  get hasFailed(): boolean {
    return this.#state.kind === 'failed'
  }

  get isGivenUp(): boolean {
    return this.#state.kind === 'given up'
  }

  /** Resolves when the task is to go on, or to end. */
  wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#state = { kind: 'waiting', resume: resolve }
    this.#parts.worker.tell({ kind: 'state', state: 'PAUSED', trace: null })
    return promise
  }

  /** Whether the task waited: only then it does anything. */
  resume(): boolean {
    if (this.#state.kind !== 'waiting') return false
    const { resume } = this.#state
    this.#state = { kind: 'running' }
    resume()
    return true
  }

  stop(): void {
    if (this.isAlive) this.#leave({ kind: 'stopping' })
  }

  giveUp(): void {
    this.#leave({ kind: 'given up' })
  }

  /** I9: something the plugin left behind went wrong outside of any call: the task is FAILED, and ends. */
  failAside(error: unknown): void {
    const { log } = this.#parts
    if (!this.isAlive) {
      log.warn('A task that was asked to stop left an error behind', { error })
      return
    }
    log.error(
      'Task left an error behind that nobody handled. It will not recover until manually restarted',
      { error }
    )
    this.fail(error)
  }

  /** Reports FAILED, unless that was reported, or nobody listens any more. */
  fail(error: unknown): void {
    if (this.#state.kind === 'failed' || this.#state.kind === 'given up') return
    this.#leave({ kind: 'failed' })
    const [trace, failure] = [traceOf(error), failureOf(error)]
    this.#parts.worker.tell({ kind: 'state', state: 'FAILED', trace, failure })
  }

  /** Does the work of the task, and answers why it failed. Never rejects. */
  async lead(work: () => Promise<void>): Promise<{ readonly error: unknown } | null> {
    const { log } = this.#parts
    try {
      await work()
    } catch (error) {
      // What fails because of the stop is no failure; a record that was tried again is read again after the
      // next start (I1).
      if (this.isAlive) {
        log.error(
          'Task threw an uncaught and unrecoverable exception. Task is being killed and will not recover until manually restarted',
          { error }
        )
        return { error }
      }
      log.warn('After it was asked to stop, the task threw an error', { error })
    }
    return null
  }

  #leave(state: State): void {
    const before = this.#state
    this.#state = state
    const { owner, stopping, onLeaving } = this.#parts
    // Listeners of the plugin run where the signal is aborted.
    ownedBy(owner, () => stopping.abort())
    if (before.kind === 'waiting') before.resume()
    onLeaving?.()
  }
}
