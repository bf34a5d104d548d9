import { configDef, parseConfig, type ConfigMap } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import { KAFKA_VERSION } from '../plugin/kafka-version.ts'
import type { Transformation, TransformationPlugin } from '../plugin/transformation.ts'
import { PACKAGE } from './record-side.ts'

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
class DropHeaders implements Transformation {
  #names: ReadonlySet<string> = new Set()

  configure(map: ConfigMap): void {
    this.#names = new Set(parseConfig(config, map).headers)
  }

  apply<R extends ConnectRecord>(record: R): R {
    return { ...record, headers: record.headers.filter(({ key }) => !this.#names.has(key)) }
  }
}

export const dropHeadersPlugin: TransformationPlugin = {
  type: 'transformation',
  className: `${PACKAGE}.DropHeaders`,
  version: KAFKA_VERSION,
  config,
  create: () => new DropHeaders()
}
