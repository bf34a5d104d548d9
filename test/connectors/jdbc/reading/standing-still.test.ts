import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type Clock, systemClock } from '../../../../src/clock.ts'
import { jdbcSourceConfig } from '../../../../src/connectors/jdbc/settings/source-config.ts'
import { jdbcSourcePlugin } from '../../../../src/connectors/jdbc/source/source-plugins.ts'
import { JdbcSourceTask } from '../../../../src/connectors/jdbc/source/source-task.ts'
import type { SourceRecord } from '../../../../src/data/record.ts'
import type { SourceConnectorPlugin } from '../../../../src/plugin/source.ts'
import { uniqueName } from '../../../support/environment.ts'
import {
  type Config,
  fields,
  type RunningTask,
  startJdbcTask,
  StoredOffsets
} from '../../../support/jdbc-source.ts'
import { createMysqlDatabase, type TestDatabase } from '../../../support/mysql-database.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'
import { startDatabaseProxy, type TcpProxy } from '../../../support/tcp-proxy.ts'
import { until } from '../../../support/until.ts'

/** Time that passes so many times as fast. */
function fastPlugin(times: number): SourceConnectorPlugin {
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => performance.now() * times,
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal)
  }
  return {
    ...jdbcSourcePlugin,
    createTask: (...given) => new JdbcSourceTask(jdbcSourceConfig, ...given, clock)
  }
}

interface Server {
  create(): Promise<TestDatabase>
  /** Takes a lock for itself that readers wait for, and gives it back. */
  lock(table: string): string
  readonly unlock: readonly string[]
  readonly end: (session: number) => string
  /** A query that answers a row every fifth of a second, for so many seconds. */
  readonly slow: string
  /** Sessions that run a statement. */
  readonly busy: string
}

function suite(name: string, server: Server): void {
  describe(`${name}: a task that stands still`, () => {
    let db: TestDatabase
    let made = 0
    before(async () => {
      db = await server.create()
    })
    after(() => db.close())

    async function table(rows = 1): Promise<string> {
      made += 1
      const table = `s${made}`
      await db.exec(`CREATE TABLE ${table} (id BIGINT PRIMARY KEY, v VARCHAR(1000) NOT NULL)`)
      await insert(table, ...Array.from({ length: rows }, (_, index) => index + 1))
      return table
    }
    async function insert(table: string, ...ids: number[]): Promise<void> {
      for (let from = 0; from < ids.length; from += 1000) {
        const values = ids.slice(from, from + 1000).map((id) => `(${id}, 'x')`)
        await db.exec(`INSERT INTO ${table} VALUES ${values.join(',')}`)
      }
    }
    const config = (tables: string, more: Config = {}): Config => ({
      ...db.config,
      'topic.prefix': 'x-',
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'poll.interval.ms': '20',
      'table.whitelist': tables,
      ...more
    })
    async function start(
      t: TestContext,
      settings: Config,
      plugin?: SourceConnectorPlugin,
      offsets = new StoredOffsets()
    ): Promise<RunningTask> {
      const task = await startJdbcTask(settings, offsets, plugin)
      t.after(() => task.stop())
      return task
    }
    /** Polls until a record of this topic has come, and answers all that came. */
    async function readUntil(
      task: RunningTask,
      table: string,
      id: number
    ): Promise<SourceRecord[]> {
      const all: SourceRecord[] = []
      await until(async () => {
        for (let polls = 0; polls < 100; polls++) {
          const records = await task.poll()
          all.push(...records)
          const wanted = records.filter(({ topic }) => topic === `x-${table}`)
          if (fields(wanted, 'id').includes(id)) return true
          if (records.length === 0) return false
        }
        return false
      }, `row ${id} of ${table} came`)
      return all
    }
    /** Through a proxy that can be stalled. */
    async function proxied(t: TestContext, settings: Config): Promise<[TcpProxy, Config]> {
      const url = settings['connection.url'] ?? ''
      const [, host = ''] = /\/\/([^/]+)\//.exec(url) ?? []
      const proxy = await startDatabaseProxy(host)
      t.after(() => proxy.close())
      return [proxy, { ...settings, 'connection.url': url.replace(host, proxy.address) }]
    }

    it('I8: a lock that is held for long delays its own table alone, and is named', async (t) => {
      const [a, b] = [await table(), await table()]
      const task = await start(t, config(`${a},${b}`, { 'lock.wait.max.ms': '1000' }))
      await readUntil(task, b, 1)
      const other = await db.connect()
      await other(server.lock(a))
      try {
        await until(async () => {
          await task.poll()
          return new RegExp(`Retrying.*${a}.*lock`, 'is').test(task.conditions.at(-1) ?? '')
        }, 'the lock is a condition')
        await insert(b, 2)
        await readUntil(task, b, 2)
      } finally {
        await other(...server.unlock)
      }
      await insert(a, 2)
      await readUntil(task, a, 2)
      assert.equal(task.conditions.at(-1), null)
    })

    it('I8: while a poll waits without end the status names table, statement and since when; then the session is replaced', async (t) => {
      const a = await table()
      const task = await start(
        t,
        config(a, {
          'lock.wait.max.ms': '0',
          'stall.report.ms': '300',
          'stall.reconnect.ms': '3000'
        })
      )
      await readUntil(task, a, 1)
      const other = await db.connect()
      await other(server.lock(a))
      const before = await db.sessions()
      const began = Date.now()
      const polls = (async () => {
        let done = false
        while (!done) {
          await task.poll()
          done = task.conditions.some((text) => /the session was given up/.test(text ?? ''))
        }
      })()
      const text = await until(
        () => task.conditions.find((condition) => /has not answered since/.test(condition ?? '')),
        'the wait is a condition'
      )
      assert.match(
        text,
        new RegExp(
          `^table .*${a}: the database has not answered since \\S+Z when asked for .*: SELECT \\* FROM .*${a}`
        )
      )
      const [since = ''] = /\d{4}-\S+Z/.exec(text) ?? []
      assert.ok(Math.abs(Date.parse(since) - began) < 20_000, since)
      await polls
      await other(...server.unlock)
      await insert(a, 2)
      await readUntil(task, a, 2)
      assert.equal(task.conditions.at(-1), null)
      const sessions = await db.sessions()
      assert.ok(sessions.some((session) => !before.includes(session)))
    })

    it('I8: a network that forwards nothing any more is said, and a session opened anew when it works again', async (t) => {
      const a = await table()
      const [proxy, settings] = await proxied(
        t,
        config(a, { 'stall.report.ms': '300', 'stall.reconnect.ms': '1500' })
      )
      const task = await start(t, settings)
      await readUntil(task, a, 1)
      proxy.stall()
      const polling = readUntil(task, a, 2)
      await until(
        () => task.conditions.some((text) => /has not answered since/.test(text ?? '')),
        'the silence is a condition'
      )
      proxy.breakConnections()
      proxy.resume()
      await insert(a, 2)
      await polling
      assert.equal(task.conditions.at(-1), null)
    })

    it('I8: rows that come slowly are signs of life', async (t) => {
      const task = await start(t, {
        ...config('', {}),
        mode: 'bulk',
        query: server.slow,
        'batch.max.rows': '1',
        'stall.report.ms': '1500',
        'stall.reconnect.ms': '2500'
      })
      let rows = 0
      await until(async () => {
        rows += (await task.poll()).length
        return rows >= 20
      }, 'all rows came')
      assert.deepEqual(task.conditions, [])
    })

    for (const mode of ['bulk', 'incrementing']) {
      it(`I8: mode ${mode}: a query is not left open while its connector is paused`, async (t) => {
        const a = await table(20_000)
        const task = await start(t, config(a, { mode, 'batch.max.rows': '10' }), fastPlugin(20))
        const first = await task.read(500)
        task.paused()
        await until(async () => (await db.exec(server.busy)).length === 0, 'the query is over')
        await db.exec(`ALTER TABLE ${a} ADD COLUMN more VARCHAR(10)`)
        const rest = await readUntil(task, a, 20_000)
        const ids = [...fields(first, 'id'), ...fields(rest, 'id')]
        assert.deepEqual(new Set(ids).size, 20_000)
        if (mode === 'incrementing') assert.equal(ids.length, 20_000)
      })
    }

    it('one lost session is replaced at once, whatever the poll interval is', async (t) => {
      const [fast, slow] = [await table(), await table()]
      const task = await start(
        t,
        config(`${fast},${slow}`, {
          'poll.interval.ms': '3600000',
          'table.settings': 'f',
          'table.settings.f.tables': fast,
          'table.settings.f.poll.interval.ms': '50'
        })
      )
      await readUntil(task, slow, 1)
      for (const session of await db.sessions()) await db.exec(server.end(session))
      await insert(fast, 2)
      await readUntil(task, fast, 2)
      await until(async () => {
        await task.poll()
        return (task.conditions.at(-1) ?? null) === null
      }, 'nothing is amiss any more')
    })
  })
}

suite('PostgreSQL', {
  create: createPostgresDatabase,
  lock: (table) => `BEGIN; LOCK TABLE ${table}`,
  unlock: ['ROLLBACK'],
  end: (session) => `SELECT pg_terminate_backend(${session})`,
  slow: 'SELECT i AS id, pg_sleep(0.2)::text AS v FROM generate_series(1, 20) AS i',
  busy: `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'`
})

suite('MariaDB', {
  create: createMysqlDatabase,
  lock: (table) => `LOCK TABLES ${table} WRITE`,
  unlock: ['UNLOCK TABLES'],
  end: (session) => `KILL ${session}`,
  slow: "SELECT seq AS id, SLEEP(0.2) AS v, REPEAT('x', 20000) AS wide FROM seq_1_to_20",
  busy: `SELECT 1 AS busy FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command <> 'Sleep'`
})

describe('PostgreSQL: sessions that end while they are idle', () => {
  it('cost no poll', async (t) => {
    const db = await createPostgresDatabase()
    t.after(() => db.close())
    const role = uniqueName('idle').replaceAll('-', '_')
    await db.exec(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'`,
      `ALTER ROLE ${role} SET idle_session_timeout = '300ms'`,
      'CREATE TABLE small (id int)',
      'INSERT INTO small VALUES (1)',
      `GRANT SELECT ON small TO ${role}`
    )
    const task = await startJdbcTask({
      ...db.config,
      'connection.user': role,
      'connection.password': 'x',
      'topic.prefix': 'x-',
      mode: 'bulk',
      'table.whitelist': 'small',
      'poll.interval.ms': '1200'
    })
    assert.equal((await task.read(4)).length, 4)
    await task.stop()
    assert.deepEqual(task.conditions, [])
    await db.exec(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`)
  })
})

describe('MariaDB: sessions that end while they are idle', () => {
  it('cost no poll', async (t) => {
    const db = await createMysqlDatabase()
    t.after(() => db.close())
    await db.exec('CREATE TABLE small (id int)', 'INSERT INTO small VALUES (1)')
    const task = await startJdbcTask({
      ...db.config,
      'connection.url': `${db.config['connection.url']}?sessionVariables=wait_timeout=1`,
      'topic.prefix': 'x-',
      mode: 'bulk',
      'table.whitelist': 'small',
      'poll.interval.ms': '2500'
    })
    assert.equal((await task.read(3, 15_000)).length, 3)
    await task.stop()
    assert.deepEqual(task.conditions, [])
  })
})
