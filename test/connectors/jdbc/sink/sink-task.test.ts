import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { SinkRecord } from '../../../../src/data/record.ts'
import { Schema } from '../../../../src/data/schema.ts'
import { messageOf } from '../../../../src/errors.ts'
import { describeSinkRecord } from '../../../../src/tasks/pipeline/sink-record-text.ts'
import {
  deletion,
  envelope,
  KEY,
  order,
  ORDER,
  putBatches,
  sinkRecord,
  startJdbcSink,
  struct
} from '../../../support/jdbc-sink.ts'
import { Random } from '../../../support/random.ts'
import { type SinkDatabase, sinkDatabases } from '../../../support/sink-databases.ts'

for (const { name, open } of sinkDatabases) {
  describe(`A JDBC sink task on ${name}`, () => {
    let database: SinkDatabase
    before(async () => {
      database = await open()
    })
    after(() => database.close())

    let tables = 0
    const newTable = (): string => `t${++tables}`

    /** Puts the batches and answers the task that did. */
    const run = (
      config: Readonly<Record<string, string>>,
      ...batches: (readonly SinkRecord[])[]
    ): ReturnType<typeof startJdbcSink> => putBatches({ ...database.config, ...config }, batches)
    const rowsOf = (table: string, by = 'id'): Promise<unknown[]> =>
      database.exec(`SELECT * FROM ${table} ORDER BY ${by}`)

    it('writes what was prepared as the table is by then, and nothing that was only prepared', async () => {
      const table = newTable()
      const sink = await startJdbcSink({
        ...database.config,
        'table.name.format': table,
        'pk.mode': 'record_value',
        'pk.fields': 'id',
        'auto.create': 'true',
        'auto.evolve': 'true'
      })
      const wider = Schema.struct([
        ...KEY.fields.map(({ name: field, schema }) => ({ name: field, schema })),
        { name: 'more', schema: Schema.OPTIONAL_STRING }
      ])
      const narrow = (id: number): SinkRecord =>
        sinkRecord({ valueSchema: KEY, value: struct(KEY, { id }) })
      const wide = (id: number): SinkRecord =>
        sinkRecord({ valueSchema: wider, value: struct(wider, { id, more: `m${id}` }) })
      // No table is there yet that it could be prepared for.
      sink.task.prepare?.([narrow(9)])
      await sink.put([narrow(1)])
      const [second, third] = [narrow(2), wide(3)]
      const putting = sink.put([wide(4)])
      sink.task.prepare?.([second, third, narrow(8)])
      await putting
      await sink.put([second, third])
      await sink.stop()
      assert.deepEqual(await rowsOf(table), [
        { id: 1, more: null },
        { id: 2, more: null },
        { id: 3, more: 'm3' },
        { id: 4, more: 'm4' }
      ])
    })

    it('says what is wrong with a record when it is put, not when it is prepared', async () => {
      const table = newTable()
      const sink = await startJdbcSink({
        ...database.config,
        'table.name.format': table,
        'auto.create': 'true'
      })
      await sink.put([order(1, { name: 'a' })])
      const tombstone = sinkRecord({ topic: 'orders' })
      sink.task.prepare?.([tombstone, order(2, { name: 'b' })])
      assert.deepEqual(sink.reports, [])
      await sink.put([tombstone, order(2, { name: 'b' })])
      await sink.stop()
      assert.deepEqual(
        sink.reports.map(({ record }) => record),
        [tombstone]
      )
    })

    it('writes as insert.mode, pk.mode and delete.enabled say', async () => {
      const batch = [
        order(1, { name: 'a', price: 1.5 }),
        order(2, { name: 'b' }),
        order(1, { name: 'c' })
      ]
      const first = { id: 1, name: 'a', price: 1.5 }
      const last = { id: 1, name: 'c', price: null }
      const second = { id: 2, name: 'b', price: null }
      const cases: [Record<string, string>, readonly SinkRecord[], unknown[]][] = [
        [{ 'insert.mode': 'insert' }, batch, [first, last, second]],
        [{ 'insert.mode': 'upsert', 'pk.mode': 'record_key' }, batch, [last, second]],
        [
          { 'insert.mode': 'UPSERT', 'pk.mode': 'RECORD_VALUE', 'pk.fields': 'id' },
          batch,
          [last, second]
        ],
        [
          { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'write.order': 'arrival' },
          batch,
          [last, second]
        ],
        [{ 'insert.mode': 'update', 'pk.mode': 'record_key' }, batch, []],
        [
          { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'delete.enabled': 'true' },
          [...batch, deletion(2), deletion(7)],
          [last]
        ],
        [
          { 'insert.mode': 'insert', 'pk.mode': 'record_key', 'delete.enabled': 'true' },
          [order(1, { name: 'a', price: 1.5 }), deletion(1), order(1, { name: 'c' })],
          [last]
        ]
      ]
      for (const [config, records, expected] of cases) {
        const table = newTable()
        const sink = await run(
          { 'auto.create': 'true', 'table.name.format': table, ...config },
          records
        )
        assert.deepEqual(sink.reports, [], JSON.stringify(config))
        assert.deepEqual(await rowsOf(table, 'id, name'), expected, JSON.stringify(config))
      }
    })

    it('updates rows that are there, and no others', async () => {
      const table = newTable()
      const common = { 'table.name.format': table, 'pk.mode': 'record_key', 'auto.create': 'true' }
      await run(common, [order(1, { name: 'a' }), order(2, { name: 'b', price: 2 })])
      await run({ ...common, 'insert.mode': 'update' }, [
        order(2, { name: 'c' }),
        order(3, { name: 'd' })
      ])
      assert.deepEqual(await rowsOf(table), [
        { id: 1, name: 'a', price: null },
        { id: 2, name: 'c', price: null }
      ])
    })

    it('knows a record by its place in Kafka, or by a key that is one value', async () => {
      const [byPlace, byValue] = [newTable(), newTable()]
      const record = { ...order(1, { name: 'a' }), kafkaPartition: 3, kafkaOffset: 17n }
      await run(
        {
          'auto.create': 'true',
          'insert.mode': 'upsert',
          'pk.mode': 'kafka',
          'table.name.format': byPlace
        },
        [record, record]
      )
      assert.deepEqual(await rowsOf(byPlace), [
        {
          __connect_topic: 'orders',
          __connect_partition: 3,
          __connect_offset: database.bigint(17),
          id: 1,
          name: 'a',
          price: null
        }
      ])
      const simple = { ...order(1, { name: 'b' }), keySchema: Schema.STRING, key: 'k' }
      await run(
        {
          'auto.create': 'true',
          'insert.mode': 'upsert',
          'pk.mode': 'record_key',
          'pk.fields': 'code',
          'fields.whitelist': 'name',
          'table.name.format': byValue
        },
        [simple]
      )
      assert.deepEqual(await rowsOf(byValue, 'code'), [{ name: 'b', code: 'k' }])
    })

    it('finds no row by a key that is rounded', async () => {
      const keySchema = Schema.struct([{ name: 'id', schema: Schema.FLOAT64 }])
      const keyed = (id: number, price: number | null): SinkRecord => ({
        ...order(1, { price }),
        keySchema,
        key: struct(keySchema, { id }),
        ...(price === null ? { valueSchema: null, value: null } : {})
      })
      for (const insertMode of ['upsert', 'update', 'insert']) {
        // SQLite keeps all digits of a decimal.
        for (const type of name === 'SQLite' ? ['integer'] : ['integer', 'decimal(5,1)']) {
          const table = newTable()
          await database.exec(
            `CREATE TABLE ${table} (id ${type} PRIMARY KEY, name varchar(9), price integer)`,
            `INSERT INTO ${table} (id, price) VALUES (1, 1), (2, 2), (3, 3)`
          )
          const sink = await run(
            {
              'table.name.format': table,
              'insert.mode': insertMode,
              'pk.mode': 'record_key',
              'fields.whitelist': 'price',
              'delete.enabled': 'true',
              'errors.isolation.max.share': '1'
            },
            [keyed(1.96, null), keyed(2.04, null), keyed(3, null)],
            insertMode === 'insert' ? [] : [keyed(0.99, 9), keyed(1.04, 9)]
          )
          assert.deepEqual(
            (await rowsOf(table)).map((row) => (row as { price: number }).price),
            [1, 2]
          )
          assert.equal(sink.reports.length, insertMode === 'insert' ? 2 : 4)
        }
      }
    })

    it('loses no record to one of another topic that a transformation gave the same name', async () => {
      const table = newTable()
      const config = {
        'auto.create': 'true',
        'insert.mode': 'upsert',
        'pk.mode': 'kafka',
        'table.name.format': table
      }
      const from = (originalTopic: string, topic: string, id: number) => ({
        ...order(id),
        topic,
        originalTopic,
        kafkaOffset: 0n
      })
      await run(config, [from('a', 'ab', 1), from('c', 'c', 2)])
      await assert.rejects(run(config, [from('a', 'ab', 1)], [from('b', 'ab', 3)]), {
        message: /^Transformations call the topics a and b both ab: .* would be lost/
      })
      assert.deepEqual(
        (await rowsOf(table)).map((row) => (row as { id: number }).id),
        [1, 2]
      )
      // Where its name is no key nothing is lost.
      await run({ ...config, 'pk.mode': 'record_key', 'table.name.format': newTable() }, [
        from('a', 'ab', 1),
        from('b', 'ab', 3)
      ])
    })

    it('I12: leaves rows as if each record had been written by itself', async () => {
      const table = newTable()
      const random = new Random(7)
      const config = {
        'insert.mode': 'upsert',
        'pk.mode': 'record_key',
        'delete.enabled': 'true',
        'auto.create': 'true',
        'null.handling': 'keep',
        'table.name.format': table
      }
      const expected = new Map<number, Record<string, unknown>>()
      const batches = Array.from({ length: 20 }, () =>
        Array.from({ length: 50 }, () => {
          const id = random.within(1, 9)
          if (random.chance(0.3)) {
            expected.delete(id)
            return deletion(id)
          }
          const values = {
            ...(random.chance(0.5) ? { name: `n${random.below(100)}` } : {}),
            ...(random.chance(0.5) ? { price: random.below(100) } : {})
          }
          expected.set(id, { ...(expected.get(id) ?? { id, name: null, price: null }), ...values })
          return order(id, values)
        })
      )
      await run(config, [order(0)], ...batches)
      const rows = [...expected].sort(([a], [b]) => a - b).map(([, row]) => row)
      assert.deepEqual(await rowsOf(table), [{ id: 0, name: null, price: null }, ...rows])
    })

    it('takes envelopes of Debezium apart, deletes included', async () => {
      const table = newTable()
      const config = {
        'insert.mode': 'upsert',
        'pk.mode': 'record_value',
        'pk.fields': 'id',
        'delete.enabled': 'true',
        tombstones: 'skip',
        'auto.create': 'true',
        'table.name.format': `${table.slice(0, 1)}\${source.table}`
      }
      const at = { table: table.slice(1) }
      const sink = await run(config, [
        envelope('c', null, { id: 1, name: 'a' }, at),
        envelope('u', { id: 1, name: 'a' }, { id: 1, name: 'b' }, at),
        envelope('r', null, { id: 2, name: 'c' }, at),
        envelope('d', { id: 2, name: 'c' }, null, at),
        deletion(2),
        envelope('m', null, null, at)
      ])
      assert.deepEqual(sink.reports, [])
      assert.deepEqual(await rowsOf(table), [{ id: 1, name: 'b', price: null }])
    })

    it('says in Confluent’s words which records it cannot write, and writes the others', async () => {
      const table = newTable()
      const place = (record: SinkRecord): string =>
        `(topic='orders',partition=0,offset=${record.kafkaOffset},timestamp=${record.timestamp})`
      const tombstone = deletion(5)
      const plain = sinkRecord({ keySchema: KEY, key: struct(KEY, { id: 1 }), value: new Map() })
      const keyless = sinkRecord({ valueSchema: ORDER, value: struct(ORDER, { id: 1 }) })
      const sink = await run(
        { 'pk.mode': 'record_key', 'auto.create': 'true', 'table.name.format': table },
        [order(1), tombstone, plain, keyless, order(2)]
      )
      const start = `Sink connector 'sink' is configured with 'delete.enabled=false' and 'pk.mode=record_key' and therefore requires records with a non-null`
      const words = sink.reports.map(({ error }) =>
        messageOf(error).replace(/ \(topic orders.*/, '')
      )
      assert.deepEqual(words, [
        `${start} Struct or String value and non-null Struct or String schema, but found record at ${place(tombstone)} with a null value and null value schema.`,
        `${start} Struct or String value and non-null Struct or String schema, but found record at ${place(plain)} with a HashMap value and null value schema.`,
        `${start} key and non-null Struct or primitive key schema, but found record at ${place(keyless)} with a null key and null key schema.`
      ])
      assert.deepEqual(
        (await rowsOf(table)).map((row) => (row as { id: number }).id),
        [1, 2]
      )
    })

    it('fails for such a record when nobody takes it, and keeps nothing of its batch (I13)', async () => {
      const table = newTable()
      const config = { ...database.config, 'auto.create': 'true', 'table.name.format': table }
      const sink = await startJdbcSink(config, { hasDeadLetterQueue: false })
      await sink.put([order(1)])
      await assert.rejects(
        sink.put([order(2), deletion(3)]),
        /with a null value and null value schema/
      )
      await sink.stop()
      assert.equal((await rowsOf(table)).length, 1)
    })

    it('I7: tells of a record where it stood, once, and nothing of its key', async () => {
      const { task, stop } = await startJdbcSink(database.config)
      await stop()
      const record = order(4711)
      assert.equal(
        describeSinkRecord(record, (one) => task.nameRecord?.(one) ?? null),
        `record, topic orders, partition 0, offset ${record.originalKafkaOffset}`
      )
    })

    it('writes texts, plain JSON and nested values where they are wanted', async () => {
      const [texts, plain, nested, flat] = [newTable(), newTable(), newTable(), newTable()]
      const text = sinkRecord({ valueSchema: Schema.STRING, value: 'hello' })
      await run({ 'auto.create': 'true', 'table.name.format': texts }, [text])
      assert.deepEqual(await database.exec(`SELECT * FROM ${texts}`), [{ record_value: 'hello' }])

      await database.exec(
        `CREATE TABLE ${plain} (id integer, name varchar(20), price numeric(9,2))`
      )
      const json = sinkRecord({
        value: new Map<string, unknown>([
          ['ID', 4],
          ['price', '1.50']
        ])
      })
      await run({ 'table.name.format': plain, 'value.without.schema': 'table' }, [json])
      const [row] = await database.exec(`SELECT id, name, price FROM ${plain}`)
      assert.deepEqual([row?.['id'], row?.['name'], Number(row?.['price'])], [4, null, 1.5])

      const CITY = Schema.struct([{ name: 'city', schema: Schema.STRING }], { optional: true })
      const SHOP = Schema.struct([
        { name: 'id', schema: Schema.INT32 },
        { name: 'address', schema: CITY }
      ])
      const shop = (id: number, city: string | null): SinkRecord =>
        sinkRecord({
          valueSchema: SHOP,
          value: struct(SHOP, { id, address: city === null ? null : struct(CITY, { city }) })
        })
      const both = [shop(1, 'Rome'), shop(2, null)]
      await run(
        { 'auto.create': 'true', 'table.name.format': nested, 'nested.values': 'json' },
        both
      )
      assert.deepEqual(await rowsOf(nested), [
        { id: 1, address: '{"city":"Rome"}' },
        { id: 2, address: null }
      ])
      await run(
        {
          'auto.create': 'true',
          'table.name.format': flat,
          'nested.values': 'flatten',
          'column.names': 'address_city:town'
        },
        both
      )
      assert.deepEqual(await rowsOf(flat), [
        { id: 1, town: 'Rome' },
        { id: 2, town: null }
      ])
      const refused = await run({ 'auto.create': 'true', 'table.name.format': flat }, both)
      assert.match(messageOf(refused.reports[0]?.error), /^Unsupported source data type: STRUCT/)
    })

    it('writes parents before their children, and deletes them behind, whatever the order of topics', async () => {
      const [parent, child] = [newTable(), newTable()]
      await database.exec(`CREATE TABLE ${parent} (id integer PRIMARY KEY)`)
      await database.exec(
        `CREATE TABLE ${child} (id integer PRIMARY KEY, parent_id integer NOT NULL REFERENCES ${parent} (id))`
      )
      const PARENT = Schema.struct([{ name: 'id', schema: Schema.INT32 }])
      const CHILD = Schema.struct([{ name: 'parent_id', schema: Schema.INT32 }])
      const record = (topic: string, id: number, value: SinkRecord['value']): SinkRecord =>
        sinkRecord({
          topic,
          keySchema: KEY,
          key: struct(KEY, { id }),
          valueSchema: value === null ? null : topic === parent ? PARENT : CHILD,
          value
        })
      const config = {
        'insert.mode': 'upsert',
        'pk.mode': 'record_key',
        'delete.enabled': 'true',
        'connection.url': database.config['connection.url'] ?? ''
      }
      const sink = await run(
        config,
        [
          record(child, 1, struct(CHILD, { parent_id: 10 })),
          record(parent, 10, struct(PARENT, { id: 10 }))
        ],
        [
          record(parent, 10, null),
          record(child, 2, struct(CHILD, { parent_id: 20 })),
          record(parent, 20, struct(PARENT, { id: 20 })),
          record(child, 1, null)
        ]
      )
      assert.deepEqual(sink.reports, [])
      assert.deepEqual(await rowsOf(child), [{ id: 2, parent_id: 20 }])
    })

    it('asks for commits of offsets at intervals, and counts what it wrote', async () => {
      const table = newTable()
      const common = { 'auto.create': 'true', 'table.name.format': table }
      const rare = await run(
        { ...common, 'offset.commit.interval.ms': '3600000' },
        [order(1)],
        [order(2)]
      )
      assert.equal(rare.commits(), 1)
      const always = await run(
        { ...common, 'offset.commit.interval.ms': '0' },
        [order(3)],
        [],
        [order(4)]
      )
      assert.equal(always.commits(), 2)
      const facts = always.task.progress?.()
      assert.equal([...(facts ?? [])].find(([of]) => of.endsWith(table))?.[1]['rows'], 2)
      assert.equal(facts?.get('task')?.['transactions'], 2)
    })
  })
}
