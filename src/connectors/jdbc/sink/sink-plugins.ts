import { systemClock } from '../../../clock.ts'
import { type ConfigDef, parseKeys } from '../../../config/config-def.ts'
import type { SinkConnectorPlugin, SinkTaskContext } from '../../../plugin/sink.ts'
import { aivenSinkConfig, jdbcSinkConfig } from '../settings/sink-config.ts'
import { alterSinkOffsets } from './alter-sink-offsets.ts'
import { LanedSinkTask } from './laned-sink-task.ts'
import { JdbcSinkConnector } from './sink-connector.ts'
import { previewSink } from './sink-preview.ts'
import { JdbcSinkTask } from './sink-task.ts'
import { validateSink } from './sink-validation.ts'

function plugin(
  facts: Pick<SinkConnectorPlugin, 'className' | 'taskClassName' | 'version' | 'withoutAlias'>,
  config: ConfigDef
): SinkConnectorPlugin {
  const parts = { definition: config, clock: systemClock }
  return {
    type: 'sink',
    ...facts,
    config,
    create: (given) => new JdbcSinkConnector(config, given),
    createTask(given, context) {
      const task = (of: SinkTaskContext): JdbcSinkTask =>
        new JdbcSinkTask(config, given, of, systemClock)
      const { 'write.lanes': lanes } = parseKeys(jdbcSinkConfig, ['write.lanes'], given)
      return lanes === 1 ? task(context) : new LanedSinkTask(lanes, context, task)
    },
    exactlyOnceSupport(given) {
      const { 'exactly.once.sink': wish } = parseKeys(jdbcSinkConfig, ['exactly.once.sink'], given)
      return wish === 'off' ? 'unsupported' : 'supported'
    },
    alterOffsets: (given, changes, how) => alterSinkOffsets(given, changes, how, parts),
    validate: (given, checked, signal) => validateSink(given, checked, signal, parts),
    preview: (given, records, request) => previewSink(given, records, request, parts),
    reading(given) {
      const wish = parseKeys(jdbcSinkConfig, ['exactly.once.sink', 'sink.offset.gap'], given)
      const isOff = wish['exactly.once.sink'] === 'off'
      return {
        consumer: new Map(isOff ? [] : [['isolation.level', 'read_committed']]),
        failsOutOfRange: !isOff && wish['sink.offset.gap'] === 'fail'
      }
    },
    batch(given) {
      const wish = parseKeys(
        jdbcSinkConfig,
        ['batch.size', 'batch.max.bytes', 'batch.linger.ms'],
        given
      )
      return {
        records: wish['batch.size'] === 0 ? Number.MAX_SAFE_INTEGER : wish['batch.size'],
        bytes: wish['batch.max.bytes'],
        lingerMs: wish['batch.linger.ms']
      }
    }
  }
}

/** `io.confluent.connect.jdbc.JdbcSinkConnector`, also `JdbcSinkConnector` and `JdbcSink`. */
export const jdbcSinkPlugin = plugin(
  {
    className: 'io.confluent.connect.jdbc.JdbcSinkConnector',
    taskClassName: 'io.confluent.connect.jdbc.sink.JdbcSinkTask',
    version: '10.9.7'
  },
  jdbcSinkConfig
)

/** `io.aiven.connect.jdbc.JdbcSinkConnector`: the same connector with that fork's keys and defaults. */
export const aivenJdbcSinkPlugin = plugin(
  {
    className: 'io.aiven.connect.jdbc.JdbcSinkConnector',
    taskClassName: 'io.aiven.connect.jdbc.sink.JdbcSinkTask',
    version: '6.10.0',
    withoutAlias: true
  },
  aivenSinkConfig
)
