import type { Clock } from '../clock.ts'
import type { ConfigMap } from '../config/config-def.ts'
import type { KafkaClients } from '../kafka/contracts.ts'
import type { Logger } from '../log.ts'
import type { Plugins } from '../plugin/plugins.ts'
import type { OpenTaskPort } from '../tasks/port.ts'
import type { ConnectorClientProperties } from './connector-client-properties.ts'
import type { ConnectorOffsetStores } from './connector-offset-stores.ts'
import type { ValueSource } from './value-watch.ts'

interface WorkerSettings {
  /** Worker properties with `${…}` resolved: the converters' settings are taken from here. */
  readonly properties: ConfigMap
  readonly taskShutdownGracefulTimeoutMs: number
  readonly offsetFlushIntervalMs: number
  readonly offsetFlushTimeoutMs: number
  /** `topic.creation.enable` */
  readonly topicCreationEnabled: boolean
  /** `group.id`; null: a worker by itself. */
  readonly groupId: string | null
}

/** What connectors and tasks of this process are made with. */
export interface WorkerParts extends ValueSource {
  readonly plugins: Plugins
  readonly clients: KafkaClients
  readonly clientProperties: ConnectorClientProperties
  readonly offsetStores: ConnectorOffsetStores
  readonly settings: WorkerSettings
  /** Where tasks live is known to whoever gives this. */
  readonly openTask: OpenTaskPort
  readonly clock: Clock
  readonly log: Logger
}
