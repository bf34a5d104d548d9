import { type Failure, failureOf, traceOf } from '../../errors.ts'
import type { State } from '../../storage/status-store.ts'
import type { AutoRestarts, InstanceId } from './auto-restarts.ts'
import type { StatusReporter } from './status-reporter.ts'

/** What an instance says of itself: state, trace, version of its plugin, and why it is FAILED. */
type Said = [state: State, trace: string | null, version: string | null, why?: Failure | undefined]

/** How a connector or task is. */
export interface Stated {
  /** Nobody has stopped it. */
  readonly wanted: boolean
  /** The instance is started again at once: nobody needs to hear that it was stopped. */
  readonly restarting: boolean
  /** What it said last. */
  state: State
  trace: string | null
  version: string | null
}

export function failure(error: unknown, version: string | null): Said {
  return ['FAILED', traceOf(error), version, failureOf(error)]
}

/** Notes what instances say of themselves, and tells it, and beside it what becomes of them by policy. */
export class InstanceStates {
  readonly #statuses: StatusReporter
  readonly #autoRestarts: AutoRestarts

  constructor(statuses: StatusReporter, autoRestarts: AutoRestarts) {
    this.#statuses = statuses
    this.#autoRestarts = autoRestarts
  }

  /** I2: of one that was taken away (undefined) nothing is told. */
  say(of: InstanceId, instance: Stated | undefined, ...said: Said): void {
    if (instance === undefined) return
    const [state, trace, version, why] = said
    Object.assign(instance, { state, trace, version })
    if (instance.restarting && state === 'UNASSIGNED') return
    this.#tell(of, state, this.#withPolicy(of, instance, why), version)
  }

  /** As something beside its state has changed. */
  sayAgain(of: InstanceId, instance: Stated | undefined): void {
    if (instance?.state !== 'RUNNING') return
    this.#tell(of, instance.state, this.#withPolicy(of, instance), instance.version)
  }

  /** Somebody stops it, or takes it away. */
  stopped(of: InstanceId): void {
    this.#autoRestarts.stopped(of)
  }

  #withPolicy(of: InstanceId, instance: Stated, why?: Failure): string | null {
    const { state, trace, wanted } = instance
    if (state === 'FAILED') {
      const failed = why ?? { kind: 'other', message: trace ?? 'no reason is known' }
      const sentence = wanted ? this.#autoRestarts.failed(of, failed) : null
      return sentence === null ? trace : `${trace ?? ''}\n${sentence}`
    }
    const sentence = state === 'RUNNING' ? this.#autoRestarts.runs(of) : null
    return sentence === null || trace === null ? (sentence ?? trace) : `${trace}; ${sentence}`
  }

  #tell({ connector, task }: InstanceId, ...told: [State, string | null, string | null]): void {
    if (task === null) this.#statuses.connector(connector, ...told)
    else this.#statuses.task({ connector, task }, ...told)
  }
}
