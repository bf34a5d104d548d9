import { configDef } from '../config/config-def.ts'
import { parseLiteral } from '../data/literals.ts'
import type { Header } from '../data/headers.ts'
import { transformationPlugin } from './kafka-plugins.ts'

const notNull = (value: string | null): string | null =>
  value === null ? 'entry must be non null' : null

const config = configDef({
  header: {
    type: 'string',
    importance: 'high',
    check: notNull,
    checksNull: true,
    doc: 'Name of the header.'
  },
  'value.literal': {
    type: 'string',
    importance: 'high',
    check: notNull,
    checksNull: true,
    doc: 'Value of the header. Numbers, booleans, dates, `[…]`, `{…}` and `null` are read as such, anything else is text.'
  }
})

/** Adds one header, the same for every record. */
export const insertHeaderPlugin = transformationPlugin('InsertHeader', config, (settings) => {
  const header: Header = { key: settings.header, ...parseLiteral(settings['value.literal']) }
  return { apply: (record) => ({ ...record, headers: [...record.headers, header] }) }
})
