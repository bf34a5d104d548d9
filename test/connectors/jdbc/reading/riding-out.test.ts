import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import {
  type Config,
  fields,
  type RunningTask,
  startJdbcTask,
  StoredOffsets
} from '../../../support/jdbc-source.ts'
import { createMysqlDatabase, type TestDatabase } from '../../../support/mysql-database.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'
import { sqliteShop } from '../../../support/sqlite-shop.ts'
import { until } from '../../../support/until.ts'

/** What differs between servers; `account` is the one of the connector. */
interface Server {
  create(): Promise<TestDatabase>
  createAccount(account: string, database: string): string[]
  dropAccount(account: string): string[]
  grant(table: string, account: string): string
  revoke(table: string, account: string): string
  password(account: string, password: string): string
  endSession(session: number): string
  readonly refusal: RegExp
  readonly wrongPassword: RegExp
}

function suite(name: string, server: Server): void {
  describe(`${name}: what was taken away and is given back`, () => {
    let db: TestDatabase
    let account = ''
    let made = 0
    before(async () => {
      db = await server.create()
      account = `r${db.name}`
      await db.exec(...server.createAccount(account, db.name))
    })
    after(async () => {
      await db.exec(...server.dropAccount(account))
      await db.close()
    })

    async function table(...ids: number[]): Promise<string> {
      made += 1
      const table = `t${made}`
      await db.exec(`CREATE TABLE ${table} (id BIGINT PRIMARY KEY, v VARCHAR(20))`)
      await db.exec(server.grant(table, account))
      await insert(table, ...ids)
      return table
    }
    async function insert(table: string, ...ids: number[]): Promise<void> {
      for (const id of ids) await db.exec(`INSERT INTO ${table} (id) VALUES (${id})`)
    }
    const config = (tables: string, more: Config = {}): Config => ({
      ...db.config,
      'connection.user': account,
      'connection.password': 'first',
      'connection.backoff.ms': '50',
      'topic.prefix': 'x-',
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'poll.interval.ms': '20',
      ...(tables === '' ? {} : { 'table.whitelist': tables }),
      ...more
    })
    async function start(
      t: TestContext,
      settings: Config,
      offsets = new StoredOffsets()
    ): Promise<RunningTask> {
      const task = await startJdbcTask(settings, offsets)
      t.after(() => task.stop())
      return task
    }
    /** Polls, which fails for nobody, until the status says this. */
    async function says(task: RunningTask, what: RegExp): Promise<void> {
      await until(
        async () => {
          assert.deepEqual(await task.poll(), [])
          return what.test(task.conditions.at(-1) ?? '')
        },
        `the status says ${String(what)}`
      )
    }
    const because = (table: string, why: RegExp): RegExp =>
      new RegExp(`Retrying \\(\\d+\\): table .*\\b${table}: .*${why.source}`, 'is')

    it('I6: a right that is missing at the first read of a table is waited for, and others are read', async (t) => {
      const [closed, open] = [await table(1), await table(1)]
      const task = await start(t, config(`${closed},${open}`))
      await db.exec(server.revoke(closed, account))
      assert.deepEqual(
        (await task.read(1)).map(({ topic }) => topic),
        [`x-${open}`]
      )
      await says(task, because(closed, server.refusal))
      await insert(open, 2)
      assert.deepEqual(fields(await task.read(1), 'id'), [2])
      await db.exec(server.grant(closed, account))
      assert.deepEqual(fields(await task.read(1), 'id'), [1])
      assert.equal(task.conditions.at(-1), null)
    })

    it('I6: a table that is renamed away before its first read is waited for', async (t) => {
      const away = await table(1, 2)
      const task = await start(t, config(away))
      await db.exec(`ALTER TABLE ${away} RENAME TO ${away}_away`)
      await says(task, because(away, /does\s?n.t exist|does not exist/))
      await db.exec(`ALTER TABLE ${away}_away RENAME TO ${away}`)
      assert.deepEqual(fields(await task.read(2), 'id'), [1, 2])
      assert.equal(task.conditions.at(-1), null)
    })

    for (const [what, broken, mend] of [
      [
        'a right',
        (of: string) => server.revoke(of, account),
        (of: string) => server.grant(of, account)
      ],
      [
        'a table',
        (of: string) => `ALTER TABLE ${of} RENAME TO ${of}_away`,
        (of: string) => `ALTER TABLE ${of}_away RENAME TO ${of}`
      ],
      [
        'a column',
        (of: string) => `ALTER TABLE ${of} RENAME COLUMN v TO w`,
        (of: string) => `ALTER TABLE ${of} RENAME COLUMN w TO v`
      ]
    ] as const) {
      it(`${what} that a query lacks from the start on is waited for, and named`, async (t) => {
        const of = await table(1)
        await db.exec(broken(of))
        const task = await start(t, config('', { query: `SELECT id, v FROM ${of}` }))
        await says(task, /Retrying \(\d+\): the query: /)
        await db.exec(mend(of))
        assert.deepEqual(fields(await task.read(1), 'id'), [1])
        assert.equal(task.conditions.at(-1), null)
      })
    }

    it('what no right, table or column mends fails the task at its start', async () => {
      const of = await table(1)
      await assert.rejects(
        startJdbcTask(config('', { query: `SELECT id FROM ${of} GROUP SIDEWAYS` })),
        /the query: /
      )
      await assert.rejects(
        startJdbcTask(config(of, { 'incrementing.column.name': 'nosuch' })),
        /Incrementing column: nosuch does not exist/
      )
    })

    it('query.retry.attempts limits the wait, from the first read on', async (t) => {
      const closed = await table(1)
      const task = await start(t, config(closed, { 'query.retry.attempts': '2' }))
      await db.exec(server.revoke(closed, account))
      await assert.rejects(
        async () => {
          for (let polls = 0; polls < 500; polls++) await task.poll()
        },
        new RegExp(`Failed to query table after retries: table .*${closed}`)
      )
    })

    it('I6: a right that is revoked while it runs is waited for, and no row is lost or repeated', async (t) => {
      const of = await table(1)
      const offsets = new StoredOffsets()
      const task = await start(t, config(of), offsets)
      assert.deepEqual(fields(await task.read(1), 'id'), [1])
      await db.exec(server.revoke(of, account))
      await insert(of, 2, 3)
      await says(task, because(of, server.refusal))
      await db.exec(server.grant(of, account))
      assert.deepEqual(fields(await task.read(2), 'id'), [2, 3])
      assert.equal(task.conditions.at(-1), null)
    })

    it('I6: the column of ids is renamed while it runs, and back: it is waited for and named', async (t) => {
      const of = await table(1)
      const task = await start(t, config(of))
      assert.deepEqual(fields(await task.read(1), 'id'), [1])
      await db.exec(`ALTER TABLE ${of} RENAME COLUMN id TO number`)
      await db.exec(`INSERT INTO ${of} (number) VALUES (2)`)
      await says(task, because(of, /\bid\b/))
      await db.exec(`ALTER TABLE ${of} RENAME COLUMN number TO id`)
      assert.deepEqual(fields(await task.read(1), 'id'), [2])
      assert.equal(task.conditions.at(-1), null)
    })

    it('another column that is renamed while it runs changes the schema, and costs nothing', async (t) => {
      const of = await table(1)
      const task = await start(t, config(of))
      const [first] = await task.read(1)
      await db.exec(`ALTER TABLE ${of} RENAME COLUMN v TO w`)
      await insert(of, 2)
      const [second] = await task.read(1)
      assert.notEqual(first?.valueSchema?.field('v'), undefined)
      assert.equal(second?.valueSchema?.field('v'), undefined)
      assert.notEqual(second?.valueSchema?.field('w'), undefined)
      assert.deepEqual(task.conditions, [])
    })

    it('I6: a password that is rotated while it runs is waited for; the session that is open goes on', async (t) => {
      const of = await table(1)
      const task = await start(t, config(of, { 'connection.attempts': '2' }))
      assert.deepEqual(fields(await task.read(1), 'id'), [1])
      await db.exec(server.password(account, 'second'))
      await insert(of, 2)
      assert.deepEqual(fields(await task.read(1), 'id'), [2])
      for (const session of await db.sessions()) await db.exec(server.endSession(session))
      await insert(of, 3)
      await says(task, server.wrongPassword)
      await db.exec(server.password(account, 'first'))
      assert.deepEqual(fields(await task.read(1, 30_000), 'id'), [3])
      assert.equal(task.conditions.at(-1), null)
    })
  })
}

suite('PostgreSQL', {
  create: createPostgresDatabase,
  createAccount: (account) => [
    `CREATE ROLE ${account} LOGIN PASSWORD 'first'`,
    // It sees open transactions.
    `GRANT pg_monitor TO ${account}`
  ],
  dropAccount: (account) => [`DROP OWNED BY ${account}`, `DROP ROLE ${account}`],
  grant: (table, account) => `GRANT SELECT ON ${table} TO ${account}`,
  revoke: (table, account) => `REVOKE SELECT ON ${table} FROM ${account}`,
  password: (account, password) => `ALTER ROLE ${account} PASSWORD '${password}'`,
  endSession: (session) => `SELECT pg_terminate_backend(${session})`,
  refusal: /permission denied/,
  wrongPassword: /password authentication failed/
})

suite('MariaDB', {
  create: createMysqlDatabase,
  createAccount: (account, database) => [
    `CREATE USER '${account}'@'%' IDENTIFIED BY 'first'`,
    // It sees open transactions.
    `GRANT PROCESS ON *.* TO '${account}'@'%'`,
    // Without any right to the database the session could not begin in it.
    `GRANT CREATE TEMPORARY TABLES ON ${database}.* TO '${account}'@'%'`
  ],
  dropAccount: (account) => [`DROP USER '${account}'@'%'`],
  grant: (table, account) => `GRANT SELECT ON ${table} TO '${account}'@'%'`,
  revoke: (table, account) => `REVOKE SELECT ON ${table} FROM '${account}'@'%'`,
  password: (account, password) => `ALTER USER '${account}'@'%' IDENTIFIED BY '${password}'`,
  endSession: (session) => `KILL ${session}`,
  refusal: /denied|does not exist/,
  wrongPassword: /Access denied/
})

describe('SQLite: what was taken away and is given back', () => {
  for (const [what, statement, mend] of [
    ['table', 'SELECT id FROM b', 'ALTER TABLE a RENAME TO b'],
    ['column', 'SELECT id, w FROM a', 'ALTER TABLE a RENAME COLUMN v TO w']
  ] as const) {
    it(`a ${what} that a query lacks from the start on is waited for, and named`, async (t) => {
      const shop = sqliteShop(
        'CREATE TABLE a (id INTEGER PRIMARY KEY, v); INSERT INTO a VALUES (1, 2)'
      )
      t.after(() => shop.close())
      const task = await startJdbcTask({ ...shop.config, query: statement })
      t.after(() => task.stop())
      await until(async () => {
        assert.deepEqual(await task.poll(), [])
        return /Retrying \([2-9]\): the query: .*no such/.test(task.conditions.at(-1) ?? '')
      }, 'it is named')
      shop.database.exec(mend)
      assert.deepEqual(fields(await task.read(1), 'id'), [1])
      assert.equal(task.conditions.at(-1), null)
    })
  }
})
