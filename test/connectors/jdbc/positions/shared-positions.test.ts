import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Clock, systemClock } from '../../../../src/clock.ts'
import { jdbcSourceConfig } from '../../../../src/connectors/jdbc/settings/source-config.ts'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import { JdbcSourceTask } from '../../../../src/connectors/jdbc/source/source-task.ts'
import type { SourceConnectorPlugin } from '../../../../src/plugin/source.ts'
import { encodedOffset, type SourceRecord } from '../../../../src/data/record.ts'
import { type Config, fields, startJdbcTask, StoredOffsets } from '../../../support/jdbc-source.ts'
import type { TestDatabase } from '../../../support/mysql-database.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'
import { until } from '../../../support/until.ts'

const fastClock: Clock = { ...systemClock, monotonicMs: () => performance.now() * 1000 }

/** Lines of three orders, of which the second has most. */
const LINES = ['1-1', '1-2', ...Array.from({ length: 20 }, (_, line) => `2-${line + 1}`), '3-1']

describe('rows that share a position', () => {
  let db: TestDatabase
  before(async () => {
    db = await createPostgresDatabase()
    await db.exec(
      'CREATE TABLE orders (id int PRIMARY KEY, changed_at timestamptz NOT NULL)',
      "INSERT INTO orders SELECT i, '2024-01-01T00:00:00Z' FROM generate_series(1, 3) i",
      'CREATE TABLE lines (order_id int, line int)',
      ...LINES.map((line) => `INSERT INTO lines VALUES (${line.replace('-', ', ')})`),
      'CREATE VIEW order_lines AS SELECT o.id, o.changed_at, l.line FROM orders o JOIN lines l ON l.order_id = o.id',
      'CREATE TABLE others (id int PRIMARY KEY, changed_at timestamptz NOT NULL)'
    )
  })
  after(() => db.close())

  const config = (mode: string, more: Config = {}): Config => ({
    ...db.config,
    'topic.prefix': 'x-',
    mode,
    query: 'SELECT * FROM (SELECT * FROM order_lines) t',
    'poll.interval.ms': '10',
    'batch.max.rows': '2',
    ...(mode.includes('incrementing') ? { 'incrementing.column.name': 'id' } : {}),
    ...(mode.includes('timestamp') ? { 'timestamp.column.name': 'changed_at' } : {}),
    ...more
  })
  const linesOf = (records: readonly SourceRecord[]): string[] => {
    const numbers = fields(records, 'line')
    return fields(records, 'id').map((id, index) => `${String(id)}-${String(numbers[index])}`)
  }
  const sorted = (lines: Iterable<string>): string[] => [...new Set(lines)].sort()

  for (const mode of ['incrementing', 'timestamp', 'timestamp+incrementing']) {
    for (const [what, more] of [
      ['', {}],
      [' and a limit cuts the result', { 'query.suffix': 'LIMIT 5' }]
    ] as const) {
      it(`I1: ${mode}: none is lost when the task ends between any two of them, and those of one position come again${what}`, async () => {
        for (const polls of [1, 2, 4, 7]) {
          const offsets = new StoredOffsets()
          const read: string[] = []
          const first = await startJdbcTask(config(mode, more), offsets)
          for (let poll = 0, batches = 0; poll < 100 && batches < polls; poll++) {
            const records = await first.poll()
            if (records.length > 0) batches += 1
            offsets.commit(records)
            read.push(...linesOf(records))
          }
          await first.stop()
          const second = await startJdbcTask(config(mode, more), offsets)
          for (let poll = 0; poll < 60 && new Set(read).size < LINES.length; poll++) {
            read.push(...linesOf(await second.poll()))
          }
          await second.stop()
          assert.deepEqual(sorted(read), sorted(LINES), `after ${polls} batches`)
          const again = read.filter((line, at) => read.indexOf(line) < at)
          const orders = new Set(again.map((line) => line.split('-')[0]))
          if (mode !== 'timestamp') assert.ok(orders.size <= 1, again.join())
        }
      })
    }

    it(`I6: ${mode}: none is lost when the session breaks between any two of them`, async () => {
      for (const polls of [1, 3, 6]) {
        const task = await startJdbcTask(config(mode))
        const read: string[] = []
        for (let poll = 0; poll < 100 && read.length < polls * 2; poll++) {
          read.push(...linesOf(await task.poll()))
        }
        for (const pid of await db.sessions()) await db.exec(`SELECT pg_terminate_backend(${pid})`)
        await until(async () => {
          read.push(...linesOf(await task.poll()))
          return read.includes('3-1')
        }, 'the last line came')
        await task.stop()
        assert.deepEqual(sorted(read), sorted(LINES), `after ${polls} polls`)
      }
    })
  }

  it('I6: each comes once when other tables have their turn between them', async () => {
    const plugin: SourceConnectorPlugin = {
      ...jdbcSourcePlugin,
      createTask: (...given) => new JdbcSourceTask(jdbcSourceConfig, ...given, fastClock)
    }
    const { query: _, ...rest } = config('incrementing')
    const settings = {
      ...rest,
      'table.whitelist': 'order_lines,others',
      'table.types': 'TABLE,VIEW'
    }
    const task = await startJdbcTask(
      { ...settings, 'validate.non.null': 'false' },
      new StoredOffsets(),
      plugin
    )
    const read: string[] = []
    await until(async () => {
      read.push(...linesOf(await task.poll()))
      return read.includes('3-1')
    }, 'the last line came')
    await task.stop()
    assert.deepEqual(read, LINES)
  })

  it('a record carries its own position only when it is the last there', async () => {
    const task = await startJdbcTask(config('incrementing'))
    const records = await task.read(LINES.length)
    await task.stop()
    assert.deepEqual(
      records.map(({ sourceOffset }) => encodedOffset(sourceOffset)?.['incrementing'] ?? null),
      [null, 1, ...Array.from({ length: 19 }, () => 1), 2, 3]
    )
  })
})
