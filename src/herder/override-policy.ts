import { ConfigError } from '../errors.ts'
import type { WorkerConfig } from '../worker/worker-config.ts'

const PRINCIPAL = ['sasl.jaas.config', 'sasl.mechanism', 'security.protocol']

/** Which client settings a connector may override (`connector.client.config.override.policy`). */
export interface OverridePolicy {
  readonly name: string
  allows(key: string): boolean
}

/** The policy a worker is configured with, by its short name or Kafka's class name. Throws ConfigError. */
export function overridePolicy(config: WorkerConfig): OverridePolicy {
  const given = config.values['connector.client.config.override.policy']
  const name = given
    .slice(given.lastIndexOf('.') + 1)
    .replace(/ConnectorClientConfigOverridePolicy$/, '')
  switch (name) {
    case 'All':
      return { name, allows: () => true }
    case 'None':
      return { name, allows: () => false }
    case 'Principal':
      return { name, allows: (key) => PRINCIPAL.includes(key) }
    case 'Allowlist': {
      const allowed = config.values['connector.client.config.override.allowlist']
      return { name, allows: (key) => allowed.includes(key) }
    }
    default:
      throw new ConfigError(
        `Invalid value ${given} for configuration connector.client.config.override.policy: known policies are All, None, Principal and Allowlist`
      )
  }
}

/** Complaint about one override; `key` without its prefix. */
export function refusedOverride(policy: OverridePolicy, key: string): string {
  return `The '${policy.name}' policy does not allow '${key}' to be overridden in the connector configuration.`
}
