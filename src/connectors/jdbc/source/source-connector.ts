import type { Clock } from '../../../clock.ts'
import type { ConfigDef, ConfigMap } from '../../../config/config-def.ts'
import { ConfigError } from '../../../errors.ts'
import type { SourceConnector, SourceConnectorContext } from '../../../plugin/source.ts'
import type { TableId } from '../database/database.ts'
import { UNNAMED_QUERY } from '../reading/reader-targets.ts'
import {
  type NamedQuery,
  type SourceSettings,
  sourceSettings
} from '../settings/source-settings.ts'
import { tableGroups } from '../tables/table-groups.ts'
import { TableMonitor } from '../tables/table-monitor.ts'
import { taskTableName } from '../database/table-name.ts'
import { checkCombinations } from './validation.ts'

/** Splits the tables of a database, and named queries, over tasks. */
export class JdbcSourceConnector implements SourceConnector {
  readonly #config: ConfigMap
  readonly #context: SourceConnectorContext
  readonly #settings: SourceSettings
  /** null: no tables are copied. */
  readonly #monitor: TableMonitor | null

  /** Throws ConfigError. */
  constructor(
    definition: ConfigDef,
    config: ConfigMap,
    context: SourceConnectorContext,
    clock: Clock
  ) {
    checkCombinations(config, definition)
    this.#config = config
    this.#context = context
    this.#settings = sourceSettings(config, definition)
    this.#monitor = this.#settings.copiesTables
      ? new TableMonitor(
          this.#settings,
          context.log,
          {
            onChange: () => context.requestTaskReconfiguration(),
            onFailure: (error) => context.raiseError(error)
          },
          clock
        )
      : null
  }

  async start(): Promise<void> {
    await this.#monitor?.start()
  }

  async taskConfigs(maxTasks: number): Promise<ConfigMap[]> {
    const settings = this.#settings
    const tables = await this.#takeTables()
    const fetched = settings.copiesTables ? String(tables !== null) : 'true'
    const { queries } = settings
    const work = [...(tables ?? []), ...queries]
    if (work.length === 0) return [this.#taskConfig(settings, [], fetched)]
    return tableGroups(work, maxTasks).map((group) => this.#taskConfig(settings, group, fetched))
  }

  /**
   * Tables that the configuration does not fit will not fit it the next time: then the connector is FAILED,
   * as the JVM connector is.
   */
  async #takeTables(): Promise<readonly TableId[] | null> {
    try {
      return (await this.#monitor?.take()) ?? null
    } catch (error) {
      if (error instanceof ConfigError) this.#context.raiseError(error)
      throw error
    }
  }

  /** `fetched`: whether the tables are known; true when none are copied. */
  #taskConfig(
    { connection, queries }: SourceSettings,
    work: readonly (TableId | NamedQuery)[],
    fetched: string
  ): ConfigMap {
    const tables = work.flatMap((item) =>
      'table' in item ? [taskTableName(connection.dialect, item)] : []
    )
    const config = new Map([
      ...this.#config,
      ['tables', tables.join(',')],
      ['tables.fetched', fetched]
    ])
    // A JVM connector has no such key: configurations without named queries stay as its own.
    if (queries.some(({ name }) => name !== null)) {
      const mine = work.flatMap((item) => ('table' in item ? [] : [item.name ?? UNNAMED_QUERY]))
      config.set('task.queries', mine.join(','))
    }
    return config
  }

  async stop(): Promise<void> {
    await this.#monitor?.stop()
  }
}
