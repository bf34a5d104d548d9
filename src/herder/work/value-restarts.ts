import type { Logger } from '../../log.ts'
import type { ConnectorChanges } from '../herder.ts'

/**
 * What runs with values that are others by now is started again; if that fails, it is tried when the values
 * have expired once more.
 */
export function restartForValues(
  changes: Pick<ConnectorChanges, 'restartConnector' | 'restartTask'>,
  connector: string,
  task: number | null,
  log: Logger
): void {
  const restart =
    task === null ? changes.restartConnector(connector) : changes.restartTask(connector, task)
  restart.catch((error: unknown) => {
    const what = task === null ? connector : `${connector}-${task}`
    log.warn(`${what} could not be restarted with other values`, { error })
  })
}
