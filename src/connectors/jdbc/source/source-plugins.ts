import { systemClock } from '../../../clock.ts'
import type { ConfigDef } from '../../../config/config-def.ts'
import type { SourceConnectorPlugin } from '../../../plugin/source.ts'
import { alterOffsets } from '../start/alter-offsets.ts'
import { exactlyOnceSupport } from './exactly-once-support.ts'
import { previewSource } from './preview.ts'
import { aivenSourceConfig, jdbcSourceConfig } from '../settings/source-config.ts'
import { JdbcSourceConnector } from './source-connector.ts'
import { JdbcSourceTask } from './source-task.ts'
import { startFrom } from '../start/start-from.ts'
import { validateSource } from './validation.ts'

function plugin(
  facts: Pick<SourceConnectorPlugin, 'className' | 'taskClassName' | 'version' | 'withoutAlias'>,
  config: ConfigDef,
  filterRequired: boolean
): SourceConnectorPlugin {
  const parts = { definition: config, clock: systemClock }
  return {
    type: 'source',
    ...facts,
    config,
    create: (given, context) => new JdbcSourceConnector(config, given, context, systemClock),
    createTask: (given, context) => new JdbcSourceTask(config, given, context, systemClock),
    validate: (given, checked, signal) =>
      validateSource(given, checked, signal, { ...parts, filterRequired }),
    exactlyOnceSupport: (given) => exactlyOnceSupport(given, config),
    alterOffsets: (given, changes) => alterOffsets(given, changes, parts),
    startFrom: startFrom(config, systemClock),
    preview: (given, request) => previewSource(given, request, parts)
  }
}

/** `io.confluent.connect.jdbc.JdbcSourceConnector`, also `JdbcSourceConnector` and `JdbcSource`. */
export const jdbcSourcePlugin = plugin(
  {
    className: 'io.confluent.connect.jdbc.JdbcSourceConnector',
    taskClassName: 'io.confluent.connect.jdbc.source.JdbcSourceTask',
    version: '10.9.7'
  },
  jdbcSourceConfig,
  true
)

/** `io.aiven.connect.jdbc.JdbcSourceConnector`: the same connector with that fork's defaults. */
export const aivenJdbcSourcePlugin = plugin(
  {
    className: 'io.aiven.connect.jdbc.JdbcSourceConnector',
    taskClassName: 'io.aiven.connect.jdbc.source.JdbcSourceTask',
    version: '6.10.0',
    withoutAlias: true
  },
  aivenSourceConfig,
  false
)
