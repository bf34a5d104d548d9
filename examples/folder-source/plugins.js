import { ConfigError, parseConfig } from 'kafka-connect-node/plugin'
import { folderSourceConfig } from './config.js'
import { FolderSourceTask } from './task.js'

/** @import { ConfigMap, SourceConnector, SourceConnectorContext, SourceConnectorPlugin } from 'kafka-connect-node/plugin' */

/**
 * One folder is one stream, which one task reads.
 * @param {ConfigMap} config
 * @param {SourceConnectorContext} context
 * @returns {SourceConnector}
 */
function folderSourceConnector(config, context) {
  const { folder } = parseConfig(folderSourceConfig, config)
  context.log.info(`Reading the files of ${folder}`)
  return {
    taskConfigs: () => [config],
    // Nothing runs between two calls.
    stop: () => undefined
  }
}

/** @type {SourceConnectorPlugin} */
const folderSource = {
  type: 'source',
  className: 'com.example.FolderSourceConnector',
  taskClassName: 'com.example.FolderSourceTask',
  version: '1.0.0',
  config: folderSourceConfig,
  create: folderSourceConnector,
  createTask: (config, context) => new FolderSourceTask(config, context),
  alterOffsets(config, changes) {
    const { folder } = parseConfig(folderSourceConfig, config)
    for (const { partition, offset } of changes) {
      if (partition['folder'] !== folder) {
        throw new ConfigError(`The one partition of this connector is {"folder": "${folder}"}`)
      }
      if (offset !== null && typeof offset['name'] !== 'string') {
        throw new ConfigError('An offset is {"name": "the name of the last file that was read"}')
      }
    }
    return true
  }
}

export const plugins = [folderSource]
