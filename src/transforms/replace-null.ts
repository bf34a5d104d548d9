import { configDef } from '../config/config-def.ts'

/** The key of every transformation that reads fields which may have defaults. */
export const replaceNullConfig = configDef({
  'replace.null.with.default': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    doc: 'Whether a field that is null and has a default value is read as that default.'
  }
})
