import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { avroConverterPlugin } from '../../src/converters/avro/avro-converter.ts'
import type { Struct } from '../../src/data/struct.ts'
import { connectRest } from '../support/connect-rest.ts'
import { schemaRegistryUrl, uniqueName } from '../support/environment.ts'
import { startOracleServer } from '../support/oracle/oracle-server.ts'
import { followRaw } from '../support/raw-records.ts'
import { registryConverter } from '../support/registry-converter.ts'
import { until } from '../support/until.ts'
import { deleteTopicsOf, startWorkerProcess } from '../support/worker-process.ts'

/**
 * Keys as the documentation of the JVM connector puts them together for an Oracle table: address, best_fit
 * numbers, Avro for key and value, the id as key by two transformations and a static field by a third. Only
 * addresses, names and the poll interval are ours.
 */
function documentedConfig(connectionUrl: string, prefix: string): Record<string, string> {
  return {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    'tasks.max': '1',
    'connection.url': connectionUrl,
    'connection.user': 'SHOP',
    'connection.password': 'change-me',
    'connection.attempts': '3',
    'connection.backoff.ms': '10000',
    'table.whitelist': 'ORDERS',
    'table.types': 'TABLE',
    'schema.pattern': 'SHOP',
    'numeric.mapping': 'best_fit',
    mode: 'timestamp+incrementing',
    'timestamp.column.name': 'UPDATED_AT',
    'incrementing.column.name': 'ID',
    'validate.non.null': 'false',
    'db.timezone': 'UTC',
    'topic.prefix': prefix,
    'poll.interval.ms': '100',
    'batch.max.rows': '3000',
    'key.converter': 'io.confluent.connect.avro.AvroConverter',
    'key.converter.schema.registry.url': schemaRegistryUrl(),
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'value.converter.schema.registry.url': schemaRegistryUrl(),
    transforms: 'createKey,extractInt,insertSource',
    'transforms.createKey.type': 'org.apache.kafka.connect.transforms.ValueToKey',
    'transforms.createKey.fields': 'ID',
    'transforms.extractInt.type': 'org.apache.kafka.connect.transforms.ExtractField$Key',
    'transforms.extractInt.field': 'ID',
    'transforms.insertSource.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
    'transforms.insertSource.static.field': 'SOURCE',
    'transforms.insertSource.static.value': 'oracle-shop'
  }
}

async function oracleShop(t: TestContext) {
  const server = await startOracleServer({
    user: 'SHOP',
    password: 'change-me',
    service: 'FREEPDB1'
  })
  t.after(() => server.stop())
  await server.control.execute([
    `CREATE TABLE orders (id NUMBER(9) PRIMARY KEY, amount NUMBER(12, 2) NOT NULL, note VARCHAR2(2000 CHAR),
      updated_at TIMESTAMP(6) NOT NULL)`,
    "INSERT INTO orders VALUES (1, 12.5, NULL, TIMESTAMP '2026-11-01 08:00:00.000001')",
    "INSERT INTO orders VALUES (2, -0.01, 'Grüße', TIMESTAMP '2026-11-01 08:00:00.000002')"
  ])
  return server
}

describe('the documented configuration of an Oracle source with Avro and three transformations', () => {
  it('runs unchanged: each row arrives under its id, with the inserted field', {
    timeout: 180_000
  }, async (t) => {
    const oracle = await oracleShop(t)
    const prefix = `${uniqueName('documented')}-`
    const topic = `${prefix}ORDERS`
    const worker = await startWorkerProcess()
    t.after(async () => {
      await worker.stop()
      await deleteTopicsOf(worker, [topic])
    })
    const rest = connectRest(worker.url)
    const config = documentedConfig(`jdbc:oracle:thin:@${oracle.connectString}`, prefix)
    await rest.post('/connectors', { name: 'oracle-orders', config })
    await until(
      async () => (await rest.state('oracle-orders')) === 'RUNNING RUNNING',
      'the task runs'
    )
    await until(
      async () => (await rest.topics('oracle-orders')).includes(topic),
      'the topic is there'
    )
    const records = await followRaw(t, topic)
    await oracle.control.execute(
      "UPDATE orders SET note = 'changed', updated_at = TIMESTAMP '2026-11-01 09:00:00.5' WHERE id = 1"
    )
    await until(() => records.length >= 3, 'two rows and a change have arrived')

    const keys = registryConverter(avroConverterPlugin, {}, 'key')
    const values = registryConverter(avroConverterPlugin)
    const seen: unknown[] = []
    for (const { key, value } of records) {
      const id = await keys.toConnectData(topic, key)
      const row = await values.toConnectData(topic, value)
      const { schema, values: fields } = row.value as Struct
      assert.equal(id.schema?.type, 'int32')
      assert.deepEqual(
        schema.fields.map(({ name }) => name),
        ['ID', 'AMOUNT', 'NOTE', 'UPDATED_AT', 'SOURCE']
      )
      seen.push([id.value, ...fields])
    }
    const at = Date.UTC(2026, 10, 1, 8)
    assert.deepEqual(seen, [
      [1, 1, 12.5, null, at, 'oracle-shop'],
      [2, 2, -0.01, 'Grüße', at, 'oracle-shop'],
      [1, 1, 12.5, 'changed', at + 3_600_500, 'oracle-shop']
    ])
  })
})
