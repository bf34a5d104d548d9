import type { ConnectRecord } from '../data/record.ts'
import { KAFKA_VERSION } from '../plugin/kafka-version.ts'
import type { Predicate, PredicatePlugin } from '../plugin/transformation.ts'
import { PACKAGE } from './record-side.ts'

/** Holds for records without a value. */
class RecordIsTombstone implements Predicate {
  configure(): void {
    // It has no configuration.
  }

  test(record: ConnectRecord): boolean {
    return record.value === null || record.value === undefined
  }
}

export const recordIsTombstonePlugin: PredicatePlugin = {
  type: 'predicate',
  className: `${PACKAGE}.predicates.RecordIsTombstone`,
  version: KAFKA_VERSION,
  config: {},
  create: () => new RecordIsTombstone()
}
