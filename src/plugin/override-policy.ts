import type { ConfigDef, ConfigMap } from '../config/config-def.ts'

/** One setting of a Kafka client that a connector wants changed. */
export interface ClientOverride {
  /** Name of the connector. */
  readonly connector: string
  readonly client: 'producer' | 'consumer' | 'admin'
  /** Without `producer.override.` before it. */
  readonly key: string
  readonly value: string | null
}

/** Decides which client settings connectors may override. */
export interface OverridePolicy {
  /** What complaints call it. */
  readonly name: string
  allows(override: ClientOverride): boolean
}

/** A policy as worker files select it in `connector.client.config.override.policy`. */
export interface OverridePolicyPlugin {
  readonly type: 'override_policy'
  readonly className: string
  readonly version: string
  readonly config: ConfigDef
  /** `worker`: every property of the worker. Throws ConfigError. */
  create(worker: ConfigMap): OverridePolicy
}
