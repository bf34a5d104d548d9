import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { avroConverterPlugin } from '../../src/converters/avro/avro-converter.ts'
import type { Struct } from '../../src/data/struct.ts'
import { connectRest } from '../support/connect-rest.ts'
import { postgresUrl, schemaRegistryUrl, uniqueName } from '../support/environment.ts'
import { followRaw, type RawRecord } from '../support/raw-records.ts'
import { registryConverter } from '../support/registry-converter.ts'
import { until } from '../support/until.ts'
import { deleteTopicsOf, startWorkerProcess } from '../support/worker-process.ts'

const ENV_PROVIDER = {
  'config.providers': 'env',
  'config.providers.env.class': 'org.apache.kafka.common.config.provider.EnvVarConfigProvider'
}

/** Two schemas with a table `orders` each, one row in each. */
async function twoSchemas(t: TestContext): Promise<string[]> {
  const client = new pg.Client(postgresUrl())
  await client.connect()
  const schemas = ['north', 'south'].map((name) => uniqueName(name).replaceAll('-', '_'))
  for (const [index, schema] of schemas.entries()) {
    await client.query(`CREATE SCHEMA ${schema}`)
    await client.query(
      `CREATE TABLE ${schema}.orders (line int, id bigint, city text NOT NULL, PRIMARY KEY (id, line))`
    )
    await client.query(`INSERT INTO ${schema}.orders VALUES ($1, $2, 'Wien')`, [
      index,
      '9007199254740993'
    ])
  }
  t.after(async () => {
    for (const schema of schemas) await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  })
  return schemas
}

async function oneRecord(t: TestContext, topic: string): Promise<RawRecord> {
  const records = await followRaw(t, topic)
  await until(() => records.length > 0, `a record is in ${topic}`)
  const [record] = records
  assert.ok(record !== undefined)
  return record
}

describe('one connector with keys, topics, settings of single tables and named queries', () => {
  it('brings tables of the same name apart, each with its key, in JSON and in Avro', {
    timeout: 180_000
  }, async (t) => {
    const schemas = await twoSchemas(t)
    const [north = '', south = ''] = schemas
    const url = new URL(postgresUrl())
    const prefix = `${uniqueName('apart')}-`
    const topics = [`${prefix}${north}.orders`, `${prefix}south`, `${prefix}CITIES`]
    const avroTopic = `${prefix}avro-${north}.orders`
    const worker = await startWorkerProcess({
      properties: ENV_PROVIDER,
      env: { SOURCE_PASSWORD: decodeURIComponent(url.password) }
    })
    t.after(async () => {
      await worker.stop()
      await deleteTopicsOf(worker, [
        ...topics,
        avroTopic,
        `${prefix}avro-south`,
        `${prefix}avro-CITIES`
      ])
    })
    const rest = connectRest(worker.url)
    const config = {
      'connector.class': 'JdbcSource',
      'tasks.max': '2',
      'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
      'connection.user': url.username,
      'connection.password': '${env:SOURCE_PASSWORD}',
      'table.whitelist': `${north}.orders,${south}.orders`,
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'poll.interval.ms': '100',
      'topic.prefix': prefix,
      'topic.template': '${prefix}${schema}.${table}',
      'key.columns': 'primary-key',
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'key.converter.schemas.enable': 'false',
      'table.settings': 'south',
      'table.settings.south.tables': `${south}.orders`,
      'table.settings.south.topic.template': '${prefix}south',
      'table.settings.south.key.columns': 'city',
      'table.settings.south.key.format': 'field',
      queries: 'cities',
      'queries.cities.query': `WITH new AS (SELECT * FROM ${north}.orders WHERE \${bounds}) SELECT id, city FROM new`,
      'queries.cities.topic.template': '${prefix}${query.upper}',
      'queries.cities.key.columns': 'id'
    }
    await rest.post('/connectors', { name: 'shop', config })
    // Given back as it was written: the templates are no references.
    assert.deepEqual(await rest.get('/connectors/shop/config'), { ...config, name: 'shop' })
    await until(async () => {
      const known = await rest.topics('shop')
      return topics.every((topic) => known.includes(topic))
    }, 'every topic has a record')
    const keys = []
    for (const topic of topics) keys.push(String((await oneRecord(t, topic)).key))
    assert.deepEqual(keys, [
      '{"id":9007199254740993,"line":0}',
      '"Wien"',
      '{"id":9007199254740993}'
    ])
    await until(async () => {
      const stored = JSON.stringify(await rest.get('/connectors/shop/offsets'))
      return [`${north}.orders`, `${south}.orders`, '"query":"cities"'].every((text) =>
        stored.includes(text)
      )
    }, 'each of them has an offset of its own')

    await rest.post('/connectors', {
      name: 'shop-avro',
      config: {
        ...config,
        'topic.prefix': `${prefix}avro-`,
        'key.converter': 'io.confluent.connect.avro.AvroConverter',
        'key.converter.schema.registry.url': schemaRegistryUrl()
      }
    })
    await until(
      async () => (await rest.topics('shop-avro')).includes(avroTopic),
      'the topic with Avro keys has a record'
    )
    const converter = registryConverter(avroConverterPlugin, {}, 'key')
    const key = await converter.toConnectData(avroTopic, (await oneRecord(t, avroTopic)).key)
    assert.equal(key.schema?.name, 'orders.Key')
    assert.deepEqual((key.value as Struct).values, [9_007_199_254_740_993n, 0])
    await converter.close?.()
  })
})
