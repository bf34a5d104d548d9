import type { Clock } from '../../clock.ts'
import { ConnectError, isRetriable, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ClusterConfig, StoredConfig } from '../../storage/cluster-config.ts'
import type { SourceTaskGuard, Worker } from '../../worker/contracts.ts'
import { RequestTargetError } from '../herder.ts'
import type { LeaderRequests } from '../group/leader-requests.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { Commands } from '../work/command-queue.ts'
import { connectorType } from '../work/require-connector.ts'
import type { ClusterCommands } from './tick-commands.ts'
import { type TaskId, taskKey } from '../../storage/task-id.ts'
import { abortable, retrying } from '../../wait.ts'

interface ExactlyOnceSourcesOptions {
  /** `exactly.once.source.support` is enabled on this worker. */
  readonly enabled: boolean
  readonly worker: Worker
  readonly configStore: ConfigStore
  readonly commands: Commands<ClusterCommands>
  readonly leader: LeaderRequests
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Leaders change and brokers come back: a task that cannot start meanwhile waits, says why, and is FAILED
 * only after so long.
 */
const PATIENCE_MS = 600_000
const BACKOFF = { firstMs: 250, lastMs: 5000 }
/** Nobody needs to hear of one short hiccup. */
const SHOWN_FROM_ATTEMPT = 3

/**
 * What the group does so that only the newest generation of a source's tasks writes: whoever leads fences the
 * older ones, and a task that starts asks for that before it takes its producer epoch, and looks after it
 * whether it is still meant to run (I2, KIP-618).
 */
export class ExactlyOnceSources {
  readonly #options: ExactlyOnceSourcesOptions
  /** Requests for one connector share a round. */
  readonly #rounds = new Map<string, Promise<void>>()

  constructor(options: ExactlyOnceSourcesOptions) {
    this.#options = options
  }

  /**
   * Before tasks of a new generation start, the producers of the generation before are fenced, once, by the
   * leader, who notes in the config topic how many tasks there are now. Throws RequestTargetError on any
   * other worker. Also for workers that have it enabled before this one has.
   */
  fence(connector: string): Promise<void> {
    const running = this.#rounds.get(connector)
    if (running !== undefined) return running
    const round = this.#fence(connector).finally(() => {
      this.#rounds.delete(connector)
    })
    this.#rounds.set(connector, round)
    return round
  }

  async #fence(connector: string): Promise<void> {
    const { commands, worker } = this.#options
    const begun = await commands.run({ kind: 'beginFencing', connector })
    if (begun === null) return
    const { config, tasks, generation } = begun
    await worker.fenceZombies(connector, config, tasks)
    await commands.run({ kind: 'recordFencing', connector, generation })
  }

  /**
   * Before an operator's offsets are written, on the leader: a task that did not end in time may not write
   * any of its own behind them.
   */
  async beforeOffsets(connector: string, config: StoredConfig): Promise<void> {
    const { worker, configStore } = this.#options
    if (!this.#runsExactlyOnce(config)) return
    const snapshot = configStore.snapshot()
    try {
      if (snapshot.contains(connector)) await this.fence(connector)
      // Not there yet: what is left of an older one of that name.
      else await worker.fenceZombies(connector, config, snapshot.taskCountRecord(connector) ?? 0)
    } catch (cause) {
      if (cause instanceof RequestTargetError) throw cause
      throw new ConnectError(
        isRetriable(cause) ? 'RETRIABLE' : 'INTERNAL',
        'Failed to perform zombie fencing for source connector prior to modifying offsets',
        { cause }
      )
    }
  }

  /** null: the task does not run exactly once. `onWaiting` is told what the task waits for. */
  guardOf(
    id: TaskId,
    snapshot: ClusterConfig,
    onWaiting: (reason: string) => void
  ): SourceTaskGuard | null {
    const { commands } = this.#options
    if (!this.#runsExactlyOnce(snapshot.connectorConfig(id.connector))) return null
    const generation = snapshot.taskConfigGeneration(id.connector)
    const patiently = (
      signal: AbortSignal,
      failure: string | null,
      step: () => Promise<void>
    ): Promise<void> => this.#patiently({ id, onWaiting, signal, failure }, step)
    return {
      before: (signal) =>
        patiently(signal, 'Failed to perform round of zombie fencing', () =>
          this.#fenceAnywhere(id.connector, signal)
        ),
      after: (signal) =>
        patiently(signal, null, () => commands.run({ kind: 'requireOwned', id, generation }))
    }
  }

  #runsExactlyOnce(config: StoredConfig | null): boolean {
    const { enabled, worker } = this.#options
    return enabled && connectorType(worker.plugins, config) === 'source'
  }

  /**
   * What is passing is tried again, for a long while. Nobody waits for it any more once `signal` aborts:
   * whoever stops the task may be the tick itself.
   */
  async #patiently(
    { id, onWaiting, signal, failure }: Patience,
    step: () => Promise<void>
  ): Promise<void> {
    const { clock, log } = this.#options
    const policy = {
      backoff: BACKOFF,
      limitMs: PATIENCE_MS,
      isPassing: isRetriable,
      onRetry: (error: unknown, _: number, failures: number) => {
        const reason = `The start of task ${taskKey(id)} is tried again: ${messageOf(error)}`
        log.info(reason)
        if (failures >= SHOWN_FROM_ATTEMPT) onWaiting(reason)
      }
    }
    try {
      await retrying(clock, policy, () => abortable(step(), signal, taskStopped), signal)
    } catch (cause) {
      if (signal.aborted) throw taskStopped()
      throw failure === null ? cause : new ConnectError('INTERNAL', failure, { cause })
    }
  }

  /** Here, or by way of the leader. */
  async #fenceAnywhere(connector: string, signal: AbortSignal): Promise<void> {
    try {
      await this.fence(connector)
    } catch (error) {
      if (!(error instanceof RequestTargetError)) throw error
      await this.#options.leader.fence(connector, signal)
    }
  }
}

/** What a task that waits has to do with it. */
interface Patience {
  readonly id: TaskId
  readonly signal: AbortSignal
  /** How it is called when patience is over; null: as it called itself. */
  readonly failure: string | null
  onWaiting(reason: string): void
}

function taskStopped(): ConnectError {
  return new ConnectError('WORKER_STOPPING', 'The task was stopped')
}
