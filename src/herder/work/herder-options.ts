import type { Clock } from '../../clock.ts'
import type { Logger, Loggers } from '../../log.ts'
import type { RestartPolicy } from '../../settings/connector/connector-settings.ts'
import type { ChangeHistory } from '../../storage/change-history.ts'
import type { StoredConfig } from '../../storage/cluster-config.ts'
import type { ConfigStore } from '../../storage/config-store.ts'
import type { StatusStore } from '../../storage/status-store.ts'
import type { Validations } from '../../validation/validations.ts'
import type { ConnectorOffsets, Worker } from '../../worker/contracts.ts'
import type { Previews } from '../../worker/previews.ts'
import type { WorkerInfo } from '../herder.ts'

/** What either herder is made of. */
export interface HerderOptions {
  readonly info: WorkerInfo
  readonly worker: Worker
  readonly offsets: ConnectorOffsets
  readonly configStore: ConfigStore
  readonly statusStore: StatusStore
  /** host:port under which this worker appears in statuses. */
  readonly workerId: string
  readonly validations: Pick<Validations, 'infos'>
  readonly previews: Pick<Previews, 'show'>
  /** null: what is changed is not kept. */
  readonly history: ChangeHistory | null
  /** When what has failed of a connector is started again by itself. Throws ConfigError. */
  readonly restartPolicy: (config: StoredConfig) => RestartPolicy
  /** `topic.tracking.enable`, `topic.tracking.allow.reset` */
  readonly topicTracking: { readonly enabled: boolean; readonly allowReset: boolean }
  /** `task.shutdown.graceful.timeout.ms` */
  readonly taskShutdownGracefulTimeoutMs: number
  readonly clock: Clock
  readonly log: Logger
  readonly loggers: Loggers
}
