import { type ConfigMap, withPrefix } from '../../config/config-def.ts'
import { ConfigError } from '../../errors.ts'
import type { ClientOverride, OverridePolicy } from '../../plugin/override-policy.ts'
import type { Plugins } from '../../plugin/plugins.ts'
import { connectorName } from '../connector/connector-settings.ts'
import { POLICY_KEY } from './common-keys.ts'
import type { WorkerConfig } from './worker-config.ts'

const PRINCIPAL = ['sasl.jaas.config', 'sasl.mechanism', 'security.protocol']

const KAFKAS_OWN = [
  /^(All|None|Principal|Allowlist)$/,
  /^org\.apache\.kafka\.connect\.connector\.policy\.(All|None|Principal|Allowlist)ConnectorClientConfigOverridePolicy$/
]

/**
 * The policy a worker is configured with: one of Kafka's by its short name or class name, or a plugin's by
 * its class name. Throws ConfigError.
 */
export function overridePolicy(config: WorkerConfig, plugins: Plugins): OverridePolicy {
  const given = config.values[POLICY_KEY]
  const name = KAFKAS_OWN.map((pattern) => pattern.exec(given)?.[1]).find(Boolean)
  if (name === undefined) {
    const plugin = plugins.find('override_policy', given)
    if (plugin !== null) return plugin.create(config.properties)
    throw new ConfigError(
      `Invalid value ${given} for configuration ${POLICY_KEY}: Class ${given} could not be found.`
    )
  }
  const allowed: readonly string[] =
    name === 'Principal'
      ? PRINCIPAL
      : name === 'Allowlist'
        ? config.values['connector.client.config.override.allowlist']
        : []
  return { name, allows: ({ key }) => name === 'All' || allowed.includes(key) }
}

/** Complaint about one override. */
export function refusedOverride({ name }: OverridePolicy, { key }: ClientOverride): string {
  return `The '${name}' policy does not allow '${key}' to be overridden in the connector configuration.`
}

/**
 * Throws ConfigError when a connector overrides settings it may not, at the moment its client is made: its
 * configuration may be older than the policy, or come from another worker.
 */
export function checkOverrides(
  policy: OverridePolicy,
  connectorConfig: ConfigMap,
  client: ClientOverride['client']
): void {
  const connector = connectorName(connectorConfig) ?? ''
  const refused = [...withPrefix(connectorConfig, `${client}.override.`)]
    .map(([key, value]): ClientOverride => ({ connector, client, key, value }))
    .filter((override) => !policy.allows(override))
  if (refused.length === 0) return
  const problems = refused.map((override) => refusedOverride(policy, override))
  throw new ConfigError(
    `Client Config Overrides not allowed for the ${client} of connector ${connector}: ${problems.join(' ')}`,
    { problems }
  )
}
