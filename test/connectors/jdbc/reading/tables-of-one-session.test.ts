import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Config,
  fields,
  type RunningTask,
  startJdbcTask,
  StoredOffsets
} from '../../../support/jdbc-source.ts'
import { createMysqlDatabase, type TestDatabase } from '../../../support/mysql-database.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'
import { until } from '../../../support/until.ts'

/** Ids from `first` on, `count` of them, each `step` behind the one before. */
function ids(first: number, count: number, step: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index * step)
}

/** I8: a query of one table that was not read to its end keeps no other table from being read. */
function suite(name: string, create: () => Promise<TestDatabase>): void {
  describe(`${name}: several tables over one session`, () => {
    let db: TestDatabase
    let made = 0
    before(async () => {
      db = await create()
    })
    after(() => db.close())

    async function twoTables(): Promise<{ a: string; b: string; config: Config }> {
      made += 1
      const [a, b] = [`a${made}`, `b${made}`]
      for (const table of [a, b]) {
        await db.exec(`CREATE TABLE ${table} (id BIGINT PRIMARY KEY, v VARCHAR(20) NOT NULL)`)
        await db.exec(`INSERT INTO ${table} VALUES (1, 'x')`)
      }
      const config = {
        ...db.config,
        'topic.prefix': 'x-',
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        'poll.interval.ms': '20',
        'table.whitelist': `${a},${b}`
      }
      return { a, b, config }
    }
    async function insert(table: string, rows: readonly number[], exec = db.exec): Promise<void> {
      for (let from = 0; from < rows.length; from += 1000) {
        const values = rows.slice(from, from + 1000).map((id) => `(${id}, 'x')`)
        await exec(`INSERT INTO ${table} VALUES ${values.join(',')}`)
      }
    }
    /**
     * Polls until every one of these rows has come, and answers the ids of each table in the order they came.
     */
    async function readAll(
      task: RunningTask,
      wanted: Readonly<Record<string, readonly number[]>>,
      offsets: StoredOffsets
    ): Promise<void> {
      const come = new Map<string, unknown[]>()
      await until(
        async () => {
          const records = await task.poll()
          offsets.commit(records)
          for (const record of records) {
            const table = record.topic.slice('x-'.length)
            come.set(table, [...(come.get(table) ?? []), ...fields([record], 'id')])
          }
          return Object.entries(wanted).every(
            ([table, rows]) => (come.get(table)?.length ?? 0) >= rows.length
          )
        },
        `the rows of ${Object.keys(wanted).join(' and ')} came`
      )
      for (const [table, rows] of Object.entries(wanted)) assert.deepEqual(come.get(table), rows)
    }
    /** Both tables were read once, and their offsets stored. */
    async function readOnce(config: Config, a: string, b: string): Promise<StoredOffsets> {
      const offsets = new StoredOffsets()
      const task = await startJdbcTask(config, offsets)
      await readAll(task, { [a]: [1], [b]: [1] }, offsets)
      await task.stop()
      return offsets
    }

    for (const count of [1, 120, 600, 2000, 5000]) {
      it(`I8: goes on after a stop with a backlog of ${count} rows whose ids have gaps`, async () => {
        const { a, b, config } = await twoTables()
        const offsets = await readOnce(config, a, b)
        const [more, others] = [ids(301, count, 2), ids(7, 3, 5)]
        await insert(a, more)
        await insert(b, others)
        const task = await startJdbcTask(config, offsets)
        try {
          await readAll(task, { [a]: more, [b]: others }, offsets)
          await insert(b, [100])
          await readAll(task, { [b]: [100] }, offsets)
          // A guarantee that sank on the way would be a condition.
          assert.deepEqual(task.conditions, [])
        } finally {
          await task.stop()
        }
      })
    }

    it('I8: goes on when bursts whose ids have gaps are committed while it runs', async () => {
      const { a, b, config } = await twoTables()
      const offsets = new StoredOffsets()
      const task = await startJdbcTask(config, offsets)
      try {
        await readAll(task, { [a]: [1], [b]: [1] }, offsets)
        for (let burst = 1; burst <= 3; burst++) {
          const rows = ids(burst * 100_000, 5000, 2)
          await insert(a, rows)
          await insert(b, [burst * 10])
          await readAll(task, { [a]: rows, [b]: [burst * 10] }, offsets)
        }
        assert.deepEqual(task.conditions, [])
      } finally {
        await task.stop()
      }
    })

    it('I8: goes on with contiguous ids behind a transaction that is still open', async () => {
      const { a, b, config } = await twoTables()
      const offsets = await readOnce(config, a, b)
      const other = await db.connect()
      await other('BEGIN', `INSERT INTO ${a} VALUES (2, 'x')`)
      await insert(a, ids(3, 3000, 1))
      const task = await startJdbcTask(config, offsets)
      try {
        await insert(b, [2, 3])
        await readAll(task, { [b]: [2, 3] }, offsets)
        await other('COMMIT')
        await readAll(task, { [a]: ids(2, 3001, 1) }, offsets)
        await insert(b, [4])
        await readAll(task, { [b]: [4] }, offsets)
        assert.deepEqual(task.conditions, [])
      } finally {
        await other('ROLLBACK')
        await task.stop()
      }
    })

    it('I6: a row that commits late comes, though another table was left at a gap before', async () => {
      const { a, b, config } = await twoTables()
      const offsets = await readOnce(config, a, b)
      await insert(a, [201])
      const task = await startJdbcTask(
        { ...config, 'late.commit.window.ms': '500', 'late.commit.max.wait.ms': '300' },
        offsets
      )
      try {
        await readAll(task, { [a]: [201] }, offsets)
        const late = await db.connect()
        await late('BEGIN', `INSERT INTO ${b} VALUES (20, 'x')`)
        await insert(b, [21])
        await readAll(task, { [b]: [21] }, offsets)
        const left = performance.now() + 1500
        await until(async () => {
          offsets.commit(await task.poll())
          return performance.now() > left
        }, 'the window has passed')
        await late('COMMIT')
        await readAll(task, { [b]: [20] }, offsets)
      } finally {
        await task.stop()
      }
    })
  })
}

suite('PostgreSQL', createPostgresDatabase)
suite('MariaDB', createMysqlDatabase)
