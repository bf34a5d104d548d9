import type { Clock } from '../../clock.ts'
import { ConnectError, isRetriable, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ClusterConfig, StoredConfig } from '../../storage/cluster-config.ts'
import { type SourceTaskGuard } from '../../worker/contracts.ts'
import { requireConnector } from '../work/abstract-herder.ts'
import type { ConnectorActions } from './connector-actions.ts'
import { RequestTargetError } from '../herder.ts'
import type { LeaderClient } from '../group/leader-client.ts'
import type { Membership } from '../group/membership.ts'
import type { SessionKeys } from '../group/session-key.ts'
import { ZombieFencing, type ZombieFencingOptions } from './zombie-fencing.ts'
import { type TaskId, taskKey } from '../../storage/task-id.ts'
import { abortable, retrying } from '../../wait.ts'

interface ExactlyOnceSourcesOptions extends ZombieFencingOptions {
  /** `exactly.once.source.support` is enabled on this worker. */
  readonly enabled: boolean
  readonly membership: Membership
  readonly keys: SessionKeys
  readonly actions: ConnectorActions
  readonly leaderClient: LeaderClient
  isSource(config: StoredConfig | null): boolean
  /** What a task waits for before it can start. */
  onWaiting(id: TaskId, reason: string): void
  readonly clock: Clock
  readonly log: Logger
}

/** Leaders change and brokers come back: a task that cannot start meanwhile waits, says why, and is FAILED only after so long. */
const PATIENCE_MS = 600_000
const BACKOFF = { firstMs: 250, lastMs: 5000 }
/** Nobody needs to hear of one short hiccup. */
const SHOWN_FROM_ATTEMPT = 3

/**
 * What the group does so that only the newest generation of a source's tasks writes: whoever leads fences the older ones, and a task that
 * starts asks for that before it takes its producer epoch, and looks after it whether it is still meant to run (I2, KIP-618).
 */
export class ExactlyOnceSources {
  readonly #options: ExactlyOnceSourcesOptions
  readonly #fencing: ZombieFencing

  constructor(options: ExactlyOnceSourcesOptions) {
    this.#options = options
    this.#fencing = new ZombieFencing(options)
  }

  /** On the leader; throws RequestTargetError elsewhere. Also for workers that have it enabled before this one has. */
  fence(connector: string): Promise<void> {
    const { actions, isSource } = this.#options
    return this.#fencing.fence(connector, () => {
      actions.requireLeader('Only the leader may perform zombie fencing.')
      const config = requireConnector(actions.snapshot, connector)
      if (isSource(config)) return config
      throw new ConnectError('BAD_REQUEST', `Connector ${connector} is not a source connector`)
    })
  }

  /** Before an operator's offsets are written, on the leader: a task that did not end in time may not write any of its own behind them. */
  async beforeOffsets(connector: string, config: StoredConfig): Promise<void> {
    const { enabled, isSource, actions, worker } = this.#options
    if (!enabled || !isSource(config)) return
    try {
      if (actions.snapshot.contains(connector)) await this.fence(connector)
      // Not there yet: what is left of an older one of that name.
      else {
        const recorded = actions.snapshot.taskCountRecord(connector) ?? 0
        await worker.fenceZombies(connector, config, recorded)
      }
    } catch (cause) {
      if (cause instanceof RequestTargetError) throw cause
      throw new ConnectError(
        isRetriable(cause) ? 'RETRIABLE' : 'INTERNAL',
        'Failed to perform zombie fencing for source connector prior to modifying offsets',
        { cause }
      )
    }
  }

  /** null: the task does not run exactly once. */
  guardOf(id: TaskId, snapshot: ClusterConfig): SourceTaskGuard | null {
    const { enabled, isSource } = this.#options
    if (!enabled || !isSource(snapshot.connectorConfig(id.connector))) return null
    const generation = snapshot.taskConfigGeneration(id.connector)
    return {
      before: (signal) =>
        this.#patiently(id, signal, 'Failed to perform round of zombie fencing', () =>
          this.#fenceOnce(id.connector, signal)
        ),
      after: (signal) => this.#patiently(id, signal, null, () => this.#requireOwned(id, generation))
    }
  }

  /** What is passing is tried again, for a long while. Nobody waits for it any more once `signal` aborts: whoever stops the task may be the tick itself. */
  async #patiently(
    id: TaskId,
    signal: AbortSignal,
    failure: string | null,
    step: () => Promise<void>
  ): Promise<void> {
    const { clock, log, onWaiting } = this.#options
    const policy = {
      backoff: BACKOFF,
      limitMs: PATIENCE_MS,
      isPassing: isRetriable,
      onRetry: (error: unknown, _: number, failures: number) => {
        const reason = `The start of task ${taskKey(id)} is tried again: ${messageOf(error)}`
        log.info(reason)
        if (failures >= SHOWN_FROM_ATTEMPT) onWaiting(id, reason)
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
  async #fenceOnce(connector: string, signal: AbortSignal): Promise<void> {
    try {
      await this.fence(connector)
    } catch (error) {
      if (!(error instanceof RequestTargetError)) throw error
      await this.#askLeader(connector, signal)
    }
  }

  async #askLeader(connector: string, signal: AbortSignal): Promise<void> {
    const { membership, keys, leaderClient, log } = this.#options
    const leader = membership.leaderUrl
    if (leader === null) throw new ConnectError('RETRIABLE', 'The group has no known leader')
    const url = `${leader.replace(/\/$/, '')}/connectors/${encodeURIComponent(connector)}/fence`
    const body = new Uint8Array()
    const headers = membership.signed ? keys.headers(body) : {}
    log.debug(`Asking the leader at ${url} for a round of zombie fencing`)
    const { status, body: answer } = await leaderClient(url, body, headers, signal, 'PUT')
    if (status < 300) return
    // A leader answers 500 when Kafka does not answer it, which it would try again for a task of its own.
    const passing = status === 403 || status === 409 || status >= 500
    throw new ConnectError(
      passing ? 'RETRIABLE' : 'INTERNAL',
      `The leader at ${url} answered ${status}: ${answer.slice(0, 500)}`,
      { status, connector }
    )
  }

  #requireOwned(id: TaskId, generation: number | null): Promise<void> {
    const { queue, configStore, membership, workerSyncTimeoutMs } = this.#options
    return queue.addOwn(async () => {
      await configStore.refresh(workerSyncTimeoutMs)
      if (configStore.snapshot().taskConfigGeneration(id.connector) !== generation) {
        throw new ConnectError(
          'INTERNAL',
          `Cannot start source task ${taskKey(id)} with exactly-once support as the connector has already generated a new set of task configs`
        )
      }
      if (membership.assignment?.assigned.tasks.has(taskKey(id)) !== true) {
        throw new ConnectError(
          'INTERNAL',
          `Cannot start source task ${taskKey(id)} as it has already been revoked from this worker`
        )
      }
    })
  }
}

function taskStopped(): ConnectError {
  return new ConnectError('WORKER_STOPPING', 'The task was stopped')
}
