import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import type { Struct } from '../../../../src/data/struct.ts'
import {
  parseTopicTemplate,
  topicFrom,
  type TopicNames
} from '../../../../src/connectors/jdbc/settings/topic-template.ts'
import { ConfigProviders } from '../../../../src/config/providers.ts'
import { postgresUrl, uniqueName } from '../../../support/environment.ts'
import {
  type Config,
  fields,
  startJdbcConnector,
  startJdbcTask,
  StoredOffsets
} from '../../../support/jdbc-source.ts'
import { recordingLog } from '../../../support/recording-log.ts'
import { errorsOf } from '../../../support/validation-errors.ts'
import { providerSettings } from '../../../../src/settings/worker/provider-settings.ts'

const NAMES: TopicNames = {
  prefix: 'x-',
  connector: 'shop',
  catalog: 'DB',
  schema: 'Sales',
  table: 'Orders',
  query: null
}
const topic = (template: string, more: Partial<TopicNames> = {}, sanitize = false): string =>
  topicFrom(parseTopicTemplate(template), { ...NAMES, ...more }, 'table Sales.Orders', sanitize)

describe('topic templates', () => {
  it('put names into text, in lower or upper case if asked', () => {
    assert.equal(topic('${prefix}${schema}.${table}'), 'x-Sales.Orders')
    assert.equal(topic('${catalog}_${schema.lower}_${table.upper}'), 'DB_sales_ORDERS')
    assert.equal(topic('all-${connector}'), 'all-shop')
    assert.equal(topic('${ table }'), 'Orders')
  })

  it('name what is wrong with them', () => {
    assert.throws(() => parseTopicTemplate('${tble}'), /stands for nothing here.*mean table\?/s)
    assert.throws(() => parseTopicTemplate('${table.title}'), /there are \.lower and \.upper/)
    assert.throws(() => parseTopicTemplate('a b/${table}'), /no topic may have ' ', '\/' in/)
    assert.throws(() => parseTopicTemplate('${table'), /no topic may have '\$', '\{' in/)
    assert.throws(
      () => topic('${schema}.${table}', { schema: null }),
      /table Sales\.Orders has no schema to stand for \$\{schema\}; it has prefix \(x-\)/
    )
    assert.throws(() => topic('${table}', { table: '订单 1' }), /Topic 订单 1 .*'订', '单', ' '/)
    assert.throws(() => topic('${table}', { table: 'x'.repeat(250) }), /250 characters is too long/)
    assert.throws(() => topic('${table}', { table: '..' }), /no name for a topic/)
  })

  it('can replace what no topic may have', () => {
    assert.equal(topic('${prefix}${table}', { table: '订单 1' }, true), 'x-___1')
  })

  it('are left alone by the providers of secrets', () => {
    const text = '${prefix}${schema}.${table}'
    const providers = new ConfigProviders(
      providerSettings(
        new Map([
          ['config.providers', 'env,table'],
          [
            'config.providers.env.class',
            'org.apache.kafka.common.config.provider.EnvVarConfigProvider'
          ],
          [
            'config.providers.table.class',
            'org.apache.kafka.common.config.provider.EnvVarConfigProvider'
          ]
        ])
      ),
      { table: 'wrong' }
    )
    assert.equal(providers.resolve(new Map([['topic.template', text]])).get('topic.template'), text)
    const mixed = providers.resolve(
      new Map([['topic.template', '${schema}-${env:table}-${table}']])
    )
    assert.equal(mixed.get('topic.template'), '${schema}-wrong-${table}')
  })
})

describe('tables of the same name in two schemas', () => {
  const url = new URL(postgresUrl())
  const [one, two] = [uniqueName('one'), uniqueName('two')].map((name) => name.replaceAll('-', '_'))
  const config: Config = {
    name: 'shop',
    'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
    'connection.user': url.username,
    'connection.password': url.password,
    'topic.prefix': 'x-',
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'poll.interval.ms': '10',
    // Ids with gaps are read at the first poll.
    'late.commit.margin.ms': '0',
    'table.whitelist': `${one}.orders,${two}.orders`
  }
  let client: pg.Client
  before(async () => {
    client = new pg.Client(postgresUrl())
    await client.connect()
    for (const [id, schema] of [one, two].entries()) {
      await client.query(`CREATE SCHEMA ${schema}`)
      await client.query(`CREATE TABLE ${schema}.orders (id bigint PRIMARY KEY)`)
      await client.query(`INSERT INTO ${schema}.orders VALUES (${id})`)
    }
  })
  after(async () => {
    for (const schema of [one, two]) await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  })

  it('are refused while topics are named after the bare table, as by the JVM connector', async () => {
    await assert.rejects(
      startJdbcConnector(config),
      new RegExp(
        `detected duplicate unqualified table names.*topic\\.template.*\\[${one}\\.orders, `
      )
    )
  })

  it('make the connector FAILED: trying again does not help', async () => {
    const raised: unknown[] = []
    const connector = jdbcSourcePlugin.create(new Map(Object.entries(config)), {
      name: 'shop',
      log: recordingLog().log,
      offsets: new StoredOffsets(),
      requestTaskReconfiguration: () => undefined,
      raiseError: (error) => void raised.push(error)
    })
    await connector.start?.()
    try {
      await assert.rejects(async () => connector.taskConfigs(1), /duplicate unqualified/)
      assert.match(String(raised), /duplicate unqualified/)
    } finally {
      await connector.stop()
    }
  })

  it('go to topics of their own with a template, each with its own offset', async () => {
    const settings = { ...config, 'topic.template': '${prefix}${schema}.${table}' }
    assert.deepEqual(await errorsOf(settings), {})
    const task = await startJdbcTask(settings)
    const records = await task.read(2)
    await task.stop()
    // In whatever order: open transactions of others may hold up either.
    assert.deepEqual(
      new Set(
        records.map(({ topic, sourcePartition, value }) =>
          [topic, sourcePartition['table'], (value as Struct).get('id')].join(' ')
        )
      ),
      new Set([one, two].map((schema, id) => `x-${schema}.orders ${schema}.orders ${id}`))
    )
    const withDatabase = { ...settings, 'topic.template': '${connector}.${catalog}.${schema}' }
    const other = await startJdbcTask(withDatabase)
    assert.deepEqual(
      new Set((await other.read(2)).map(({ topic }) => topic)),
      new Set([one, two].map((schema) => `shop.${url.pathname.slice(1)}.${schema}`))
    )
    await other.stop()
  })

  it('I6: do not take up an old offset of a bare name, which only one of them can mean', async () => {
    const offsets = new StoredOffsets()
    offsets.set({ table: 'orders' }, { incrementing: 1 })
    const apart = { ...config, 'topic.template': '${schema}.${table}' }
    const task = await startJdbcTask(apart, offsets)
    assert.deepEqual(fields(await task.read(2), 'id'), [0, 1])
    await task.stop()
    const alone = await startJdbcTask({ ...config, 'table.whitelist': `${two}.orders` }, offsets)
    assert.deepEqual(await alone.read(1, 500), [])
    await alone.stop()
  })

  it('may share a topic when a template says so', async () => {
    const task = await startJdbcTask({ ...config, 'topic.template': 'all-orders' })
    const records = await task.read(2)
    await task.stop()
    assert.deepEqual(
      records.map(({ topic: name }) => name),
      ['all-orders', 'all-orders']
    )
  })

  it('are refused by validation when the template cannot name their topic', async () => {
    const wrong = { ...config, 'topic.template': '${query}.${table}' }
    assert.match(String((await errorsOf(wrong))['topic.template']), /has no query to stand for/)
    const broken = { ...config, 'topic.template': '${tble}' }
    assert.match(String((await errorsOf(broken))['topic.template']), /Did you mean table\?/)
  })
})
