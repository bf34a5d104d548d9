import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../../../../src/builtin-plugins.ts'
import type { ConfigKeyInfo } from '../../../../src/config/config-infos.ts'
import { ConfigProviders } from '../../../../src/config/providers.ts'
import { sourceSettings } from '../../../../src/connectors/jdbc/settings/source-settings.ts'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import { validateConnector } from '../../../../src/validation/validate-connector.ts'
import { Plugins } from '../../../../src/plugin/plugins.ts'
import { parseWorkerConfig } from '../../../../src/settings/worker/worker-config.ts'
import { providerSettings } from '../../../../src/settings/worker/provider-settings.ts'

const folder = join(import.meta.dirname, '../../../compat/golden/definitions')
/** As a JVM worker answered them for Confluent's connector 10.9.7, without the prose. */
const recorded = JSON.parse(readFileSync(join(folder, 'jdbc-source.json'), 'utf8')) as Omit<
  ConfigKeyInfo,
  'documentation'
>[]

function withoutProse(info: ConfigKeyInfo): Omit<ConfigKeyInfo, 'documentation'> {
  const { documentation: _, ...rest } = info
  return rest
}

async function answered(): Promise<ConfigKeyInfo[]> {
  const properties = new Map(
    Object.entries({
      'bootstrap.servers': 'localhost:9092',
      'group.id': 'definitions',
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'config.storage.topic': 'c',
      'offset.storage.topic': 'o',
      'status.storage.topic': 's'
    })
  )
  const context = {
    plugins: new Plugins(builtinPlugins()),
    workerConfig: parseWorkerConfig('distributed', properties),
    providers: new ConfigProviders(providerSettings(properties), {})
  }
  const config = new Map([['connector.class', jdbcSourcePlugin.className]])
  const { configs } = await validateConnector(context, config, AbortSignal.timeout(5000))
  return configs.flatMap(({ definition }) => (definition === null ? [] : [definition]))
}

describe('The definitions of the JDBC source', () => {
  it('are those a JVM worker answers for each key of Confluent’s connector, in that order', async () => {
    const names = new Set(recorded.map(({ name }) => name))
    const ours = (await answered()).filter(({ name }) => names.has(name))
    assert.deepEqual(ours.map(withoutProse), recorded)
    const silent = ours.filter(({ documentation }) => documentation === '')
    assert.deepEqual(
      silent.map(({ name }) => name),
      [],
      'keys without documentation'
    )
  })

  it('have keys of our own behind Confluent’s, in the whole list and in each group', async () => {
    const names = new Set(recorded.map(({ name }) => name))
    const all = await answered()
    const last = all.findLastIndex(({ name }) => names.has(name))
    assert.deepEqual(
      all.slice(0, last + 1).flatMap(({ name }) => (names.has(name) ? [] : [name])),
      []
    )
    const lastInGroup = new Map<string | null, number>()
    for (const { group, order_in_group: order } of recorded) {
      lastInGroup.set(group, Math.max(order, lastInGroup.get(group) ?? 0))
    }
    for (const { name, group, order_in_group: order } of all.slice(last + 1)) {
      const limit = lastInGroup.get(group) ?? 0
      assert.ok(order > limit, `${name} stands at ${order} of group ${group}`)
    }
  })

  it('take numbers that Confluent’s connector takes: less than no time is none', async () => {
    const config = new Map(
      Object.entries({
        'connection.url': 'jdbc:sqlite:/nowhere',
        mode: 'bulk',
        'poll.interval.ms': '-1',
        'max.buffer.size': '-5',
        'poll.linger.ms': '-1',
        'connection.backoff.ms': '-1',
        'table.monitoring.startup.polling.limit.ms': '-1'
      })
    )
    const settings = sourceSettings(config)
    assert.equal(settings.defaults.pollIntervalMs, 0)
    assert.equal(settings.defaults.fetchRows, 1000)
    assert.equal(settings.connection.backoffMs, 0)
    assert.equal(settings.startupPollingLimitMs, 0)
  })
})
