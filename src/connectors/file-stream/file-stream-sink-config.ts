import { configDef } from '../../config/config-def.ts'

/** Everything a user can set: validation, REST and the documentation page are made from this. */
export const fileStreamSinkConfig = configDef({
  file: {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'File to write to; lines are appended. Without it, they go to standard output.'
  }
})
