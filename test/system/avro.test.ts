import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { avroConverterPlugin } from '../../src/converters/avro/avro-converter.ts'
import { jsonSchemaConverterPlugin } from '../../src/converters/json-schema/json-schema-converter.ts'
import { protobufConverterPlugin } from '../../src/converters/protobuf/protobuf-converter.ts'
import { DECIMAL_NAME, TIMESTAMP_NAME } from '../../src/data/logical-types.ts'
import type { Struct } from '../../src/data/struct.ts'
import type { Converter } from '../../src/plugin/converter.ts'
import { connectRest } from '../support/connect-rest.ts'
import { schemaRegistryUrl, uniqueName } from '../support/environment.ts'
import { followRaw } from '../support/raw-records.ts'
import { registryConverter } from '../support/registry-converter.ts'
import { sqliteFile } from '../support/sqlite-file.ts'
import { stubRegistry } from '../support/stub-registry.ts'
import { until } from '../support/until.ts'
import { deleteTopicsOf, startWorkerProcess } from '../support/worker-process.ts'

const AVRO = avroConverterPlugin.className

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
  const { database, url } = sqliteFile(
    t,
    'CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT, price REAL, big BIGINT NOT NULL, at TIMESTAMP(3) NOT NULL)'
  )
  const insert = database.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?)')
  for (const { id, note, price, big, at } of rows) insert.run(id, note, price, big, at)
  return url
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

/** A worker process whose value converter is this one, and a connector that copies the rows into `topic`. */
async function shopWorker(
  t: TestContext,
  className: string,
  settings: Readonly<Record<string, string>>
) {
  const prefix = `${uniqueName('avro')}-`
  const topic = `${prefix}orders`
  const properties = Object.entries(settings).map(([key, value]) => [
    `value.converter.${key}`,
    value
  ])
  const worker = await startWorkerProcess({
    properties: { 'value.converter': className, ...Object.fromEntries(properties) }
  })
  t.after(async () => {
    await worker.stop()
    await deleteTopicsOf(worker, [topic])
  })
  const rest = connectRest(worker.url)
  await rest.put('/connectors/shop/config', source(shop(t), prefix))
  return { rest, topic }
}

/** The values in the topic, once there is one for each row. */
async function allValues(
  t: TestContext,
  { rest, topic }: Awaited<ReturnType<typeof shopWorker>>
): Promise<Buffer[]> {
  await until(async () => (await rest.topics('shop')).includes(topic), 'the topic is there')
  const records = await followRaw(t, topic)
  await until(() => records.length >= rows.length, 'all rows are in Kafka')
  return records.map(({ value }) => value ?? Buffer.alloc(0))
}

describe('a worker with AvroConverter', () => {
  it('I5: brings every row from SQLite to Kafka, and what is read there is what was in the table', {
    timeout: 180_000
  }, async (t) => {
    const shopping = await shopWorker(t, AVRO, { 'schema.registry.url': schemaRegistryUrl() })
    const { topic } = shopping
    const values = await allValues(t, shopping)
    assert.deepEqual(await decoded(registryConverter(avroConverterPlugin), topic, values), rows)

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
    timeout: 180_000
  }, async (t) => {
    let text = ''
    const registry = await stubRegistry(t, () => ({ status: 503, body: {} }))
    const shopping = await shopWorker(t, AVRO, {
      'schema.registry.url': registry.url,
      'max.retries': '0'
    })
    const { rest, topic } = shopping
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
    const ofStub = registryConverter(avroConverterPlugin, { 'schema.registry.url': registry.url })
    assert.deepEqual(await decoded(ofStub, topic, await allValues(t, shopping)), rows)
  })
})

describe('a worker with another converter that asks a registry', () => {
  for (const [plugin, config] of [
    [jsonSchemaConverterPlugin, {}],
    [protobufConverterPlugin, { 'optional.for.nullables': 'true' }]
  ] as const) {
    it(`I5: ${plugin.className} brings every row to Kafka as it was in the table`, {
      timeout: 180_000
    }, async (t) => {
      const registry = { 'schema.registry.url': schemaRegistryUrl() }
      const shopping = await shopWorker(t, plugin.className, { ...registry, ...config })
      const values = await allValues(t, shopping)
      assert.deepEqual(
        await decoded(registryConverter(plugin, config), shopping.topic, values),
        rows
      )
    })
  }
})
