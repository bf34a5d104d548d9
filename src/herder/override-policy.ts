import type { WorkerConfig } from '../worker/worker-config.ts'

const PRINCIPAL = ['sasl.jaas.config', 'sasl.mechanism', 'security.protocol']

/** Which client settings a connector may override (`connector.client.config.override.policy`). */
export interface OverridePolicy {
  readonly name: string
  allows(key: string): boolean
}

/** The policy a worker is configured with, by its short name or Kafka's class name; its definition lets no other word pass. */
export function overridePolicy(config: WorkerConfig): OverridePolicy {
  const given = config.values['connector.client.config.override.policy']
  const name = given
    .slice(given.lastIndexOf('.') + 1)
    .replace(/ConnectorClientConfigOverridePolicy$/, '')
  const allowed: readonly string[] =
    name === 'Principal'
      ? PRINCIPAL
      : name === 'Allowlist'
        ? config.values['connector.client.config.override.allowlist']
        : []
  return { name, allows: (key) => name === 'All' || allowed.includes(key) }
}

/** Complaint about one override; `key` without its prefix. */
export function refusedOverride(policy: OverridePolicy, key: string): string {
  return `The '${policy.name}' policy does not allow '${key}' to be overridden in the connector configuration.`
}
