import type { ConfigDef, ConfigMap } from '../../config/config-def.ts'
import type { SourceConnector, SourceConnectorContext } from '../../plugin/source.ts'
import { type SourceSettings, sourceSettings } from './source-settings.ts'
import { tableGroups } from './table-groups.ts'
import { TableMonitor } from './table-monitor.ts'
import { tableSql } from './table-name.ts'
import { checkCombinations } from './validation.ts'

/** Splits the tables of a database over tasks. A query is always one task. */
export class JdbcSourceConnector implements SourceConnector {
  readonly #definition: ConfigDef
  #config: ConfigMap = new Map()
  #settings: SourceSettings | null = null
  #monitor: TableMonitor | null = null

  constructor(definition: ConfigDef) {
    this.#definition = definition
  }

  async start(config: ConfigMap, context: SourceConnectorContext): Promise<void> {
    checkCombinations(config, this.#definition)
    const settings = sourceSettings(config, this.#definition)
    this.#config = config
    this.#settings = settings
    if (settings.defaults.query !== null) return
    const monitor = new TableMonitor(settings, context.log, {
      onChange: () => context.requestTaskReconfiguration(),
      onFailure: (error) => context.raiseError(error)
    })
    this.#monitor = monitor
    await monitor.start()
  }

  async taskConfigs(maxTasks: number): Promise<ConfigMap[]> {
    const settings = this.#settings
    if (settings === null) return []
    if (settings.defaults.query !== null) return [new Map([...this.#config, ['tables', '']])]
    const tables = (await this.#monitor?.take()) ?? null
    const withTables = (names: string, fetched: boolean): ConfigMap =>
      new Map([...this.#config, ['tables', names], ['tables.fetched', String(fetched)]])
    if (tables === null) return [withTables('', false)]
    if (tables.length === 0) return [withTables('', true)]
    const { dialect } = settings.connection
    return tableGroups(tables, maxTasks).map((group) =>
      withTables(group.map((table) => tableSql(dialect, table, true)).join(','), true)
    )
  }

  async stop(): Promise<void> {
    await this.#monitor?.stop()
  }
}
