import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { pluginsAndProviders } from '../../src/launch/start-parts.ts'
import { overridePolicy } from '../../src/settings/worker/override-policy.ts'
import { parseWorkerConfig } from '../../src/settings/worker/worker-config.ts'

const dir = mkdtempSync(join(tmpdir(), 'load-plugins-'))
after(() => rmSync(dir, { recursive: true }))

const PLUGINS = `
  import { ConfigError } from 'kafka-connect-node/plugin'
  const common = { version: '1.0.0', config: {} }
  export const plugins = [
    {
      ...common,
      type: 'config_provider',
      className: 'com.example.VaultConfigProvider',
      create(params) {
        if (!params.has('address')) throw new ConfigError('The vault has no address')
        return { get: (path, key) => \`\${params.get('address')}/\${path}/\${key}\` }
      }
    },
    {
      ...common,
      type: 'override_policy',
      className: 'com.example.NamedPolicy',
      create: (worker) => ({
        name: 'Named',
        allows: ({ connector, client, key }) =>
          connector === worker.get('group.id') && client === 'producer' && key === 'linger.ms'
      })
    }
  ]
`
mkdirSync(join(dir, 'vault'))
writeFileSync(
  join(dir, 'vault', 'package.json'),
  JSON.stringify({ name: 'vault', type: 'module', kafkaConnect: { plugins: 'plugins.js' } })
)
writeFileSync(join(dir, 'vault', 'plugins.js'), PLUGINS)

const VAULT = {
  'plugin.path': dir,
  'config.providers': 'vault',
  'config.providers.vault.class': 'com.example.VaultConfigProvider',
  'config.providers.vault.param.address': 'here'
}
const worker = (settings: Record<string, string>): Map<string, string> =>
  new Map(
    Object.entries({
      'bootstrap.servers': 'localhost:9092',
      'group.id': 'orders',
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'offset.storage.topic': 'o',
      'config.storage.topic': 'c',
      'status.storage.topic': 's',
      ...settings
    })
  )

describe('plugins of a worker file', () => {
  it('provide values for the worker file itself', async () => {
    const { properties } = await pluginsAndProviders(
      worker({ ...VAULT, 'producer.ssl.key.password': '${vault:secrets:ssl}' })
    )
    assert.equal(properties.get('producer.ssl.key.password'), 'here/secrets/ssl')
  })

  it('may refuse their settings', async () => {
    const { 'config.providers.vault.param.address': _, ...without } = VAULT
    await assert.rejects(pluginsAndProviders(worker(without)), {
      message: 'The vault has no address'
    })
  })

  it('decide what connectors may override', async () => {
    const settings = worker({
      'plugin.path': dir,
      'connector.client.config.override.policy': 'com.example.NamedPolicy'
    })
    const { plugins, properties } = await pluginsAndProviders(settings)
    const policy = overridePolicy(parseWorkerConfig('distributed', properties), plugins)
    const allowed = {
      connector: 'orders',
      client: 'producer',
      key: 'linger.ms',
      value: '5'
    } as const
    assert.equal(policy.name, 'Named')
    assert.ok(policy.allows(allowed))
    assert.ok(!policy.allows({ ...allowed, connector: 'stock' }))
    assert.ok(!policy.allows({ ...allowed, client: 'admin' }))
  })

  it('are missed by name', async () => {
    await assert.rejects(
      pluginsAndProviders(worker({ ...VAULT, 'plugin.path': '/no/such/folder' })),
      {
        message:
          'Invalid value com.example.VaultConfigProvider for configuration config.providers.vault.class: Could not load config provider class or one of its dependencies'
      }
    )
    const { plugins, properties } = await pluginsAndProviders(
      worker({ 'connector.client.config.override.policy': 'com.example.NamedPolicy' })
    )
    assert.throws(() => overridePolicy(parseWorkerConfig('distributed', properties), plugins), {
      message:
        'Invalid value com.example.NamedPolicy for configuration connector.client.config.override.policy: Class com.example.NamedPolicy could not be found.'
    })
  })
})
