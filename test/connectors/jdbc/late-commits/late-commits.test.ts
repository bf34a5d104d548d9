import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { mysqlUrl, postgresUrl, uniqueName } from '../../../support/environment.ts'
import { fields, startJdbcTask, StoredOffsets } from '../../../support/jdbc-source.ts'
import {
  type LateCommitDatabase,
  lateCommitSuite,
  type Writer
} from '../../../support/late-commit-suite.ts'
import { createMysqlDatabase, type MysqlDatabase } from '../../../support/mysql-database.ts'

/** Sends statements in a transaction of its own. */
function writerOf(run: (sql: string) => Promise<unknown>): Writer {
  let open = false
  const end = async (sql: string): Promise<void> => {
    if (open) await run(sql)
    open = false
  }
  return {
    async run(sql) {
      if (!open) await run('BEGIN')
      open = true
      await run(sql)
    },
    commit: () => end('COMMIT'),
    rollback: () => end('ROLLBACK')
  }
}

const insert = (name: string, value: number): string => `INSERT INTO ${name} (v) VALUES (${value})`
const columns = { id: 'id', ts: 'ts', value: 'v' }

lateCommitSuite('PostgreSQL', async (): Promise<LateCommitDatabase> => {
  const url = new URL(postgresUrl())
  // A database of its own: transactions in others are not waited for.
  const name = uniqueName('late').replaceAll('-', '_')
  const admin = new pg.Client(postgresUrl())
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  const own = new URL(postgresUrl())
  own.pathname = `/${name}`
  const clients: pg.Client[] = []
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client(own.toString())
    await client.connect()
    clients.push(client)
    return client
  }
  const first = await connect()
  return {
    config: {
      'connection.url': `jdbc:postgresql://${url.host}/${name}`,
      'connection.user': url.username,
      'connection.password': url.password
    },
    columns,
    insert,
    update: (table, value, from) =>
      `UPDATE ${table} SET v = ${value}, ts = clock_timestamp() WHERE v = ${from}`,
    async createTable(table) {
      await first.query(
        `CREATE TABLE ${table} (id bigserial PRIMARY KEY, ts timestamptz NOT NULL DEFAULT now(), v int NOT NULL)`
      )
    },
    async rows(table) {
      const { rows } = await first.query<{ id: string; v: number }>(`SELECT id, v FROM ${table}`)
      return new Map(rows.map(({ id, v }) => [Number(id), v]))
    },
    async writer() {
      const client = await connect()
      return writerOf((sql) => client.query(sql))
    },
    async close() {
      for (const client of clients) await client.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    }
  }
})

lateCommitSuite('MariaDB', async (): Promise<LateCommitDatabase> => {
  const db = await createMysqlDatabase()
  const sessions: mysql.Connection[] = []
  return {
    config: db.config,
    columns,
    insert,
    update: (table, value, from) =>
      `UPDATE ${table} SET v = ${value}, ts = CURRENT_TIMESTAMP(6) WHERE v = ${from}`,
    async createTable(table) {
      // The index keeps an update from locking the rows of others.
      await db.exec(
        `CREATE TABLE ${table} (id bigint AUTO_INCREMENT PRIMARY KEY, ts timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), v int NOT NULL, KEY (v))`
      )
    },
    async rows(table) {
      const rows = await db.exec(`SELECT id, v FROM ${table}`)
      return new Map(rows.map(({ id, v }) => [Number(id), Number(v)]))
    },
    async writer() {
      const session = await mysql.createConnection({ uri: mysqlUrl(), database: db.name })
      await session.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
      sessions.push(session)
      return writerOf((sql) => session.query(sql))
    },
    async close() {
      for (const session of sessions) await session.end()
      await db.close()
    }
  }
})

describe('late commits of a query', () => {
  const table = uniqueName('late').replaceAll('-', '_')
  const url = new URL(postgresUrl())
  let client: pg.Client
  let writer: pg.Client
  before(async () => {
    client = new pg.Client(postgresUrl())
    writer = new pg.Client(postgresUrl())
    await client.connect()
    await writer.connect()
  })
  after(async () => {
    await client.query(`DROP TABLE IF EXISTS ${table}`)
    await client.end()
    await writer.end()
  })
  const config = {
    'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
    'connection.user': url.username,
    'connection.password': url.password,
    'topic.prefix': 'late-query',
    'poll.interval.ms': '20',
    mode: 'incrementing',
    'incrementing.column.name': 'id'
  }

  for (const [how, query] of [
    ['with its condition behind it', `SELECT * FROM (SELECT id FROM ${table}) q`],
    [
      'with bounds in it, and a comment at its end',
      `WITH q AS (SELECT id FROM ${table} WHERE \${bounds}) SELECT * FROM q -- all`
    ],
    ['with a single bound in it', `SELECT id FROM ${table} WHERE id > \${incrementing.from}`]
  ] as const) {
    it(`I6: are found, ${how}`, async () => {
      await client.query(
        `DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (id int PRIMARY KEY)`
      )
      await writer.query(`BEGIN; INSERT INTO ${table} VALUES (1)`)
      await client.query(`INSERT INTO ${table} VALUES (2)`)
      const settings = { ...config, query, 'late.commit.max.wait.ms': '600' }
      const task = await startJdbcTask(settings)
      try {
        // Overtaken after a while, and found when it ends.
        assert.deepEqual(fields(await task.read(1), 'id'), [2])
        await writer.query('COMMIT')
        assert.deepEqual(fields(await task.read(1), 'id'), [1])
        const [facts] = task.progress().values()
        assert.equal(facts?.['late_commits'], 'transactions')
      } finally {
        await task.stop()
      }
    })
  }

  it('are nobody’s business where the query swallows conditions, which REST says', async () => {
    await client.query(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (id int PRIMARY KEY)`)
    await client.query(`INSERT INTO ${table} VALUES (1)`)
    const task = await startJdbcTask({ ...config, query: `SELECT id FROM ${table} --` })
    try {
      assert.deepEqual(fields((await task.read(1)).slice(0, 1), 'id'), [1])
      const [facts] = task.progress().values()
      assert.equal(facts?.['late_commits'], 'off')
      assert.match(String(facts['late_commits_why']), /swallows conditions/)
    } finally {
      await task.stop()
    }
  })
})

describe('who cannot see open transactions', () => {
  let db: MysqlDatabase
  const user = `u${process.pid}`
  before(async () => {
    db = await createMysqlDatabase()
    await db.exec(
      `CREATE USER ${user}@'%' IDENTIFIED BY 'p'`,
      `GRANT SELECT ON ${db.name}.* TO ${user}@'%'`,
      'CREATE TABLE t (id bigint AUTO_INCREMENT PRIMARY KEY)'
    )
  })
  after(async () => {
    await db.exec(`DROP USER ${user}@'%'`)
    await db.close()
  })

  it('I6: looks back, says why in its status, and finds a row that commits late', async () => {
    const writer = await mysql.createConnection({ uri: mysqlUrl(), database: db.name })
    await writer.query('BEGIN')
    await writer.query('INSERT INTO t VALUES ()')
    await db.exec('INSERT INTO t VALUES ()')
    const task = await startJdbcTask({
      ...db.config,
      'connection.user': user,
      'connection.password': 'p',
      'topic.prefix': 'x-',
      'poll.interval.ms': '20',
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'table.whitelist': 't'
    })
    try {
      assert.deepEqual(fields(await task.read(1), 'id'), [2])
      assert.match(
        String(task.conditions.at(-1)),
        /^table .+: late commits are found by looking back only: open transactions cannot be seen \(.*PROCESS/
      )
      await writer.query('COMMIT')
      assert.deepEqual(fields(await task.read(1), 'id'), [1])
      assert.deepEqual(await task.read(0), [], 'once')
    } finally {
      await task.stop()
      await writer.end()
    }
  })
})

describe('late commits in PostgreSQL', () => {
  const schema = uniqueName('guard').replaceAll('-', '_')
  const poor = `poor_${process.pid}`
  const url = new URL(postgresUrl())
  const clients: pg.Client[] = []
  let client: pg.Client
  const connect = async (): Promise<pg.Client> => {
    const own = new pg.Client(postgresUrl())
    await own.connect()
    await own.query(`SET search_path = ${schema}`)
    clients.push(own)
    return own
  }
  before(async () => {
    client = await connect()
    await client.query(
      `CREATE SCHEMA ${schema}; CREATE ROLE ${poor} LOGIN PASSWORD 'p'; GRANT USAGE ON SCHEMA ${schema} TO ${poor}; ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT ON TABLES TO ${poor}`
    )
  })
  after(async () => {
    await client.query(`DROP SCHEMA ${schema} CASCADE; DROP OWNED BY ${poor}; DROP ROLE ${poor}`)
    for (const each of clients) await each.end()
  })
  const config = (tables: string, mode: string): Record<string, string> => ({
    'connection.url': `jdbc:postgresql://${url.host}${url.pathname}`,
    'connection.user': url.username,
    'connection.password': url.password,
    'schema.pattern': schema,
    'table.whitelist': tables,
    'topic.prefix': 'guard-',
    'poll.interval.ms': '20',
    mode,
    ...(mode.includes('timestamp') ? { 'timestamp.column.name': 'ts' } : {}),
    ...(mode.includes('incrementing') ? { 'incrementing.column.name': 'id' } : {})
  })

  it('the largest id behind a position is asked of one range of the index', async () => {
    await client.query(`CREATE TABLE many (id bigint PRIMARY KEY, v text);
      INSERT INTO many SELECT 2 * g, 'x' FROM generate_series(1, 20000) g; ANALYZE many`)
    for (const sql of [
      `SELECT MAX("id") FROM "${schema}"."many" WHERE "id" > 39900`,
      `SELECT MAX("id") FROM (SELECT * FROM many WHERE v = 'x' AND ("id" > 39900)\n) late_commits`
    ]) {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`)
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      assert.match(plan, /Index Cond: .*id > 39900/, plan)
    }
  })

  it('I6: a gap in one table lowers nothing for the next: nobody is asked amid an open query', async () => {
    await client.query(`CREATE TABLE one (id bigint PRIMARY KEY); CREATE TABLE two (id bigint PRIMARY KEY);
      INSERT INTO one VALUES (1); INSERT INTO two VALUES (1)`)
    const offsets = new StoredOffsets()
    const first = await startJdbcTask(config('one,two', 'incrementing'), offsets)
    offsets.commit(await first.read(2))
    await first.stop()
    await client.query('INSERT INTO one SELECT 201 + 2 * g FROM generate_series(1, 150) g')
    await client.query('INSERT INTO two VALUES (201)')
    const task = await startJdbcTask(config('one,two', 'incrementing'), offsets)
    try {
      assert.equal((await task.read(151)).length, 151)
      const levels = [...task.progress().values()].map((facts) => facts['late_commits'])
      assert.deepEqual(levels, ['transactions', 'transactions'])
    } finally {
      await task.stop()
    }
  })

  it('I6: at a first load beside a transaction of unknown age nothing comes twice, and what it writes once', async () => {
    await client.query(`CREATE TABLE load (id bigserial PRIMARY KEY, ts timestamptz NOT NULL DEFAULT now());
      INSERT INTO load (ts) SELECT now() - interval '1 day' + g * interval '1 ms' FROM generate_series(1, 2000) g`)
    const other = await connect()
    await other.query('BEGIN; SELECT 1')
    const settings = {
      ...config('load', 'timestamp+incrementing'),
      'connection.user': poor,
      'connection.password': 'p',
      'late.commit.seen.max.keys': '100',
      'late.commit.max.wait.ms': '600'
    }
    const task = await startJdbcTask(settings)
    try {
      const loaded = await task.read(2000, 20_000)
      assert.equal(loaded.length, 2000)
      for (let row = 0; row < 3; row++) {
        await client.query('INSERT INTO load DEFAULT VALUES')
        assert.equal((await task.read(1)).length, 1)
      }
      // Its time is that of its beginning, which everything since has passed.
      await other.query('INSERT INTO load DEFAULT VALUES; COMMIT')
      assert.deepEqual(fields(await task.read(1), 'id'), [2004])
      assert.deepEqual(await task.read(0), [])
    } finally {
      await task.stop()
    }
  })

  it('ids in blocks are said in the status, and so is a zone that is not that of the columns', async () => {
    await client.query(`CREATE SEQUENCE blocks CACHE 10;
      CREATE TABLE blocked (id bigint PRIMARY KEY DEFAULT nextval('blocks'));
      CREATE TABLE west (ts timestamp NOT NULL); CREATE TABLE here (ts timestamp NOT NULL);
      INSERT INTO blocked DEFAULT VALUES;
      INSERT INTO west VALUES (now() AT TIME ZONE 'America/New_York'); INSERT INTO here VALUES (now() AT TIME ZONE 'UTC')`)
    for (const [table, mode, said] of [
      ['blocked', 'incrementing', /blocks hands out blocks of 10 ids to each session/],
      ['west', 'timestamp', /newest ts is [45] h behind .*db\.timezone \(UTC\)/],
      ['here', 'timestamp', null]
    ] as const) {
      const task = await startJdbcTask(config(table, mode))
      try {
        await task.read(1)
        const condition = task.conditions.at(-1) ?? null
        if (said === null) assert.equal(condition, null)
        else assert.match(String(condition), said)
      } finally {
        await task.stop()
      }
    }
  })
})
