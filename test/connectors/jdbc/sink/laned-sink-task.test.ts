import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SinkRecord } from '../../../../src/data/record.ts'
import { Schema } from '../../../../src/data/schema.ts'
import { sinkRecord, startJdbcSink, struct } from '../../../support/jdbc-sink.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'

const ROW = Schema.struct([
  { name: 'part', schema: Schema.INT32 },
  { name: 'n', schema: Schema.INT32 }
])

const row = (partition: number, n: number): SinkRecord =>
  sinkRecord({
    topic: 'rows',
    partition,
    valueSchema: ROW,
    value: struct(ROW, { part: partition, n })
  })

describe('A task with several lanes', () => {
  it('I12: writes over several sessions, each partition in its order', async (t) => {
    const database = await createPostgresDatabase()
    t.after(() => database.close())
    await database.exec(
      'CREATE TABLE rows (place serial, part int, n int, session int DEFAULT pg_backend_pid())'
    )
    const sink = await startJdbcSink({
      ...database.config,
      'write.lanes': '3',
      'write.order': 'arrival'
    })
    t.after(() => sink.stop())
    for (let batch = 0; batch < 5; batch++) {
      const records = Array.from({ length: 200 }, (_, at) => row(at % 8, batch * 200 + at))
      await sink.put(records)
    }
    const rows = await database.exec('SELECT part, n, session FROM rows ORDER BY place')
    assert.equal(rows.length, 1000)
    const sessions = new Map<unknown, Set<unknown>>()
    for (const [part, mine] of Map.groupBy(rows, (one) => one['part'])) {
      const numbers = mine.map((one) => Number(one['n']))
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b)
      )
      sessions.set(part, new Set(mine.map((one) => one['session'])))
    }
    assert.equal(new Set([...sessions.values()].flatMap((of) => [...of])).size, 3)
    assert.ok(
      [...sessions.values()].every((of) => of.size === 1),
      'a partition has one session'
    )
    assert.equal(sink.task.progress?.()?.get('task')?.['transactions'], 15)
  })

  it('I10: fails when one part of a batch does, and says which others are written', async (t) => {
    const database = await createPostgresDatabase()
    t.after(() => database.close())
    await database.exec('CREATE TABLE rows (part int, n int CHECK (n < 90))')
    const sink = await startJdbcSink(
      { ...database.config, 'write.lanes': '2' },
      { hasDeadLetterQueue: false }
    )
    t.after(() => sink.stop())
    const batch = [row(0, 1), row(1, 99), row(0, 2), row(1, 3)]
    await assert.rejects(sink.put(batch), /partition 1, offset .* was refused/)
    assert.deepEqual(new Set(sink.written.map(({ partition }) => partition)), new Set([0]))
    await database.exec('ALTER TABLE rows DROP CONSTRAINT rows_n_check')
    await sink.put(batch.filter(({ originalKafkaPartition: of }) => of === 1))
    const rows = await database.exec('SELECT part, n FROM rows ORDER BY part, n')
    assert.deepEqual(
      rows.map(({ part, n }) => [part, n]),
      [
        [0, 1],
        [0, 2],
        [1, 3],
        [1, 99]
      ]
    )
  })
})
