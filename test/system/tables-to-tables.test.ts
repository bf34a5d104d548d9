import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connectRest } from '../support/connect-rest.ts'
import { uniqueName } from '../support/environment.ts'
import { createMysqlDatabase, type TestDatabase } from '../support/mysql-database.ts'
import { createPostgresDatabase } from '../support/postgres-database.ts'
import { until } from '../support/until.ts'
import { MORTAL, startWorkerProcess } from '../support/worker-process.ts'

const JDBC = 'io.confluent.connect.jdbc.Jdbc'
const COLUMNS = 'id, amount, note, at, data'

function suite(name: string, create: () => Promise<TestDatabase>, types: readonly string[]): void {
  describe(`${name}: from a table through a topic into a table`, () => {
    it('the copy equals the original, though the worker is killed twice', {
      timeout: 280_000
    }, async (t) => {
      const db = await create()
      t.after(() => db.close())
      const [amount = '', at = '', bytes = ''] = types
      await db.exec(
        `CREATE TABLE orders (id BIGINT PRIMARY KEY, amount ${amount} NOT NULL, note VARCHAR(40), at ${at} NOT NULL, data ${bytes})`
      )
      let rows = 0
      const insert = async (count: number): Promise<void> => {
        const values = Array.from({ length: count }, () => {
          rows += 1
          const note = rows % 5 === 0 ? 'NULL' : `'größer ''${rows}'`
          const data = name === 'PostgreSQL' ? `'\\x00ff${rows % 10}0'` : `X'00FF${rows % 10}0'`
          const second = String(rows % 60).padStart(2, '0')
          return `(${rows}, ${rows}.25, ${note}, '2026-11-29 08:15:${second}.123', ${data})`
        })
        await db.exec(`INSERT INTO orders VALUES ${values.join(', ')}`)
      }
      await insert(500)
      const group = uniqueName('tables')
      const properties = { 'group.id': group, 'offset.flush.interval.ms': '200', ...MORTAL }
      const start = async () => {
        const started = await startWorkerProcess({ properties })
        t.after(() => started.kill())
        return started
      }
      let worker = await start()
      await connectRest(worker.url).put('/connectors/out/config', {
        ...db.config,
        'connector.class': `${JDBC}SourceConnector`,
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        'table.whitelist': 'orders',
        'topic.prefix': `${group}-`,
        'key.columns': 'id',
        'numeric.mapping': 'none',
        'poll.interval.ms': '20'
      })
      await connectRest(worker.url).put('/connectors/in/config', {
        ...db.config,
        'connector.class': `${JDBC}SinkConnector`,
        topics: `${group}-orders`,
        'table.name.format': 'orders_copy',
        'insert.mode': 'upsert',
        'pk.mode': 'record_key',
        'pk.fields': 'id',
        'auto.create': 'true',
        'consumer.override.auto.offset.reset': 'earliest',
        // So long the group waits for a member that was killed.
        'consumer.override.session.timeout.ms': '8000',
        'consumer.override.heartbeat.interval.ms': '1000',
        'tasks.max': '1'
      })
      const count = async (): Promise<number> => {
        const [counted] = await db.exec('SELECT COUNT(*) AS n FROM orders_copy')
        return Number(counted?.['n'])
      }
      await until(async () => (await count()) === rows, 'the first rows are copied')
      for (let kills = 0; kills < 2; kills++) {
        const writing = insert(2000)
        await worker.kill()
        await writing
        worker = await start()
        await until(async () => (await count()) === rows, `all ${rows} rows are copied`)
      }
      const all = (table: string) => db.exec(`SELECT ${COLUMNS} FROM ${table} ORDER BY id`)
      assert.deepEqual(await all('orders_copy'), await all('orders'))
      assert.equal(await connectRest(worker.url).state('in'), 'RUNNING RUNNING')
      assert.equal(await worker.stop(), 0)
    })
  })
}

suite('PostgreSQL', createPostgresDatabase, ['NUMERIC(12,2)', 'TIMESTAMP(3)', 'BYTEA'])
suite('MariaDB', createMysqlDatabase, ['DECIMAL(12,2)', 'DATETIME(3)', 'VARBINARY(20)'])
