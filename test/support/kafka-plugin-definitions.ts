import { type ConfigDef, configDef } from '../../src/config/config-def.ts'
import type { Plugin } from '../../src/plugin/plugins.ts'
import { javaRegex } from '../../src/config/java-regex.ts'
import { messageOf } from '../../src/errors.ts'

/** Definitions of Kafka's plugins that validation is asked about. They only answer for their configuration. */

const VERSION = '4.3.1'
const inert = (): never => {
  throw new Error('this plugin only has a configuration')
}

function regexComplaint(pattern: string): string | null {
  try {
    javaRegex(pattern)
    return null
  } catch (error) {
    return `Invalid regex: ${messageOf(error)}`
  }
}

function transformation(className: string, config: ConfigDef): Plugin {
  return { type: 'transformation', className, version: VERSION, config, create: inert }
}
function predicate(className: string, config: ConfigDef): Plugin {
  return { type: 'predicate', className, version: VERSION, config, create: inert }
}

const insertField = configDef({
  'topic.field': { type: 'string', default: null, importance: 'medium', doc: '' },
  'partition.field': { type: 'string', default: null, importance: 'medium', doc: '' },
  'offset.field': { type: 'string', default: null, importance: 'medium', doc: '' },
  'timestamp.field': { type: 'string', default: null, importance: 'medium', doc: '' },
  'static.field': { type: 'string', default: null, importance: 'medium', doc: '' },
  'static.value': { type: 'string', default: null, importance: 'medium', doc: '' },
  'replace.null.with.default': { type: 'boolean', default: true, importance: 'medium', doc: '' }
})

export const kafkaPluginDefinitions: readonly Plugin[] = [
  {
    type: 'source',
    className: 'org.apache.kafka.connect.file.FileStreamSourceConnector',
    taskClassName: 'org.apache.kafka.connect.file.FileStreamSourceTask',
    version: VERSION,
    config: configDef({
      file: { type: 'string', default: null, importance: 'high', doc: '' },
      topic: { type: 'string', importance: 'high', nonEmpty: true, doc: '' },
      'batch.size': { type: 'int', default: 2000, importance: 'low', doc: '' }
    }),
    exactlyOnceSupport: () => 'supported',
    create: inert,
    createTask: inert
  },
  {
    type: 'sink',
    className: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    taskClassName: 'org.apache.kafka.connect.file.FileStreamSinkTask',
    version: VERSION,
    config: configDef({
      file: { type: 'string', default: null, importance: 'high', doc: '' }
    }),
    create: inert,
    createTask: inert
  },
  transformation('org.apache.kafka.connect.transforms.InsertField$Value', insertField),
  transformation('org.apache.kafka.connect.transforms.InsertField$Key', insertField),
  transformation(
    'org.apache.kafka.connect.transforms.RegexRouter',
    configDef({
      regex: { type: 'string', importance: 'high', check: regexComplaint, doc: '' },
      replacement: { type: 'string', importance: 'high', doc: '' }
    })
  ),
  transformation(
    'org.apache.kafka.connect.transforms.ReplaceField$Value',
    configDef({
      exclude: { type: 'list', default: [], importance: 'medium', doc: '' },
      include: { type: 'list', default: [], importance: 'medium', doc: '' },
      renames: { type: 'list', default: [], importance: 'medium', doc: '' },
      'replace.null.with.default': { type: 'boolean', default: true, importance: 'medium', doc: '' }
    })
  ),
  predicate('org.apache.kafka.connect.transforms.predicates.RecordIsTombstone', {}),
  predicate(
    'org.apache.kafka.connect.transforms.predicates.TopicNameMatches',
    configDef({ pattern: { type: 'string', importance: 'medium', check: regexComplaint, doc: '' } })
  )
]
