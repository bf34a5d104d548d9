import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { builtinPlugins } from '../../../../src/builtin-plugins.ts'
import type { ConfigKeyInfo } from '../../../../src/config/config-infos.ts'
import { ConfigProviders } from '../../../../src/config/providers.ts'
import { aivenSinkConfig } from '../../../../src/connectors/jdbc/settings/sink-config.ts'
import { sinkSettings } from '../../../../src/connectors/jdbc/settings/sink-settings.ts'
import {
  aivenJdbcSinkPlugin,
  jdbcSinkPlugin
} from '../../../../src/connectors/jdbc/sink/sink-plugins.ts'
import { Plugins } from '../../../../src/plugin/plugins.ts'
import { parseWorkerConfig } from '../../../../src/settings/worker/worker-config.ts'
import { providerSettings } from '../../../../src/settings/worker/provider-settings.ts'
import { validateConnector } from '../../../../src/validation/validate-connector.ts'

const folder = join(import.meta.dirname, '../../../compat/golden/definitions')
/** As a JVM worker answered them for the keys of Confluent's connector 10.9.7, without the prose. */
const recorded = JSON.parse(readFileSync(join(folder, 'jdbc-sink.json'), 'utf8')) as Omit<
  ConfigKeyInfo,
  'documentation'
>[]
const names = new Set(recorded.map(({ name }) => name))

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
  const config = new Map([['connector.class', jdbcSinkPlugin.className]])
  const { configs } = await validateConnector(context, config, AbortSignal.timeout(60_000))
  return configs.flatMap(({ definition }) => (definition === null ? [] : [definition]))
}

describe('The definitions of the JDBC sink', () => {
  it('are those a JVM worker answers for each key of Confluent’s connector, in that order', async () => {
    const all = await answered()
    const ours = all.filter(({ name }) => names.has(name))
    assert.deepEqual(ours.map(withoutProse), recorded)
    const silent = all.filter(({ documentation }) => documentation === '')
    assert.deepEqual(
      silent.map(({ name }) => name),
      [],
      'keys without documentation'
    )
  })

  it('have keys of our own behind Confluent’s, in the whole list and in each group', async () => {
    const all = await answered()
    const first = all.findIndex(({ name }) => names.has(name))
    const last = all.findLastIndex(({ name }) => names.has(name))
    assert.equal(last - first + 1, recorded.length)
    for (const { name, group, order_in_group: order } of all.slice(last + 1)) {
      const orders = recorded.filter((one) => one.group === group).map((one) => one.order_in_group)
      assert.ok(order > Math.max(0, ...orders), `${name} stands at ${order} of group ${group}`)
    }
  })

  it('differ between the two classes in the insert mode and in what counts as a table', () => {
    const config = new Map(
      Object.entries({ 'connection.url': 'jdbc:postgresql://h/d', 'insert.mode': 'multi' })
    )
    assert.throws(() => sinkSettings(config), /insert.mode: Invalid enumerator/)
    const settings = sinkSettings(config, aivenSinkConfig)
    assert.equal(settings.records.insertMode, 'insert')
    assert.ok(settings.tables.types.has('PARTITIONED TABLE'))
    const plugins = new Plugins([jdbcSinkPlugin, aivenJdbcSinkPlugin])
    for (const alias of ['JdbcSinkConnector', 'JdbcSink']) {
      assert.equal(plugins.connector(alias), jdbcSinkPlugin)
    }
  })

  it('ask of a task the batches that batch.size says, or whatever is there', () => {
    const wish = (size: string) =>
      jdbcSinkPlugin.batch?.(
        new Map(Object.entries({ 'batch.size': size, 'batch.linger.ms': '7' }))
      )
    assert.deepEqual(wish('17'), { records: 17, bytes: 8 * 1024 * 1024, lingerMs: 7 })
    assert.equal(wish('0')?.records, Number.MAX_SAFE_INTEGER)
  })
})
