import { configDef } from 'kafka-connect-node/plugin'

export const folderSourceConfig = configDef({
  folder: {
    type: 'string',
    nonEmpty: true,
    importance: 'high',
    doc: 'Folder whose files are read.'
  },
  topic: { type: 'string', nonEmpty: true, importance: 'high', doc: 'Topic they go to.' },
  'max.file.bytes': {
    type: 'int',
    default: 1_000_000,
    atLeast: 1,
    importance: 'low',
    doc: 'Size of the largest file. A larger one fails the task.'
  },
  'poll.interval.ms': {
    type: 'int',
    default: 1000,
    atLeast: 1,
    importance: 'low',
    doc: 'Pause between two looks into the folder.'
  }
})
