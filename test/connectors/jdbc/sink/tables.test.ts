import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Schema } from '../../../../src/data/schema.ts'
import type { SinkRecord } from '../../../../src/data/record.ts'
import { deletion, order, sinkRecord, startJdbcSink, struct } from '../../../support/jdbc-sink.ts'
import { type SinkDatabase, sinkDatabases } from '../../../support/sink-databases.ts'

for (const { name, open } of sinkDatabases) {
  describe(`Tables that a sink writes to on ${name}`, () => {
    let database: SinkDatabase
    before(async () => {
      database = await open()
    })
    after(() => database.close())

    let tables = 0
    const newTable = (): string => `t${++tables}`
    const start = (config: Readonly<Record<string, string>>) =>
      startJdbcSink({ ...database.config, ...config })

    const wider = (id: number, more: Readonly<Record<string, Schema>>): SinkRecord => {
      const schema = Schema.struct([
        { name: 'id', schema: Schema.INT32 },
        ...Object.entries(more).map(([field, fieldSchema]) => ({
          name: field,
          schema: fieldSchema
        }))
      ])
      const values = Object.fromEntries(Object.keys(more).map((field) => [field, `${field}${id}`]))
      return sinkRecord({ valueSchema: schema, value: struct(schema, { id, ...values }) })
    }

    it('are missing, or lack columns, in Confluent’s words', async () => {
      const table = newTable()
      const sink = await start({ 'table.name.format': table })
      await assert.rejects(sink.put([order(1)]), {
        message: `Table "${table}" is missing and auto-creation is disabled`
      })
      await database.exec(`CREATE TABLE ${table} (id integer, price integer)`)
      const qualified = `Table "(?:\\w+"\\.")?${table}"`
      await assert.rejects(sink.put([order(1)]), {
        message: new RegExp(
          `^${qualified} is missing fields \\(\\[SinkRecordField{schema=Schema{STRING}, name='name', isPrimaryKey=false}\\]\\) and auto-evolution is disabled$`
        )
      })
      await database.exec(`ALTER TABLE ${table} ADD name varchar(10)`)
      await sink.put([order(1, { name: 'seen' })])
      await sink.stop()
      const evolving = await start({ 'table.name.format': table, 'auto.evolve': 'true' })
      await assert.rejects(evolving.put([wider(1, { note: Schema.STRING })]), {
        message: new RegExp(
          `^Cannot ALTER TABLE "(?:\\w+"\\.")?${table}" to add missing field SinkRecordField{schema=Schema{STRING}, name='note', isPrimaryKey=false}, as the field is not optional and does not have a default value$`
        )
      })
      await evolving.put([wider(2, { more: Schema.OPTIONAL_STRING }), order(3, { name: 'x' })])
      await evolving.stop()
      assert.deepEqual([...sink.reports, ...evolving.reports], [])
      assert.deepEqual(await database.exec(`SELECT id, name, more FROM ${table} ORDER BY id`), [
        { id: 1, name: 'seen', more: null },
        { id: 2, name: null, more: 'more2' },
        { id: 3, name: 'x', more: null }
      ])
    })

    it('are made and widened by several tasks at once, and each goes on', async () => {
      const table = newTable()
      const config = { 'table.name.format': table, 'auto.create': 'true', 'auto.evolve': 'true' }
      const sinks = await Promise.all([1, 2, 3].map(() => start(config)))
      const all = (record: (task: number) => SinkRecord): Promise<unknown> =>
        Promise.all(sinks.map((sink, task) => putAgain(sink, record(task))))
      await all((task) => order(task))
      for (const column of ['a', 'b', 'c']) {
        await all((task) => wider(task, { [column]: Schema.OPTIONAL_STRING }))
      }
      for (const sink of sinks) await sink.stop()
      const rows = await database.exec(`SELECT id, a, b, c FROM ${table}`)
      assert.equal(rows.length, 12)
      assert.equal(rows.filter(({ c }) => c !== null).length, 3)
    })

    /** As a worker: a conflict that outlasts what one put tries makes it put the batch again. */
    const putAgain = async (
      sink: Awaited<ReturnType<typeof start>>,
      record: SinkRecord
    ): Promise<void> => {
      for (let attempt = 0; ; attempt++) {
        try {
          return await sink.put([record])
        } catch (error) {
          if ((error as { retriable?: boolean }).retriable !== true || attempt > 20) throw error
        }
      }
    }

    it('are found, as their columns are, though letters differ in case, unless several are meant', async () => {
      const table = `Case${newTable()}`
      const { quoted } = database
      await database.exec(
        `CREATE TABLE ${quoted(table)} (${quoted('ID')} integer PRIMARY KEY, ${quoted('Name')} varchar(9), price integer)`
      )
      const sink = await start({
        'table.name.format': table.toUpperCase(),
        'insert.mode': 'upsert',
        'pk.mode': 'record_key'
      })
      await sink.put([order(1, { name: 'a' })])
      await sink.stop()
      assert.deepEqual(
        await database.exec(`SELECT ${quoted('ID')}, ${quoted('Name')} FROM ${quoted(table)}`),
        [{ ID: 1, Name: 'a' }]
      )
    })

    it('are named by parts of topics, fields and headers, and by a mapping', async () => {
      const [byParts, mapped] = [newTable(), newTable()]
      const sink = await start({
        'auto.create': 'true',
        'table.name.format': '${topic[1]}${value.name}${header.suffix}'
      })
      const topic = `shop.${byParts}.x`
      const headers = [{ key: 'suffix', schema: Schema.STRING, value: '_eu' }]
      await sink.put([{ ...order(1, { name: '_a' }), topic, headers }])
      await sink.put([{ ...order(2), topic, headers }])
      await sink.stop()
      assert.equal((await database.exec(`SELECT * FROM ${byParts}_a_eu`)).length, 1)
      assert.match(String(sink.reports[0]?.error), /The record has no \$\{value.name\}/)

      const routed = await start({
        'auto.create': 'true',
        'topics.to.tables.mapping': `orders:${mapped}`
      })
      await routed.put([order(1), { ...order(2), topic: 'other' }])
      await routed.stop()
      assert.equal((await database.exec(`SELECT * FROM ${mapped}`)).length, 1)
      assert.match(String(routed.reports[0]?.error), /names no table for topic other/)
    })

    it('may compute a column of the key: rows are found by all of it, and none is made with it', async () => {
      const table = newTable()
      const kind = name === 'MariaDB' ? 'VIRTUAL' : 'STORED'
      await database.exec(
        `CREATE TABLE ${table} (id integer, price integer, twice integer GENERATED ALWAYS AS (id * 2) ${kind}, name varchar(9))`,
        `INSERT INTO ${table} (id, price, name) VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 1, 'c')`
      )
      const keySchema = Schema.struct([
        { name: 'price', schema: Schema.INT32 },
        { name: 'twice', schema: Schema.INT32 }
      ])
      const valueSchema = Schema.struct([{ name: 'name', schema: Schema.STRING }])
      const keyed = (twice: number, name: string | null) =>
        sinkRecord({
          keySchema,
          key: struct(keySchema, { price: 1, twice }),
          ...(name === null ? {} : { valueSchema, value: struct(valueSchema, { name }) })
        })
      const config = { 'table.name.format': table, 'pk.mode': 'record_key' }
      const rows = () => database.exec(`SELECT id, price, name FROM ${table} ORDER BY id, price`)

      const updating = await start({ ...config, 'insert.mode': 'update', 'delete.enabled': 'true' })
      await updating.put([keyed(2, 'new'), keyed(4, null)])
      await updating.stop()
      assert.deepEqual(await rows(), [
        { id: 1, price: 1, name: 'new' },
        { id: 3, price: 1, name: 'c' }
      ])

      const upserting = await start({ ...config, 'insert.mode': 'upsert' })
      await assert.rejects(upserting.put([keyed(2, 'x')]), {
        message: /^The database computes column twice of table t\d+: it cannot be part of a key/
      })
      await upserting.stop()

      const inserting = await start({ ...config, 'insert.mode': 'insert' })
      await inserting.put([keyed(2, 'd'), keyed(4, 'e')])
      await inserting.stop()
      assert.deepEqual((await rows()).map((row) => String(row['name'])).sort(), [
        'c',
        'd',
        'e',
        'new'
      ])
      assert.deepEqual([...updating.reports, ...inserting.reports], [])
    })

    it('have names that are too long: cut where the database cuts them, and else refused by name', async () => {
      const table = `${newTable()}_${'long'.repeat(20)}`
      const long = 'ü'.repeat(40)
      const sink = await start({
        'table.name.format': table,
        'auto.create': 'true',
        'auto.evolve': 'true'
      })
      if (name === 'MariaDB') {
        await assert.rejects(sink.put([order(1)]), {
          message: new RegExp(`^Table "${table}" was not made: .* \\(1103\\)$`)
        })
        await sink.stop()
        return
      }
      await sink.put([wider(1, { [long]: Schema.OPTIONAL_STRING })])
      const other = `${long}_other`
      await sink.put([wider(2, { [long]: Schema.OPTIONAL_STRING, more: Schema.OPTIONAL_STRING })])
      const both = wider(3, { [long]: Schema.OPTIONAL_STRING, [other]: Schema.OPTIONAL_STRING })
      if (name === 'PostgreSQL') {
        await assert.rejects(sink.put([both]), {
          message: new RegExp(`^Fields ${long} and ${other} both go to column ü{31} of table `)
        })
      } else await sink.put([both])
      await sink.stop()
      const column = name === 'PostgreSQL' ? long.slice(0, 31) : long
      assert.deepEqual(
        await database.exec(`SELECT id, ${column} AS value FROM ${table} WHERE id < 3 ORDER BY id`),
        [1, 2].map((id) => ({ id, value: `${long}${id}` }))
      )
    })

    it('may be views: what goes to one is in its table, and is found there by the keys of that', async () => {
      const [table, view] = [newTable(), newTable()]
      await database.exec(
        `CREATE TABLE ${table} (id integer PRIMARY KEY, label varchar(9), price integer)`,
        `CREATE VIEW ${view} AS SELECT id, label AS name, price FROM ${table}`
      )
      const config = { 'table.name.format': view, 'insert.mode': 'upsert', 'pk.mode': 'record_key' }
      const closed = await start(config)
      await assert.rejects(closed.put([order(1)]), {
        message: /is a view, and table.types does not name VIEW$/
      })
      await closed.stop()
      // SQLite writes to no view.
      if (name === 'SQLite') return
      const sink = await start({ ...config, 'table.types': 'VIEW', 'delete.enabled': 'true' })
      await sink.put([order(1, { name: 'a' }), order(2, { name: 'b' }), order(3, { name: 'c' })])
      await sink.put([order(1, { name: 'new' }), deletion(2)])
      await sink.stop()
      assert.deepEqual(await database.exec(`SELECT id, label FROM ${table} ORDER BY id`), [
        { id: 1, label: 'new' },
        { id: 3, label: 'c' }
      ])
    })

    it('that were made anew by somebody else are looked at again', async () => {
      const table = newTable()
      const sink = await start({ 'table.name.format': table, 'auto.create': 'true' })
      await sink.put([order(1)])
      await database.exec(
        `DROP TABLE ${table}`,
        `CREATE TABLE ${table} (extra varchar(5) DEFAULT 'x', name varchar(9), ${database.quoted('ID')} integer, price integer)`
      )
      await sink.put([order(2, { name: 'b' })])
      await database.exec(`DROP TABLE ${table}`)
      await sink.put([order(3)])
      await sink.stop()
      assert.equal((await database.exec(`SELECT * FROM ${table} WHERE id = 3`)).length, 1)
      assert.deepEqual(sink.reports, [])
    })

    it('are not made for a delete', async () => {
      const table = newTable()
      const sink = await start({
        'table.name.format': table,
        'auto.create': 'true',
        'delete.enabled': 'true',
        'pk.mode': 'record_key'
      })
      await sink.put([deletion(1)])
      await sink.put([order(1)])
      await sink.stop()
      assert.equal((await database.exec(`SELECT id, name FROM ${table}`)).length, 1)
    })

    it('say once what an operator should know of them', async () => {
      const table = newTable()
      await database.exec(
        `CREATE TABLE ${table} (id integer, name varchar(9) UNIQUE, price integer, town varchar(9) NOT NULL)`
      )
      const sink = await start({
        'table.name.format': table,
        'insert.mode': 'upsert',
        'pk.mode': 'record_key'
      })
      for (let put = 0; put < 2; put++) {
        await sink.put([order(1)]).catch(() => undefined)
      }
      await sink.stop()
      const said = (text: string): number =>
        sink.logged.filter((line) => line.includes(text)).length
      assert.equal(said('no primary key and no unique key has just the columns id'), 1)
      assert.equal(said('there are other unique keys (name)'), 1)
      assert.equal(said('records have no value for town, which must not be null'), 1)
    })
  })
}
