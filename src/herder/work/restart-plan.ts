import type { RestartRequest } from '../../storage/cluster-config.ts'
import type { KnownStatuses, Status } from '../../storage/status-store.ts'
import type { ConnectorStateInfo, InstanceState } from '../herder.ts'

/** Which instances of a connector a restart request means, by the statuses known now. */
interface RestartPlan {
  readonly restartConnector: boolean
  /** Task numbers. */
  readonly tasks: readonly number[]
  /** The answer to the client: those to be restarted are shown as RESTARTING. */
  readonly state: ConnectorStateInfo
}

/** null when the connector has no status. */
export function restartPlan(
  request: RestartRequest,
  statuses: Pick<KnownStatuses, 'connector' | 'tasks'>,
  type: ConnectorStateInfo['type']
): RestartPlan | null {
  const connector = statuses.connector(request.connector)
  if (connector === null) return null
  const restartConnector = !request.onlyFailed || connector.state === 'FAILED'
  const tasks = [...statuses.tasks(request.connector)]
  const restarted = tasks.filter(
    ([, status]) => request.includeTasks && (!request.onlyFailed || status.state === 'FAILED')
  )
  const restartedNumbers = new Set(restarted.map(([task]) => task))
  return {
    restartConnector,
    tasks: [...restartedNumbers],
    state: {
      name: request.connector,
      connector: instanceState(connector, restartConnector),
      tasks: tasks.map(([id, status]) => ({
        id,
        ...instanceState(status, restartedNumbers.has(id))
      })),
      type
    }
  }
}

/** A status for clients. */
export function instanceState(status: Status, restarting = false): InstanceState {
  const { state, workerId, trace, version } = status
  return { state: restarting ? 'RESTARTING' : state, workerId, trace, version }
}

/** How much a request restarts: a failed connector, failed instances, the connector, everything. */
export function impactOf(request: RestartRequest): 0 | 1 | 2 | 3 {
  if (request.onlyFailed) return request.includeTasks ? 1 : 0
  return request.includeTasks ? 3 : 2
}

/** Requests that wait for the tick; of several for one connector the one with the larger impact remains. */
export class PendingRestarts {
  readonly #byConnector = new Map<string, RestartRequest>()

  add(request: RestartRequest): void {
    const waiting = this.#byConnector.get(request.connector)
    if (waiting === undefined || impactOf(request) > impactOf(waiting)) {
      this.#byConnector.set(request.connector, request)
    }
  }

  take(): RestartRequest[] {
    const all = [...this.#byConnector.values()]
    this.#byConnector.clear()
    return all
  }
}
