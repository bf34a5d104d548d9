import { configDef } from '../config/config-def.ts'
import { predicatePlugin } from './kafka-plugins.ts'

const config = configDef({
  name: { type: 'string', nonEmpty: true, importance: 'medium', doc: 'Name of the header.' }
})

/** Holds for records that have a header of that name. */
export const hasHeaderKeyPlugin = predicatePlugin('HasHeaderKey', config, ({ name }) => ({
  test: ({ headers }) => headers.some(({ key }) => key === name)
}))
