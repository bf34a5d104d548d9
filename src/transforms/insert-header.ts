import { configDef, parseConfig, type ConfigMap } from '../config/config-def.ts'
import { parseLiteral } from '../data/literals.ts'
import type { Header } from '../data/headers.ts'
import type { ConnectRecord } from '../data/record.ts'
import { KAFKA_VERSION } from '../plugin/kafka-version.ts'
import type { Transformation, TransformationPlugin } from '../plugin/transformation.ts'
import { PACKAGE } from './record-side.ts'

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
class InsertHeader implements Transformation {
  #header: Header = { key: '', schema: null, value: null }

  configure(map: ConfigMap): void {
    const settings = parseConfig(config, map)
    this.#header = { key: settings.header, ...parseLiteral(settings['value.literal']) }
  }

  apply<R extends ConnectRecord>(record: R): R {
    return { ...record, headers: [...record.headers, this.#header] }
  }
}

export const insertHeaderPlugin: TransformationPlugin = {
  type: 'transformation',
  className: `${PACKAGE}.InsertHeader`,
  version: KAFKA_VERSION,
  config,
  create: () => new InsertHeader()
}
