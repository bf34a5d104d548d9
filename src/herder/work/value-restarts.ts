import type { Logger } from '../../log.ts'
import type { ConnectorChanges } from '../herder.ts'
import type { InstanceId } from './auto-restarts.ts'

type Restarts = Pick<ConnectorChanges, 'restartConnector' | 'restartTask'>

/** As a request for that restart does. */
export async function restartInstance(
  changes: Restarts,
  { connector, task }: InstanceId
): Promise<void> {
  await (task === null ? changes.restartConnector(connector) : changes.restartTask(connector, task))
}

/**
 * What runs with values that are others by now is started again; if that fails, it is tried when the values
 * have expired once more.
 */
export function restartForValues(changes: Restarts, of: InstanceId, log: Logger): void {
  restartInstance(changes, of).catch((error: unknown) => {
    const what = of.task === null ? of.connector : `${of.connector}-${of.task}`
    log.warn(`${what} could not be restarted with other values`, { error })
  })
}
