import { configDef } from '../../src/config/config-def.ts'
import type { Plugin } from '../../src/plugin/plugins.ts'

/**
 * Definitions of Kafka's plugins that validation is asked about and that are not shipped. They only answer
 * for their configuration.
 */

const inert = (): never => {
  throw new Error('this plugin only has a configuration')
}

export const kafkaPluginDefinitions: readonly Plugin[] = [
  {
    type: 'sink',
    className: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    taskClassName: 'org.apache.kafka.connect.file.FileStreamSinkTask',
    version: '4.3.1',
    config: configDef({
      file: { type: 'string', default: null, importance: 'high', doc: '' }
    }),
    create: inert,
    createTask: inert
  }
]
