import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { SinkRecord } from '../../../../src/data/record.ts'
import { messageOf } from '../../../../src/errors.ts'
import { deletion, order, startJdbcSink } from '../../../support/jdbc-sink.ts'
import { Random } from '../../../support/random.ts'
import { type SinkDatabase, sinkDatabases } from '../../../support/sink-databases.ts'

/** What no message, log line or trace may hold (I7). */
const MARKER = 'secret-marker-7c1f'

for (const { name, open } of sinkDatabases) {
  describe(`Records that ${name} refuses`, () => {
    let database: SinkDatabase
    before(async () => {
      database = await open()
    })
    after(() => database.close())

    let tables = 0
    /** A table that refuses rows with the price -1, and knows why only when it sees them. */
    const newTable = async (): Promise<string> => {
      const table = `t${++tables}`
      await database.exec(
        `CREATE TABLE ${table} (id integer PRIMARY KEY, name varchar(40), price double precision CHECK (price IS NULL OR price <> -1))`
      )
      return table
    }
    const good = (id: number): SinkRecord => order(id, { name: MARKER, price: id })
    const bad = (id: number): SinkRecord => order(id, { name: MARKER, price: -1 })
    const idOf = (record: SinkRecord): number => (record.key as { values: number[] }).values[0] ?? 0

    const modes: Record<string, string>[] = [
      { 'insert.mode': 'insert' },
      { 'insert.mode': 'upsert', 'pk.mode': 'record_key' },
      { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'write.order': 'arrival' }
    ]
    for (const mode of modes) {
      it(`I10, I14: go to the dead letter queue, and no others do: ${Object.values(mode).join(', ')}`, async () => {
        for (const size of [1, 2, 7, 100, 1000]) {
          for (const count of new Set([0, 1, 2, 10, size].filter((number) => number <= size))) {
            const random = new Random(size * 31 + count)
            const wrong = new Set<number>()
            while (wrong.size < count) wrong.add(random.below(size))
            const table = await newTable()
            const sink = await startJdbcSink({
              ...database.config,
              ...mode,
              'table.name.format': table,
              'errors.isolation.max.share': '1'
            })
            await sink.put(
              Array.from({ length: size }, (_, id) => (wrong.has(id) ? bad(id) : good(id)))
            )
            await sink.stop()
            const reported = sink.reports.map(({ record }) => idOf(record))
            assert.deepEqual(
              reported,
              [...wrong].sort((a, b) => a - b),
              'in their order'
            )
            const rows = await database.exec(`SELECT id FROM ${table} ORDER BY id`)
            const written = Array.from({ length: size }, (_, id) => id).filter(
              (id) => !wrong.has(id)
            )
            assert.deepEqual(
              rows.map(({ id }) => id),
              written,
              `${count} of ${size}`
            )
          }
        }
      })
    }

    it('do not take the good records of their row with them, before or behind', async () => {
      const table = await newTable()
      const sink = await startJdbcSink({
        ...database.config,
        'insert.mode': 'upsert',
        'pk.mode': 'record_key',
        'delete.enabled': 'true',
        'null.handling': 'keep',
        'table.name.format': table
      })
      await sink.put([order(1, { name: 'old', price: 1 }), order(2, { name: 'old' })])
      const records = [
        order(1, { name: 'before' }),
        order(1, { price: 5 }),
        bad(1),
        deletion(2),
        order(2, { price: 3 }),
        bad(2),
        order(3, { name: 'other' })
      ]
      await sink.put(records)
      await sink.stop()
      assert.deepEqual(
        sink.reports.map(({ record }) => records.indexOf(record)),
        [2, 5]
      )
      assert.deepEqual(await database.exec(`SELECT * FROM ${table} ORDER BY id`), [
        { id: 1, name: 'before', price: 5 },
        { id: 2, name: null, price: 3 },
        { id: 3, name: 'other', price: null }
      ])
    })

    it('may be deletes of rows that others need: what follows them counts, once', async () => {
      const table = await newTable()
      await database.exec(
        `CREATE TABLE of_${table} (id integer PRIMARY KEY REFERENCES ${table} (id))`,
        `INSERT INTO ${table} VALUES (1, 'old', 7)`,
        `INSERT INTO of_${table} VALUES (1)`
      )
      const sink = await startJdbcSink({
        ...database.config,
        'insert.mode': 'upsert',
        'pk.mode': 'record_key',
        'delete.enabled': 'true',
        'null.handling': 'keep',
        'table.name.format': table
      })
      const records = [deletion(1), order(1, { name: 'new' }), bad(1), order(2)]
      await sink.put(records)
      await sink.stop()
      assert.deepEqual(
        sink.reports.map(({ record }) => records.indexOf(record)),
        [0, 2]
      )
      assert.deepEqual(await database.exec(`SELECT * FROM ${table} ORDER BY id`), [
        { id: 1, name: 'new', price: 7 },
        { id: 2, name: null, price: null }
      ])
    })

    it('are named by place, table and key, and never by their values (I7)', async () => {
      const table = await newTable()
      const long = order(9, { name: MARKER.repeat(3) })
      const sink = await startJdbcSink({ ...database.config, 'table.name.format': table })
      await sink.put([good(1), bad(2), long, good(3)])
      await sink.put([good(3)])
      await sink.stop()
      const texts = sink.reports.map(({ error }) => messageOf(error))
      assert.match(
        texts[0] ?? '',
        new RegExp(
          `topic orders, partition 0, offset \\d+: the insert of its row in table .*${table}`
        )
      )
      const all = JSON.stringify([texts, sink.logged, sink.conditions])
      assert.ok(!all.includes(MARKER), all)

      const strict = await startJdbcSink(
        { ...database.config, 'table.name.format': table },
        { hasDeadLetterQueue: false }
      )
      const failing = [good(4), bad(5), good(6)]
      await assert.rejects(strict.put(failing), (error) => {
        assert.match(messageOf(error), new RegExp(`offset ${failing[1]?.kafkaOffset}: the insert`))
        assert.ok(!messageOf(error).includes(MARKER))
        return true
      })
      await strict.stop()
      // Not every database minds a text that is too long.
      const left = await database.exec(`SELECT id FROM ${table} WHERE id < 9 ORDER BY id`)
      assert.deepEqual(
        left.map(({ id }) => id),
        [1, 3]
      )
    })

    it('fail the task when there are too many of them, and stay where they were', async () => {
      const table = await newTable()
      const sink = await startJdbcSink({ ...database.config, 'table.name.format': table })
      await assert.rejects(
        sink.put(Array.from({ length: 300 }, (_, id) => (id % 3 === 0 ? good(id) : bad(id)))),
        /of \d+ records in a row cannot be written, more than errors.isolation.max.share allows/
      )
      await sink.stop()
      assert.deepEqual(sink.reports, [])
      assert.deepEqual(await database.exec(`SELECT id FROM ${table}`), [])
    })

    it('are nowhere else when nobody takes them, and are handed over once', async () => {
      const table = await newTable()
      let refuses = true
      const sink = await startJdbcSink(
        { ...database.config, 'table.name.format': table },
        {
          onReport(record) {
            if (refuses && idOf(record) === 3) throw new Error('the queue is away')
          }
        }
      )
      const batch = [good(1), bad(2), bad(3)]
      await assert.rejects(sink.put(batch), /the queue is away/)
      assert.deepEqual(await database.exec(`SELECT id FROM ${table}`), [])
      refuses = false
      await sink.put(batch)
      await sink.stop()
      assert.deepEqual(
        sink.reports.map(({ record }) => idOf(record)),
        [2, 3]
      )
      assert.equal((await database.exec(`SELECT id FROM ${table}`)).length, 1)
    })
  })
}
