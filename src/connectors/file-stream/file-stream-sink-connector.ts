import { type ConfigMap, parseConfig } from '../../config/config-def.ts'
import { KAFKA_VERSION } from '../../plugin/kafka-version.ts'
import type { SinkConnector, SinkConnectorContext, SinkConnectorPlugin } from '../../plugin/sink.ts'
import { fileStreamSinkConfig } from './file-stream-sink-config.ts'
import { FileStreamSinkTask } from './file-stream-sink-task.ts'

/** Every task appends to the same file: the connector hands its own configuration on. */
function fileStreamSink(config: ConfigMap, context: SinkConnectorContext): SinkConnector {
  const { file } = parseConfig(fileStreamSinkConfig, config)
  return {
    start: () => context.log.info(`Writing ${file || 'standard output'}`),
    taskConfigs: (maxTasks) => Array.from({ length: maxTasks }, () => config),
    // Nothing runs between two calls.
    stop: () => undefined
  }
}

export const fileStreamSinkPlugin: SinkConnectorPlugin = {
  type: 'sink',
  className: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
  taskClassName: 'org.apache.kafka.connect.file.FileStreamSinkTask',
  version: KAFKA_VERSION,
  config: fileStreamSinkConfig,
  create: fileStreamSink,
  createTask: (config) => new FileStreamSinkTask(config),
  // Positions are in the consumer group and nowhere else.
  alterOffsets: () => true
}
