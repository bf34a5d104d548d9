import { configDef, parseConfig, type ConfigMap } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'
import { KAFKA_VERSION } from '../plugin/kafka-version.ts'
import type { Predicate, PredicatePlugin } from '../plugin/transformation.ts'
import { PACKAGE } from './record-side.ts'

const config = configDef({
  name: { type: 'string', nonEmpty: true, importance: 'medium', doc: 'Name of the header.' }
})

/** Holds for records that have a header of that name. */
class HasHeaderKey implements Predicate {
  #name = ''

  configure(map: ConfigMap): void {
    this.#name = parseConfig(config, map).name
  }

  test(record: ConnectRecord): boolean {
    return record.headers.some(({ key }) => key === this.#name)
  }
}

export const hasHeaderKeyPlugin: PredicatePlugin = {
  type: 'predicate',
  className: `${PACKAGE}.predicates.HasHeaderKey`,
  version: KAFKA_VERSION,
  config,
  create: () => new HasHeaderKey()
}
