import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { avroConverterPlugin } from '../../../../src/converters/avro/avro-converter.ts'
import { jsonConverterPlugin } from '../../../../src/converters/json/json-converter.ts'
import type { SourceRecord } from '../../../../src/data/record.ts'
import type { Converter, ConverterPlugin } from '../../../../src/plugin/converter.ts'
import { schemaRegistryUrl, uniqueName } from '../../../support/environment.ts'
import { type Config, startJdbcTask } from '../../../support/jdbc-source.ts'
import { type SqliteShop, sqliteShop } from '../../../support/sqlite-shop.ts'
import { errorsOf } from '../../../support/validation-errors.ts'

function keyConverter(plugin: ConverterPlugin, config: Config = {}): Converter {
  return plugin.create(new Map(Object.entries(config)), 'key')
}

describe('record keys', () => {
  let shop: SqliteShop
  before(async () => {
    shop = sqliteShop(`
      CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, city VARCHAR(20), note BLOB);
      INSERT INTO orders VALUES (9007199254740993, 'Wien', NULL)`)
  })
  after(() => shop.close())

  async function first(more: Config): Promise<SourceRecord> {
    const task = await startJdbcTask({ ...shop.config, 'table.whitelist': 'orders', ...more })
    const [record] = await task.read(1)
    await task.stop()
    assert.ok(record !== undefined)
    return record
  }
  async function bytesOf(converter: Converter, record: SourceRecord): Promise<Buffer | null> {
    const bytes = await converter.fromConnectData(record.topic, record.keySchema, record.key)
    return bytes === null ? null : Buffer.from(bytes)
  }

  it('are JSON with all digits, as a struct or as the field alone', async () => {
    const json = keyConverter(jsonConverterPlugin, { 'schemas.enable': 'false' })
    const text = async (more: Config) => (await bytesOf(json, await first(more)))?.toString()
    const primary = { 'key.columns': 'primary-key' }
    assert.equal(await text(primary), '{"id":9007199254740993}')
    assert.equal(await text({ ...primary, 'key.format': 'field' }), '9007199254740993')
    assert.equal(await text({ 'key.columns': 'city,id' }), '{"city":"Wien","id":9007199254740993}')
    assert.equal(await text({}), undefined)
    const described = await bytesOf(keyConverter(jsonConverterPlugin), await first(primary))
    assert.deepEqual(JSON.parse(String(described)), {
      schema: {
        type: 'struct',
        fields: [{ type: 'int64', optional: false, field: 'id' }],
        optional: false,
        name: 'orders.Key'
      },
      // The number is beyond what JSON.parse keeps.
      payload: { id: Number('9007199254740993') }
    })
  })

  it('are Avro records of a name beside that of the value, or the bare type', async () => {
    const prefix = `${uniqueName('keys')}-`
    const avro = keyConverter(avroConverterPlugin, { 'schema.registry.url': schemaRegistryUrl() })
    const schemaOf = async (more: Config): Promise<unknown> => {
      const record = await first({ 'topic.prefix': prefix, ...more })
      const bytes = await bytesOf(avro, record)
      assert.ok(bytes !== null)
      const answer = await fetch(`${schemaRegistryUrl()}/schemas/ids/${bytes.readInt32BE(1)}`)
      const { schema } = (await answer.json()) as { schema: string }
      return JSON.parse(schema) as unknown
    }
    assert.deepEqual(await schemaOf({ 'key.columns': 'primary-key' }), {
      type: 'record',
      name: 'Key',
      namespace: 'orders',
      fields: [{ name: 'id', type: 'long' }],
      'connect.name': 'orders.Key'
    })
    const field = { 'key.columns': 'id', 'key.format': 'field', 'topic.prefix': `${prefix}f-` }
    assert.equal(await schemaOf(field), 'long')
    await avro.close?.()
  })

  it('keep their schema object as long as the columns stay the same', async () => {
    const task = await startJdbcTask({
      ...shop.config,
      mode: 'bulk',
      'table.whitelist': 'orders',
      'key.columns': 'id'
    })
    const [one, two] = await task.read(2)
    await task.stop()
    assert.ok(one?.keySchema !== null)
    assert.equal(one?.keySchema, two?.keySchema)
  })

  it('are validated with the configuration', async () => {
    const base = { ...shop.config, 'table.whitelist': 'orders' }
    for (const [more, key, text] of [
      [
        { 'key.columns': 'idd' },
        'key.columns',
        /idd do not exist in table 'orders'\. Did you mean id\?/
      ],
      [{ 'key.columns': 'primary-key,id' }, 'key.columns', /primary-key stands alone/],
      [
        { 'key.columns': 'id,city', 'key.format': 'field' },
        'key.format',
        /a key of 2 columns needs/
      ],
      [{ 'key.format': 'json' }, 'key.format', /must be one of: struct, field/]
    ] as const) {
      assert.match(String((await errorsOf({ ...base, ...more }))[key]), text)
    }
    assert.deepEqual(await errorsOf({ ...base, 'key.columns': 'primary-key' }), {})
  })
})
