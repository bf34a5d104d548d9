import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { Consumer } from '@platformatic/kafka'
import { avroConverterPlugin } from '../../src/converters/avro.ts'
import { jsonSchemaConverterPlugin } from '../../src/converters/json-schema-converter.ts'
import { protobufConverterPlugin } from '../../src/converters/protobuf-converter.ts'
import { DECIMAL_NAME, TIMESTAMP_NAME } from '../../src/data/logical-types.ts'
import type { Struct } from '../../src/data/struct.ts'
import type { Converter } from '../../src/plugin/converter.ts'
import { connectRest } from '../support/connect-rest.ts'
import { kafkaBootstrap, schemaRegistryUrl, uniqueName } from '../support/environment.ts'
import { registryConverter } from '../support/registry-converter.ts'
import { stubRegistry } from '../support/stub-registry.ts'
import { until } from '../support/until.ts'
import { deleteTopicsOf, startWorkerProcess } from '../support/worker-process.ts'

const AVRO = 'io.confluent.connect.avro.AvroConverter'

interface Row {
  id: number
  note: string | null
  price: number | null
  big: bigint
  at: string
}

const rows: Row[] = Array.from({ length: 200 }, (_, i) => ({
  id: i + 1,
  note: i % 3 === 0 ? null : `Grüße ${i} 😀`,
  price: i % 5 === 0 ? null : i / 8,
  big: 2n ** 53n + BigInt(i),
  at: `2026-11-${String((i % 28) + 1).padStart(2, '0')} 12:00:00.${String(i).padStart(3, '0')}`
}))

/** A SQLite file with these rows; answers its JDBC address. */
function shop(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'avro-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const database = new DatabaseSync(join(dir, 'shop.db'))
  database.exec(
    'CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT, price REAL, big BIGINT NOT NULL, at TIMESTAMP(3) NOT NULL)'
  )
  const insert = database.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?)')
  for (const { id, note, price, big, at } of rows) insert.run(id, note, price, big, at)
  database.close()
  return `jdbc:sqlite:${join(dir, 'shop.db')}`
}

const source = (url: string, prefix: string): Record<string, string> => ({
  'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
  'connection.url': url,
  'table.whitelist': 'orders',
  mode: 'incrementing',
  'incrementing.column.name': 'id',
  'topic.prefix': prefix,
  'poll.interval.ms': '50'
})

/** The values of a topic as they are in Kafka; grows while the test runs. */
async function rawValues(t: TestContext, topic: string): Promise<readonly Buffer[]> {
  const name = uniqueName('avro-reader')
  const consumer = new Consumer({
    clientId: name,
    groupId: name,
    bootstrapBrokers: [kafkaBootstrap()]
  })
  t.after(() => consumer.close(true))
  const values: Buffer[] = []
  const stream = await consumer.consume({
    topics: [topic],
    mode: 'manual',
    autocommit: false,
    maxWaitTime: 100,
    offsets: [{ topic, partition: 0, offset: 0n }]
  })
  stream.on('data', ({ value }) => void values.push(value ?? Buffer.alloc(0)))
  return values
}

function reader(url: string): Converter {
  const converter = avroConverterPlugin.create()
  converter.configure(new Map([['schema.registry.url', url]]), false)
  return converter
}

/** Rows as the records of the topic say. */
async function decoded(
  converter: Converter,
  topic: string,
  values: readonly Buffer[]
): Promise<Row[]> {
  const list: Row[] = []
  for (const bytes of values) {
    const { value } = await converter.toConnectData(topic, bytes)
    const [id, note, price, big, at] = (value as Struct).values as [
      number,
      string | null,
      number | null,
      number | bigint,
      number
    ]
    const when = new Date(at).toISOString().replace('T', ' ').replace('Z', '')
    list.push({ id, note, price, big: BigInt(big), at: when })
  }
  return list
}

/** The rows of a table as a worker process with this converter wrote them. */
async function rowsThroughWorker(
  t: TestContext,
  className: string,
  more: Readonly<Record<string, string>> = {}
): Promise<{ topic: string; values: readonly Buffer[] }> {
  const prefix = `${uniqueName('avro')}-`
  const topic = `${prefix}orders`
  const worker = await startWorkerProcess({
    properties: {
      'value.converter': className,
      'value.converter.schema.registry.url': schemaRegistryUrl(),
      ...more
    }
  })
  t.after(async () => {
    await worker.stop()
    await deleteTopicsOf(worker, [topic])
  })
  const rest = connectRest(worker.url)
  await rest.put('/connectors/shop/config', source(shop(t), prefix))
  await until(async () => (await rest.state('shop')) === 'RUNNING RUNNING', 'the task runs')
  await until(
    async () =>
      ((await rest.get('/connectors/shop/topics')) as Record<string, { topics: string[] }>)[
        'shop'
      ]?.topics.includes(topic) === true,
    'the topic is there'
  )
  const values = await rawValues(t, topic)
  await until(() => values.length >= rows.length, 'all rows are in Kafka')
  return { topic, values }
}

describe('a worker with AvroConverter', () => {
  it('I5: brings every row from SQLite to Kafka, and what is read there is what was in the table', {
    timeout: 60_000
  }, async (t) => {
    const { topic, values } = await rowsThroughWorker(t, AVRO)
    assert.deepEqual(await decoded(reader(schemaRegistryUrl()), topic, values), rows)

    const response = await fetch(`${schemaRegistryUrl()}/subjects/${topic}-value/versions/latest`)
    const { id, schema } = (await response.json()) as { id: number; schema: string }
    assert.deepEqual(new Set(values.map((bytes) => bytes.readInt32BE(1))), new Set([id]))
    assert.match(
      schema,
      /^\{"type":"record","name":"orders","fields":\[\{"name":"id","type":"long"\}/
    )
    assert.ok(schema.includes(TIMESTAMP_NAME) && !schema.includes(DECIMAL_NAME))
  })

  it('I1: loses no row to a registry that is away: the task fails, and goes on after a restart', {
    timeout: 60_000
  }, async (t) => {
    let text = ''
    const registry = await stubRegistry(t, () => ({ status: 503, body: {} }))
    const prefix = `${uniqueName('avro')}-`
    const topic = `${prefix}orders`
    const worker = await startWorkerProcess({
      properties: {
        'value.converter': AVRO,
        'value.converter.schema.registry.url': registry.url,
        'value.converter.max.retries': '0'
      }
    })
    t.after(async () => {
      await worker.stop()
      await deleteTopicsOf(worker, [topic])
    })
    const rest = connectRest(worker.url)
    await rest.put('/connectors/shop/config', source(shop(t), prefix))
    await until(async () => (await rest.state('shop')) === 'RUNNING FAILED', 'the task fails')
    const [task] = (await rest.status('shop')).tasks
    assert.match(
      task?.trace ?? '',
      new RegExp(
        `No schema registry could be asked about subject ${topic}-value: ${registry.host} answered 503`
      )
    )

    registry.reply = ({ method, body }) => {
      if (method === 'POST') text = (JSON.parse(body) as { schema: string }).schema
      return { status: 200, body: { id: 70_000, version: 1, schema: text } }
    }
    await rest.post('/connectors/shop/tasks/0/restart')
    await until(
      async () =>
        ((await rest.get('/connectors/shop/topics')) as Record<string, { topics: string[] }>)[
          'shop'
        ]?.topics.includes(topic) === true,
      'the topic is there'
    )
    const values = await rawValues(t, topic)
    await until(() => values.length >= rows.length, 'all rows are in Kafka')
    assert.deepEqual(await decoded(reader(registry.url), topic, values), rows)
  })
})

describe('a worker with another converter that asks a registry', () => {
  for (const [plugin, config] of [
    [jsonSchemaConverterPlugin, {}],
    [protobufConverterPlugin, { 'optional.for.nullables': 'true' }]
  ] as const) {
    it(`I5: ${plugin.className} brings every row to Kafka as it was in the table`, {
      timeout: 60_000
    }, async (t) => {
      const settings = Object.entries(config).map(([key, value]) => [
        `value.converter.${key}`,
        value
      ])
      const more = Object.fromEntries(settings) as Record<string, string>
      const { topic, values } = await rowsThroughWorker(t, plugin.className, more)
      const converter = registryConverter(plugin, config)
      assert.deepEqual(await decoded(converter, topic, values), rows)
    })
  }
})
