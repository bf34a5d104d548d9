import type { ConfigDef, ConfigMap } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'

/** Changes one record, or drops it by answering null. The record given must not be modified: answer a new one. */
export interface Transformation {
  configure(config: ConfigMap): void
  apply<R extends ConnectRecord>(record: R): R | null
  close?(): void
}

/** Says whether a transformation applies to a record. */
export interface Predicate {
  configure(config: ConfigMap): void
  test(record: ConnectRecord): boolean
  close?(): void
}

export interface TransformationPlugin {
  readonly type: 'transformation'
  readonly className: string
  readonly version: string
  readonly config: ConfigDef
  create(): Transformation
}

export interface PredicatePlugin {
  readonly type: 'predicate'
  readonly className: string
  readonly version: string
  readonly config: ConfigDef
  create(): Predicate
}
