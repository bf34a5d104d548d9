import { ConfigError, parseConfig } from 'kafka-connect-node/plugin'
import { folderSourceConfig } from './config.js'
import { FolderSourceTask } from './task.js'

/** @import { ConfigMap, SourceConnector, SourceConnectorContext, SourceConnectorPlugin } from 'kafka-connect-node/plugin' */

/**
 * One folder is one stream, which one task reads.
 * @implements {SourceConnector}
 */
class FolderSourceConnector {
  /** @type {ConfigMap} */
  #config = new Map()

  /**
   * @param {ConfigMap} config
   * @param {SourceConnectorContext} context
   */
  start(config, context) {
    const { folder } = parseConfig(folderSourceConfig, config)
    this.#config = config
    context.log.info(`Reading the files of ${folder}`)
  }

  taskConfigs() {
    return [this.#config]
  }

  stop() {
    // Nothing runs between two calls.
  }
}

/** @type {SourceConnectorPlugin} */
const folderSource = {
  type: 'source',
  className: 'com.example.FolderSourceConnector',
  taskClassName: 'com.example.FolderSourceTask',
  version: '1.0.0',
  config: folderSourceConfig,
  create: () => new FolderSourceConnector(),
  createTask: () => new FolderSourceTask(),
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
