import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { checkConfig } from '../../../../src/config/config-def.ts'
import {
  aivenJdbcSinkPlugin,
  jdbcSinkPlugin
} from '../../../../src/connectors/jdbc/sink/sink-plugins.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'

describe('The validation of a JDBC sink', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>
  before(async () => {
    database = await createPostgresDatabase()
    await database.exec(
      'CREATE TABLE "Orders" (id integer)',
      'CREATE TABLE orders_old (id integer)',
      'CREATE TABLE "Orders_Old" (id integer)',
      'CREATE VIEW seen AS SELECT * FROM orders_old'
    )
  })
  after(() => database.close())

  const errorsOf = async (
    config: Readonly<Record<string, string>>,
    plugin = jdbcSinkPlugin
  ): Promise<Record<string, readonly string[]>> => {
    const given = new Map(Object.entries({ topics: 'orders', ...database.config, ...config }))
    const checked = checkConfig(plugin.config, given)
    await plugin.validate?.(given, checked, AbortSignal.timeout(60_000))
    const wrong = [...checked].filter(([, { errors }]) => errors.length > 0)
    return Object.fromEntries(wrong.map(([key, { errors }]) => [key, errors]))
  }

  it('finds nothing in what works, and makes no table', async () => {
    assert.deepEqual(await errorsOf({ topics: 'ORDERS,not_there', 'auto.create': 'true' }), {})
    const made = await database.exec(`SELECT 1 FROM pg_tables WHERE tablename = 'not_there'`)
    assert.deepEqual(made, [])
  })

  it('names keys whose values are none, each in Confluent’s words', async () => {
    const errors = await errorsOf({
      'insert.mode': 'multi',
      'pk.mode': 'both',
      'table.name.format': '${table}',
      'batch.size': '-1',
      'date.timezone': 'Rome'
    })
    assert.deepEqual(errors, {
      'insert.mode': ['Invalid value multi for configuration insert.mode: Invalid enumerator'],
      'pk.mode': ['Invalid value both for configuration pk.mode: Invalid enumerator'],
      'table.name.format': [
        'Invalid value ${table} for configuration table.name.format: ${table} stands for nothing here; there are topic, topic[n], key.name, value.name, header.name, source.name'
      ],
      'batch.size': ['Invalid value -1 for configuration batch.size: Value must be at least 0'],
      'date.timezone': ['Invalid value Rome for configuration date.timezone: Invalid enumerator']
    })
    assert.deepEqual(await errorsOf({ 'insert.mode': 'multi' }, aivenJdbcSinkPlugin), {})
    const mapping = { 'topics.to.tables.mapping': 'a:t,b:t,a:u' }
    assert.deepEqual(await errorsOf(mapping, aivenJdbcSinkPlugin), {
      'topics.to.tables.mapping': [
        'Invalid value [a:t, b:t, a:u] for configuration topics.to.tables.mapping: topic a is named twice'
      ]
    })
  })

  it('refuses deletes of rows that have no key of their record', async () => {
    assert.deepEqual(await errorsOf({ 'delete.enabled': 'true', 'pk.mode': 'kafka' }), {
      'pk.mode': ['Deletes are only supported for pk.mode record_key'],
      'delete.enabled': ['Deletes are only supported for pk.mode record_key']
    })
    assert.deepEqual(await errorsOf({ 'delete.enabled': 'true', 'pk.mode': 'record_value' }), {})
    assert.deepEqual(await errorsOf({ 'pk.mode': 'kafka', 'pk.fields': 'a,b' }), {
      'pk.fields': ['pk.mode=kafka needs three names in pk.fields, or none; there are 2']
    })
  })

  it('tells why the database cannot be reached, or a table not written to', async () => {
    const away = await errorsOf({ 'connection.url': 'jdbc:postgresql://127.0.0.1:1/none' })
    assert.match(away['connection.url']?.[0] ?? '', /^Could not connect to database\. /)
    const refused = await errorsOf({ 'connection.password': 'wrong', 'connection.user': 'nobody' })
    assert.match(refused['connection.url']?.[0] ?? '', /^Could not connect to database\. .*nobody/)
    assert.deepEqual(await errorsOf({ topics: 'ORDERS_OLD,seen' }), {
      'table.name.format': [
        'Table ORDERS_OLD may be public.Orders_Old or public.orders_old: they differ in case alone',
        'public.seen is a view, and table.types does not name VIEW'
      ]
    })
    assert.deepEqual(await errorsOf({ topics: 'seen', 'table.types': 'TABLE,VIEW' }), {})
  })
})
