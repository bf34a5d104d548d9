import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { builtinPlugins } from '../../src/builtin-plugins.ts'
import { systemClock } from '../../src/clock.ts'
import { configDef } from '../../src/config/config-def.ts'
import type { SinkRecord } from '../../src/data/record.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { type Plugin, Plugins } from '../../src/plugin/plugins.ts'
import type { SinkConnectorPlugin } from '../../src/plugin/sink.ts'
import { consumerProperties } from '../../src/settings/worker/layered-properties.ts'
import { previewConnector } from '../../src/worker/preview-connector.ts'
import { kafkaBootstrap, uniqueName } from '../support/environment.ts'

const inert = (): never => assert.fail('a preview starts no connector')

/** Topics with these values, and a preview of the sink that reads them. */
async function previewing(t: TestContext, values: readonly string[]) {
  const client = new Map([['bootstrap.servers', kafkaBootstrap()]])
  const clients = createKafkaClients(systemClock)
  const [topic, empty] = [uniqueName('sunk'), uniqueName('empty')]
  const admin = clients.admin(client, 'test')
  t.after(() => admin.close())
  for (const name of [topic, empty]) {
    await admin.createTopic({ name, partitions: 1, replicationFactor: 1, settings: new Map() })
  }
  const producer = clients.producer(client, 'test')
  for (const value of values) {
    const headers: [string, Buffer][] = [['from', Buffer.from('test')]]
    const rest = { partition: 0, key: Buffer.from('k'), timestamp: 5, headers }
    await producer.send([{ topic, value: Buffer.from(value), ...rest }])
  }
  await producer.close(10_000)
  const handed: SinkRecord[] = []
  const sink: SinkConnectorPlugin = {
    type: 'sink',
    className: 'io.example.Sink',
    taskClassName: 'io.example.SinkTask',
    version: '1',
    config: configDef({}),
    create: inert,
    createTask: inert,
    async preview(_, records) {
      handed.push(...records)
      const statements = [{ of: 'table t', text: 'INSERT INTO t', binds: [] }]
      return { statements, columns: [], advice: ['make an index'], problems: ['t is not there'] }
    }
  }
  const plain: SinkConnectorPlugin = { ...sink, className: 'io.example.Plain' }
  delete plain.preview
  const plugins = new Plugins([
    ...builtinPlugins().filter(({ type }) => !['source', 'sink'].includes(type)),
    sink,
    plain
  ] as Plugin[])
  const show = async (config: Record<string, string>, rows = 10) =>
    previewConnector(
      new Map(
        Object.entries({
          name: 'p',
          'connector.class': 'io.example.Sink',
          topics: topic,
          'key.converter': 'StringConverter',
          'value.converter': 'JsonConverter',
          'value.converter.schemas.enable': 'false',
          ...config
        })
      ),
      {
        rows,
        worker: client,
        plugins,
        kafka: {
          clients,
          clientProperties: {
            producer: inert,
            admin: () => client,
            consumer: (connector) => consumerProperties(client, connector)
          }
        },
        clock: systemClock,
        limitMs: 60_000,
        stopping: new AbortController().signal
      }
    )
  return { topic, empty, handed, show }
}

describe('the preview of a sink', () => {
  it('hands the records of its topics to the class, as a task would put them', async (t) => {
    const { topic, empty, handed, show } = await previewing(t, ['{"id":1}', '{"id":2}', '{"id":3}'])
    const absent = uniqueName('absent')
    const { records, sql, advice, problems } = await show(
      {
        topics: `${topic},${empty},${absent}`,
        transforms: 'route',
        'transforms.route.type': 'RegexRouter',
        'transforms.route.regex': '.*',
        'transforms.route.replacement': 'orders'
      },
      2
    )
    assert.deepEqual(
      handed.map((record) => [record.topic, record.originalTopic, record.kafkaOffset, record.key]),
      [
        ['orders', topic, 0n, 'k'],
        ['orders', topic, 1n, 'k']
      ]
    )
    const { kafka, topic: routed, outcome, value, key } = records[0] ?? assert.fail()
    assert.deepEqual([outcome, routed, key, value], ['put', 'orders', 'k', new Map([['id', 1]])])
    assert.deepEqual(kafka, {
      topic,
      partition: 0,
      offset: 0,
      key: { text: 'k' },
      value: { text: '{"id":1}' },
      headers: [{ key: 'from', value: { text: 'test' } }]
    })
    assert.deepEqual(sql, [{ of: 'table t', text: 'INSERT INTO t', binds: [] }])
    assert.deepEqual(advice, ['make an index'])
    assert.deepEqual(problems, [
      `Topic ${absent} is not there`,
      `Topic ${empty} has no records`,
      't is not there'
    ])
  })

  it('tells what a record would fail by, and hands the others over', async (t) => {
    const { handed, show } = await previewing(t, ['{"id":1}', 'no json', '{"id":3}'])
    const outcomes = async (config: Record<string, string>) =>
      (await show(config)).records.map(({ outcome, error }) => [outcome, error] as const)
    const strict = await outcomes({})
    assert.deepEqual(
      strict.map(([outcome]) => outcome),
      ['put', 'fails the task', 'put']
    )
    assert.match(JSON.stringify(strict[1]?.[1]), /VALUE_CONVERTER.*JsonConverter/)
    assert.doesNotMatch(JSON.stringify(strict[1]?.[1]), /no json/, 'I7')
    assert.equal(handed.length, 2)
    const tolerant = await outcomes({ 'errors.tolerance': 'all' })
    assert.equal(tolerant[1]?.[0], 'left out')
  })

  it('shows the last records where a connector would begin behind them', async (t) => {
    const { show } = await previewing(t, ['{"id":1}', '{"id":2}', '{"id":3}'])
    const { records } = await show({ 'consumer.override.auto.offset.reset': 'latest' }, 1)
    assert.deepEqual(
      records.map(({ value }) => value),
      [new Map([['id', 3]])]
    )
  })

  it('of a class that has none of its own shows the records alone', async (t) => {
    const { show } = await previewing(t, ['{"id":1}'])
    const { records, sql } = await show({ 'connector.class': 'io.example.Plain' })
    assert.deepEqual([records.length, sql], [1, []])
  })
})
