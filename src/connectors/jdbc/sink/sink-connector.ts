import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import type { SinkConnector } from '../../../plugin/sink.ts'
import { sinkSettings } from '../settings/sink-settings.ts'

/** Tasks all do the same: their group shares the partitions out. */
export class JdbcSinkConnector implements SinkConnector {
  readonly #config: ConfigMap

  /** Throws ConfigError. */
  constructor(definition: ConfigDef, config: ConfigMap) {
    sinkSettings(config, definition)
    this.#config = config
  }

  taskConfigs(maxTasks: number): ConfigMap[] {
    return Array.from({ length: maxTasks }, () => new Map(this.#config))
  }

  stop(): void {
    // It holds nothing.
  }
}
