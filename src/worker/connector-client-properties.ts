import { type ConfigMap, withPrefix } from '../config/config-def.ts'
import type { OverridePolicy } from '../plugin/override-policy.ts'
import type { ClientKind } from '../settings/clients/client-definitions.ts'
import type { EffectWarnings } from '../settings/clients/effect-warnings.ts'
import {
  adminProperties,
  consumerProperties,
  producerProperties
} from '../settings/worker/layered-properties.ts'
import { connectorName } from '../settings/connector/connector-settings.ts'
import { checkOverrides } from '../settings/worker/override-policy.ts'

/** Settings of the Kafka clients that a connector is given, by its configuration with `${…}` resolved. */
export interface ConnectorClientProperties {
  producer(connectorConfig: ConfigMap): ConfigMap
  consumer(connectorConfig: ConfigMap): ConfigMap
  admin(connectorConfig: ConfigMap): ConfigMap
}

/**
 * The worker's settings, overridden by the connector's. Each method throws ConfigError when the policy allows
 * no such override. What the worker gives to all connectors and has no effect is told once, what a connector
 * overrides for that one.
 */
export class LayeredClientProperties implements ConnectorClientProperties {
  readonly #worker: ConfigMap
  readonly #policy: OverridePolicy
  readonly #warnings: EffectWarnings

  /** `worker`: properties of the worker, with `${…}` resolved. */
  constructor(worker: ConfigMap, policy: OverridePolicy, warnings: EffectWarnings) {
    this.#worker = worker
    this.#policy = policy
    this.#warnings = warnings
  }

  producer(connectorConfig: ConfigMap): ConfigMap {
    this.#check('producer', connectorConfig)
    return producerProperties(this.#worker, connectorConfig)
  }

  consumer(connectorConfig: ConfigMap): ConfigMap {
    this.#check('consumer', connectorConfig)
    return consumerProperties(this.#worker, connectorConfig)
  }

  admin(connectorConfig: ConfigMap): ConfigMap {
    this.#check('admin', connectorConfig)
    return adminProperties(this.#worker, connectorConfig)
  }

  #check(kind: ClientKind, connectorConfig: ConfigMap): void {
    checkOverrides(this.#policy, connectorConfig, kind)
    const name = connectorName(connectorConfig) ?? ''
    const given = withPrefix(this.#worker, `${kind}.`)
    this.#warnings.tell(`the ${kind} of each connector`, [kind], given)
    const overrides = withPrefix(connectorConfig, `${kind}.override.`)
    this.#warnings.tell(`the ${kind} of connector ${name}`, [kind], overrides)
  }
}
