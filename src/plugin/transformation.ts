import type { ConfigDef, ConfigMap } from '../config/config-def.ts'
import type { ConnectRecord } from '../data/record.ts'

/**
 * Changes one record, or drops it by answering null. The record given must not be modified: answer a new one.
 */
export interface Transformation {
  apply<R extends ConnectRecord>(record: R): R | null
  close?(): void
}

/** Says whether a transformation applies to a record. */
export interface Predicate {
  test(record: ConnectRecord): boolean
  close?(): void
}

export interface TransformationPlugin {
  readonly type: 'transformation'
  readonly className: string
  readonly version: string
  readonly config: ConfigDef
  /** A transformation ready for use. `config`: the keys behind `transforms.<name>.`. Throws ConfigError. */
  create(config: ConfigMap): Transformation
}

export interface PredicatePlugin {
  readonly type: 'predicate'
  readonly className: string
  readonly version: string
  readonly config: ConfigDef
  /** A predicate ready for use. `config`: the keys behind `predicates.<name>.`. Throws ConfigError. */
  create(config: ConfigMap): Predicate
}
