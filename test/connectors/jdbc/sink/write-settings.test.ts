import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { SinkRecord } from '../../../../src/data/record.ts'
import { decimalSchema, Decimal } from '../../../../src/data/logical-types.ts'
import { Schema } from '../../../../src/data/schema.ts'
import { messageOf } from '../../../../src/errors.ts'
import {
  deletion,
  envelope,
  KEY,
  order,
  putBatches,
  sinkRecord,
  startJdbcSink,
  struct
} from '../../../support/jdbc-sink.ts'
import { type SinkDatabase, sinkDatabases } from '../../../support/sink-databases.ts'

const UPSERT = { 'insert.mode': 'upsert', 'pk.mode': 'record_key' }
const DELETES = { ...UPSERT, 'delete.enabled': 'true' }

const VERSIONED = Schema.struct([
  { name: 'version', schema: Schema.OPTIONAL_INT64 },
  { name: 'name', schema: Schema.OPTIONAL_STRING }
])
const PARTIAL = Schema.struct([{ name: 'version', schema: Schema.OPTIONAL_INT64 }])

const truncation = (): SinkRecord => envelope('t', null, null, { table: 'orders' })

function version(id: number, values: Readonly<Record<string, unknown>>, schema = VERSIONED) {
  return sinkRecord({
    keySchema: KEY,
    key: struct(KEY, { id }),
    valueSchema: schema,
    value: struct(schema, values)
  })
}

for (const { name, open } of sinkDatabases) {
  describe(`Settings of writes to ${name}`, () => {
    let database: SinkDatabase
    before(async () => {
      database = await open()
    })
    after(() => database.close())

    let tables = 0
    const newTable = (): string => `w${++tables}`
    const run = (
      config: Readonly<Record<string, string>>,
      ...batches: (readonly SinkRecord[])[]
    ): ReturnType<typeof startJdbcSink> => putBatches({ ...database.config, ...config }, batches)
    const rowsOf = async (table: string, columns = '*'): Promise<string> =>
      JSON.stringify(
        (await database.exec(`SELECT ${columns} FROM ${table} ORDER BY id`)).map((row) =>
          Object.values(row).map((value) => (value === null ? null : String(value)))
        )
      )

    it('delete.mode=soft marks a row, and takes the mark back when it is written again', async () => {
      for (const together of [true, false]) {
        const table = newTable()
        const config = {
          ...DELETES,
          'auto.create': 'true',
          'delete.mode': 'soft:gone',
          'table.name.format': table,
          'fields.whitelist': 'name'
        }
        const steps = [
          [order(1, { name: 'a' }), order(2, { name: 'b' }), order(3, { name: 'c' })],
          // There is no fourth row, and none is made to be marked.
          [deletion(1), deletion(2), deletion(4)],
          [order(2, { name: 'again' })]
        ]
        await run(config, ...(together ? [steps.flat()] : steps))
        const boolean = name === 'PostgreSQL' ? ['true', 'false'] : ['1', '0']
        assert.equal(
          await rowsOf(table, `id, name, gone`),
          JSON.stringify([
            ['1', 'a', boolean[0]],
            ['2', 'again', boolean[1]],
            ['3', 'c', boolean[1]]
          ])
        )
      }
      const [timed, worded] = [newTable(), newTable()]
      const columns = 'id INT NOT NULL PRIMARY KEY, name VARCHAR(20)'
      const moment = name === 'MariaDB' ? 'DATETIME(3)' : 'TIMESTAMP'
      await database.exec(
        `CREATE TABLE ${timed} (${columns}, gone ${moment})`,
        `CREATE TABLE ${worded} (${columns}, state VARCHAR(9))`
      )
      const config = { ...DELETES, 'fields.whitelist': 'name', 'null.handling': 'keep' }
      const batch = [order(1, { name: 'a' }), order(2, { name: 'b' }), deletion(1), deletion(2)]
      for (const [table, mode] of [
        [timed, 'soft:gone'],
        [worded, 'soft:state=deleted']
      ] as const) {
        const one = { ...config, 'table.name.format': table, 'delete.mode': mode }
        await run(one, batch, [order(2, { name: 'b' })])
      }
      const [[, stamp] = [], [, none] = []] = (
        await database.exec(`SELECT id, gone FROM ${timed} ORDER BY id`)
      ).map((row) => Object.values(row))
      // The time of the record; as the driver reads it.
      assert.match(
        stamp instanceof Date ? stamp.toISOString() : String(stamp),
        /^2023-11-1|^1700000000000/
      )
      assert.equal(none, null)
      assert.equal(await rowsOf(worded, 'id, state'), '[["1","deleted"],["2",null]]')
      await assert.rejects(
        run({ ...config, 'delete.mode': 'soft:name', 'table.name.format': timed }, [deletion(1)]),
        /soft:name=text/
      )
    })

    it('upsert.newer.by leaves rows that are newer as they are, in one batch and over many', async () => {
      const versions = [3, 1, 5, 5, 2, null, 4]
      const records = versions.map((of, at) => version(1, { version: of, name: `n${at}` }))
      for (const size of [versions.length, 2, 1]) {
        for (const order of ['keyed', 'arrival']) {
          const table = newTable()
          await database.exec(
            `CREATE TABLE ${table} (id INT NOT NULL PRIMARY KEY, version BIGINT, name VARCHAR(20))`
          )
          const config = {
            ...UPSERT,
            'upsert.newer.by': 'version',
            'write.order': order,
            'table.name.format': table
          }
          const batches = Array.from({ length: Math.ceil(versions.length / size) }, (_, at) =>
            records.slice(at * size, (at + 1) * size)
          )
          // Without a value a record is older than every row that has one, and newer than one that has none.
          const nameless = [version(2, { name: 'a' }), version(2, { name: 'b' })]
          await run(config, ...batches, nameless, [version(1, { version: 4 }, PARTIAL)])
          const wanted = '[["1","5","n3"],["2",null,"b"]]'
          assert.equal(await rowsOf(table), wanted, `${order}, ${size} at a time`)
        }
      }
      await assert.rejects(
        run({ ...UPSERT, 'upsert.newer.by': 'name', 'table.name.format': `w${tables}` }, records),
        /upsert\.newer\.by: column name of table .* is neither a number nor a time/
      )
    })

    it('truncate.enabled empties the table in the order of the records', async () => {
      for (const [order_, kept] of [
        ['keyed', '[["3","c"]]'],
        ['arrival', '[["3","c"]]']
      ] as const) {
        const table = newTable()
        await database.exec(
          `CREATE TABLE ${table} (id INT NOT NULL PRIMARY KEY, name VARCHAR(20))`,
          `INSERT INTO ${table} VALUES (9, 'old')`
        )
        const config = {
          ...UPSERT,
          'truncate.enabled': 'true',
          'write.order': order_,
          'table.name.format': table,
          'fields.whitelist': 'name'
        }
        await run(config, [
          order(1, { name: 'a' }),
          truncation(),
          order(2, { name: 'b' }),
          truncation(),
          order(3, { name: 'c' })
        ])
        assert.equal(await rowsOf(table, 'id, name'), kept)
        await run({ ...config, 'truncate.enabled': 'false' }, [truncation()])
        assert.equal(await rowsOf(table, 'id, name'), kept)
      }
    })

    it('table.settings has other rules for some topics and tables', async () => {
      const [events, orders] = [newTable(), newTable()]
      const made = (table: string): string =>
        `CREATE TABLE ${table} (id INT, name VARCHAR(20), price DECIMAL(9,2))`
      await database.exec(
        made(events),
        `CREATE TABLE ${orders} (id INT NOT NULL PRIMARY KEY, name VARCHAR(20))`
      )
      const named = (topic: string, record: SinkRecord): SinkRecord => ({ ...record, topic })
      const config = {
        ...DELETES,
        'fields.whitelist': 'name',
        'table.name.format': '${topic}',
        'table.settings': 'log, second',
        'table.settings.log.topics': events,
        'table.settings.log.insert.mode': 'insert',
        'table.settings.log.delete.enabled': 'false',
        'table.settings.log.tombstones': 'skip',
        'table.settings.log.fields.whitelist': 'name,price',
        'table.settings.second.pattern': `${events}|nothing`,
        'table.settings.second.insert.mode': 'update'
      }
      const batch = [events, orders].flatMap((topic) => [
        named(topic, order(1, { name: 'a', price: 1.5 })),
        named(topic, order(1, { name: 'b', price: 2.5 })),
        named(topic, order(2, { name: 'c' })),
        named(topic, deletion(2))
      ])
      const { reports } = await run(config, batch)
      assert.deepEqual(reports, [])
      assert.equal((await database.exec(`SELECT * FROM ${events}`)).length, 3)
      assert.equal(await rowsOf(orders), '[["1","b"]]')
      await assert.rejects(
        run({ ...config, 'table.settings.log.batch.size': '7' }, batch),
        /table\.settings\.log\.batch\.size is not a setting of a table/
      )
      await assert.rejects(
        run(
          {
            ...config,
            'table.settings.log.pk.mode': 'none',
            'table.settings.log.delete.enabled': 'true'
          },
          batch
        ),
        /table\.settings\.log: Deletes are only supported for pk\.mode record_key/
      )
    })

    it('a row of which all fields are its key makes its table, too', async () => {
      const table = newTable()
      const schema = Schema.struct([{ name: 'id', schema: Schema.INT32 }])
      const record = sinkRecord({ valueSchema: schema, value: struct(schema, { id: 1 }) })
      const config = { 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'auto.create': 'true' }
      await run({ ...config, 'table.name.format': table }, [record])
      assert.equal(await rowsOf(table), '[["1"]]')
    })

    // SQLite's types have room for everything, and its columns cannot be changed.
    if (name === 'SQLite') return
    it('evolve.widen and evolve.relax.not.null change columns as far as a batch needs it', async () => {
      const table = newTable()
      await database.exec(
        `CREATE TABLE ${table} (id INT NOT NULL PRIMARY KEY, small INT NOT NULL DEFAULT 7, amount DECIMAL(4,1) NOT NULL, name VARCHAR(3) NOT NULL, code VARCHAR(2), f REAL, must INT NOT NULL)`
      )
      const schema = Schema.struct([
        { name: 'small', schema: Schema.OPTIONAL_INT64 },
        { name: 'amount', schema: decimalSchema(3, { optional: true }) },
        { name: 'name', schema: Schema.OPTIONAL_STRING },
        { name: 'code', schema: Schema.OPTIONAL_STRING },
        { name: 'must', schema: Schema.OPTIONAL_INT32 }
      ])
      const record = (id: number, values: Readonly<Record<string, unknown>>): SinkRecord =>
        sinkRecord({
          keySchema: KEY,
          key: struct(KEY, { id }),
          valueSchema: schema,
          value: struct(schema, {
            small: 1,
            amount: new Decimal(1000n, 3),
            name: 'a',
            must: 1,
            ...values
          })
        })
      const config = { ...UPSERT, 'table.name.format': table }
      const large = [
        record(1, { small: 2n ** 40n, amount: new Decimal(123_456_789n, 3), name: 'longer' }),
        record(2, { name: 'as long as a name can be', code: 'abc' }),
        record(3, { small: null, must: null })
      ]
      const without = await run(config, large)
      assert.equal(without.reports.length, 3)
      const widened = await run({ ...config, 'evolve.widen': 'true' }, large)
      assert.deepEqual(
        widened.reports.map(({ error }) => /must takes no null/.test(messageOf(error))),
        [true]
      )
      const relaxed = await run({ ...config, 'evolve.relax.not.null': 'true' }, large)
      assert.deepEqual(relaxed.reports, [])
      assert.equal(
        await rowsOf(table, 'id, small, amount, name, code, must'),
        JSON.stringify([
          ['1', String(2 ** 40), '123456.789', 'longer', null, '1'],
          ['2', '1', '1.000', 'as long as a name can be', 'abc', '1'],
          ['3', '7', '1.000', 'a', null, null]
        ])
      )
      // Everything else of a column is as it was.
      await database.exec(`INSERT INTO ${table} (id, amount, name) VALUES (8, 1, 'x')`)
      await assert.rejects(database.exec(`INSERT INTO ${table} (id, amount) VALUES (9, 1)`))
      assert.match(await rowsOf(table, 'id, small'), /\["8","7"\]/)
    })
  })
}
