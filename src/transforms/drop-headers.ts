import { configDef } from '../config/config-def.ts'
import { transformationPlugin } from './kafka-plugins.ts'

const config = configDef({
  headers: {
    type: 'list',
    nonEmpty: true,
    distinct: true,
    importance: 'high',
    doc: 'Names of the headers to remove.'
  }
})

/** Removes headers by name. */
export const dropHeadersPlugin = transformationPlugin('DropHeaders', config, (settings) => {
  const names = new Set(settings.headers)
  return {
    apply: (record) => ({ ...record, headers: record.headers.filter(({ key }) => !names.has(key)) })
  }
})
