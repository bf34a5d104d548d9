import { stat } from 'node:fs/promises'
import { systemClock } from '../../clock.ts'
import { type ConfigMap, parseConfig } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import { loggers } from '../../log.ts'
import { KAFKA_VERSION } from '../../plugin/kafka-version.ts'
import type { PreviewRequest, SourcePreview } from '../../plugin/preview.ts'
import type {
  OffsetChange,
  SourceConnector,
  SourceConnectorContext,
  SourceConnectorPlugin
} from '../../plugin/source.ts'
import { fileStreamSourceConfig } from './file-stream-source-config.ts'
import { FileStreamSourceTask } from './file-stream-source-task.ts'

/** One file is one stream, which one task reads: the connector hands its own configuration on. */
function fileStreamSource(config: ConfigMap, context: SourceConnectorContext): SourceConnector {
  const { file } = parseConfig(fileStreamSourceConfig, config)
  return {
    start: () => context.log.info(`Reading ${file || 'standard input'}`),
    taskConfigs: () => [config],
    // Nothing runs between two calls.
    stop: () => undefined
  }
}

/** Checks offsets an operator wants to write, so that the task never meets one it cannot use. */
function alterOffsets(config: ConfigMap, changes: readonly OffsetChange[]): boolean {
  if (!parseConfig(fileStreamSourceConfig, config).file) {
    throw new ConfigError(
      "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked."
    )
  }
  for (const { partition, offset } of changes) {
    if (offset === null) continue
    if (!Object.hasOwn(offset, 'position')) {
      throw new ConfigError("Offset objects should either be null or contain the key 'position'")
    }
    const position = offset['position']
    if (typeof position !== 'bigint' && !Number.isSafeInteger(position)) {
      throw new ConfigError(
        "The value for the 'position' key in the offset is expected to be a Long value"
      )
    }
    if (Number(position) < 0) {
      throw new ConfigError(
        "The value for the 'position' key in the offset should be a non-negative value"
      )
    }
    if (!Object.hasOwn(partition, 'filename')) {
      throw new ConfigError("Partition objects should contain the key 'filename'")
    }
  }
  return true
}

/** The first lines, read by a task that stores nothing: looking at a file takes nothing from it. */
async function preview(config: ConfigMap, request: PreviewRequest): Promise<SourcePreview> {
  const { file } = parseConfig(fileStreamSourceConfig, config)
  if (!file) throw new ConfigError('Standard input cannot be looked at without being read')
  // I8: opening a pipe waits for its other end, reading it takes what nobody else sees then; a device may
  // never end.
  const found = await stat(file).catch(() => null)
  if (found !== null && !found.isFile()) {
    throw new ConfigError(`${file} is no file that can be looked at`)
  }
  const settings = new Map([...config, ['batch.size', String(request.maxRows)]])
  const task = new FileStreamSourceTask(
    settings,
    {
      connector: 'preview',
      task: 0,
      log: loggers.get('org.apache.kafka.connect.file.FileStreamSourceTask'),
      offsets: { offsets: (partitions) => Promise.resolve(partitions.map(() => null)) },
      storeOffsets: () => Promise.resolve(),
      stopping: request.signal,
      reportCondition: () => undefined
    },
    systemClock
  )
  try {
    const records = await task.poll()
    const problems = records === null ? [`The file ${file} is not there`] : []
    return { records: records ?? [], statements: [], columns: [], advice: [], problems }
  } finally {
    await task.stop()
  }
}

export const fileStreamSourcePlugin: SourceConnectorPlugin = {
  type: 'source',
  className: 'org.apache.kafka.connect.file.FileStreamSourceConnector',
  taskClassName: 'org.apache.kafka.connect.file.FileStreamSourceTask',
  version: KAFKA_VERSION,
  config: fileStreamSourceConfig,
  create: fileStreamSource,
  createTask: (config, context) => new FileStreamSourceTask(config, context, systemClock),
  // Standard input cannot be read again, so its lines can be lost.
  exactlyOnceSupport: (config) =>
    parseConfig(fileStreamSourceConfig, config).file ? 'supported' : 'unsupported',
  alterOffsets,
  preview
}
