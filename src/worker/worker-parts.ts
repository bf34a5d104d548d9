import type { Logger } from '../log.ts'
import type { ConnectorOffsetStores } from './connector-offset-stores.ts'
import type { TaskSurroundings } from './source-task-builder.ts'
import type { ValueSource } from './value-watch.ts'

/** What connectors and tasks of this process are made with. */
export interface WorkerParts extends TaskSurroundings, ValueSource {
  readonly offsetStores: ConnectorOffsetStores
  readonly log: Logger
}
