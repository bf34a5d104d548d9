import { configDef } from '../../config/config-def.ts'

/** Everything a user can set: validation, REST and the documentation page are made from this. */
export const fileStreamSourceConfig = configDef({
  file: {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'File to read. Without it, standard input is read.'
  },
  topic: {
    type: 'string',
    nonEmpty: true,
    importance: 'high',
    doc: 'Topic that gets one record per line.'
  },
  'batch.size': {
    type: 'int',
    default: 2000,
    importance: 'low',
    doc: 'How many records one poll returns at most.'
  }
})
