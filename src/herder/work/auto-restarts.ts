import type { Clock } from '../../clock.ts'
import { ConfigError, type Failure, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { HerderOptions } from './herder-options.ts'
import type { RestartPolicy } from '../../settings/connector/connector-settings.ts'
import { type TaskId, taskKey } from '../../storage/task-id.ts'
import { after, pauseAfter } from '../../wait.ts'

/** A connector (`task` null), or one of its tasks. */
export interface InstanceId {
  readonly connector: string
  readonly task: number | null
}

interface AutoRestartsOptions {
  /** Throws ConfigError; null: the connector has no configuration. */
  policyOf(connector: string): RestartPolicy | null
  /** The connector is to run: neither paused nor stopped. */
  isToRun(connector: string): boolean
  /** Told of each restart: the how-manieth it was, and why. */
  onRestart(of: InstanceId, count: number, because: string): void
  readonly clock: Clock
  readonly log: Logger
}

/** Who acts on it, once everything is made. */
interface RestartEvents {
  /** Stops the instance and starts it again. Rejects when that cannot be done now. */
  restart(of: InstanceId): Promise<void>
  /** Nothing is to be said beside the state of the instance any more. */
  onQuiet(of: InstanceId): void
}

/** What either herder restarts, and when. */
export function autoRestarts(
  options: Pick<HerderOptions, 'configStore' | 'restartPolicy' | 'history' | 'clock' | 'log'>
): AutoRestarts {
  const { configStore, restartPolicy, history, clock, log } = options
  return new AutoRestarts({
    policyOf(connector) {
      const config = configStore.snapshot().connectorConfig(connector)
      return config === null ? null : restartPolicy(config)
    },
    isToRun: (connector) => configStore.snapshot().targetState(connector) === 'STARTED',
    onRestart({ connector, task }, restarts, because) {
      const by = { user: null, address: null, note: 'auto.restart' }
      const details = { task, restarts, because }
      void history?.add({ what: 'restart', connector, by, details, before: null, after: null })
    },
    clock,
    log
  })
}

/** An instance that has failed, until it has been well for long enough, or is given up. */
interface Trouble {
  readonly of: InstanceId
  /** How often it was started again. */
  restarts: number
  /** Epoch ms. */
  lastMs: number
  /** Why it failed last, in a line. */
  because: string
  /** What has run so long behind a restart is well. */
  quietMs: number
  /** It runs, and that time is counted. */
  isQuiet: boolean
  /** It is being started again by us. */
  isOurs: boolean
  /** Ends the wait that is under way. */
  cancel(): void
}

/**
 * Starts connectors and tasks that have failed again, as `auto.restart.*` says: after growing pauses, a
 * limited number of times, and only after failures of the kinds named. Every restart to come, every one that
 * was, and the end of them is a sentence in the status. Whoever stops or restarts an instance himself begins
 * anew: what was counted is forgotten.
 */
export class AutoRestarts {
  readonly #options: AutoRestartsOptions
  #events: RestartEvents | null = null
  readonly #troubles = new Map<string, Trouble>()

  constructor(options: AutoRestartsOptions) {
    this.#options = options
  }

  /** Before anything is started. */
  tell(events: RestartEvents): void {
    this.#events = events
  }

  /** The sentence that goes with its trace; null: nothing is to be said. */
  failed(of: InstanceId, { kind, message }: Failure): string | null {
    const { clock, log } = this.#options
    const trouble = this.#troubles.get(keyOf(of)) ?? newTrouble(of)
    this.#forget(of)
    let policy: RestartPolicy | null
    try {
      policy = this.#options.policyOf(of.connector)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return `It is not restarted by policy: ${messageOf(error)}`
    }
    if (policy === null || policy.maxRestarts === 0) return null
    if (!policy.on.includes(kind)) {
      return `It is not restarted by policy: a failure of kind ${kind} is none of auto.restart.on (${policy.on.join(', ')})`
    }
    const { restarts } = trouble
    if (policy.maxRestarts !== -1 && restarts >= policy.maxRestarts) {
      const sentence = `Given up by policy: it has failed behind restart ${restarts} of ${policy.maxRestarts}, which was at ${instant(trouble.lastMs)}`
      log.error(sentence, { ...of })
      return sentence
    }
    const pauseMs = pauseAfter(restarts + 1, {
      firstMs: policy.firstPauseMs,
      lastMs: policy.longestPauseMs
    })
    trouble.because = firstLine(message)
    trouble.quietMs = policy.quietMs
    trouble.isQuiet = false
    this.#troubles.set(keyOf(of), trouble)
    this.#restartAfter(trouble, pauseMs)
    const most = policy.maxRestarts === -1 ? '' : ` of ${policy.maxRestarts}`
    const sentence = `Restart ${restarts + 1}${most} by policy at ${instant(clock.now() + pauseMs)} (failure of kind ${kind})`
    log.warn(sentence, { ...of })
    return sentence
  }

  /** It runs. The sentence that goes with that; null: nothing is to be said. */
  runs(of: InstanceId): string | null {
    const trouble = this.#troubles.get(keyOf(of))
    if (trouble === undefined || trouble.restarts === 0) return null
    if (!trouble.isQuiet) this.#awaitQuiet(trouble)
    const { restarts, lastMs, because } = trouble
    return `Restarted by policy ${times(restarts)}, the last time at ${instant(lastMs)}, because of: ${because}`
  }

  /** It is stopped, or taken away; what comes to run of it later begins anew, unless it is our restart. */
  stopped(of: InstanceId): void {
    const trouble = this.#troubles.get(keyOf(of))
    if (trouble?.isOurs === true) trouble.isOurs = false
    else this.#forget(of)
  }

  #forget(of: InstanceId): void {
    const key = keyOf(of)
    this.#troubles.get(key)?.cancel()
    this.#troubles.delete(key)
  }

  #awaitQuiet(trouble: Trouble): void {
    trouble.isQuiet = true
    trouble.cancel = after(this.#options.clock, trouble.quietMs, () => {
      this.#forget(trouble.of)
      this.#events?.onQuiet(trouble.of)
    })
  }

  #restartAfter(trouble: Trouble, pauseMs: number): void {
    trouble.cancel = after(this.#options.clock, pauseMs, () => void this.#restart(trouble, pauseMs))
  }

  async #restart(trouble: Trouble, pauseMs: number): Promise<void> {
    const { clock, log, isToRun } = this.#options
    const { of } = trouble
    // Whoever resumes the connector has the failed instance as it was left, and this then goes on.
    if (!isToRun(of.connector)) return this.#restartAfter(trouble, pauseMs)
    const count = ++trouble.restarts
    trouble.lastMs = clock.now()
    trouble.isOurs = true
    log.info('Restarting by policy what has failed', { ...of, restarts: count })
    try {
      await this.#events?.restart(of)
      this.#options.onRestart(of, count, trouble.because)
    } catch (error) {
      log.warn('What has failed could not be restarted by policy, and is tried again', {
        ...of,
        error
      })
      if (!trouble.isOurs || this.#troubles.get(keyOf(of)) !== trouble) return
      trouble.restarts -= 1
      this.#restartAfter(trouble, pauseMs)
    } finally {
      if (trouble.restarts <= count) trouble.isOurs = false
    }
  }
}

function newTrouble(of: InstanceId): Trouble {
  return {
    of,
    restarts: 0,
    lastMs: 0,
    because: '',
    quietMs: 0,
    isQuiet: false,
    isOurs: false,
    cancel: () => undefined
  }
}

function keyOf({ connector, task }: InstanceId): string {
  return task === null ? connector : `task ${taskKey({ connector, task } satisfies TaskId)}`
}

const instant = (epochMs: number): string => new Date(epochMs).toISOString()

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''
