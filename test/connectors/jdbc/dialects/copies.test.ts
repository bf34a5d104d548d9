import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import type { Connection } from '../../../../src/connectors/jdbc/database/database.ts'
import { postgresDialect } from '../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { oracleDialect } from '../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { queryWords } from '../../../../src/connectors/jdbc/dialects/shared/query-words.ts'
import { fields, startJdbcTask } from '../../../support/jdbc-source.ts'
import { openOptions } from '../../../support/open-dialect.ts'
import { startOracleServer } from '../../../support/oracle/oracle-server.ts'
import { type OwnDatabase, ownDatabase } from '../../../support/own-database.ts'
import { until } from '../../../support/until.ts'

describe('words of a query', () => {
  it('are names, quoted or not, and nothing that stands in strings and comments', () => {
    const words = queryWords(
      `SELECT o.id, 'from text' FROM "Big ""Orders" o JOIN shop.Lines l /* not Comment */ ON 1=1 -- nor this\nJOIN \`a b\` JOIN [c]]d]`
    )
    for (const word of ['Big "Orders', 'shop', 'Lines', 'lines', 'LINES', 'a b', 'c]d']) {
      assert.ok(words.includes(word), word)
    }
    for (const word of ['from text', 'text', 'Comment', 'nor'])
      assert.ok(!words.includes(word), word)
  })
})

describe('tables of Oracle that others fill', () => {
  it('are known by links and refreshes, below views and in queries as well', async () => {
    const server = await startOracleServer()
    const url = `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`
    const { user, password } = server
    const connection = await oracleDialect.open(openOptions(oracleDialect, { url, user, password }))
    try {
      await server.control.execute([
        'CREATE TABLE own (id NUMBER(9))',
        'CREATE VIEW plain AS SELECT * FROM own',
        'CREATE VIEW far AS SELECT * FROM own',
        'CREATE VIEW above AS SELECT * FROM far',
        'CREATE MATERIALIZED VIEW kept AS SELECT * FROM own',
        'CREATE VIEW over_kept AS SELECT * FROM kept'
      ])
      server.control.set({
        dependencies: [
          ['APP', 'PLAIN', 'VIEW', 'APP', 'OWN', null],
          ['APP', 'FAR', 'VIEW', 'APP', 'OWN', 'SHOP.EXAMPLE.COM'],
          ['APP', 'ABOVE', 'VIEW', 'APP', 'FAR', null],
          ['APP', 'OVER_KEPT', 'VIEW', 'APP', 'KEPT', null]
        ]
      })
      const of = async (table: string | null, query: string | null = null) =>
        await connection.writersElsewhere?.({
          table: table === null ? null : { catalog: null, schema: 'APP', table },
          query
        })
      for (const table of ['OWN', 'PLAIN']) assert.equal(await of(table), null, table)
      assert.match(String(await of('FAR')), /APP\.FAR reads over the database link SHOP/)
      assert.match(String(await of('ABOVE')), /database link SHOP/)
      assert.match(String(await of('KEPT')), /APP\.KEPT is a materialized view/)
      assert.match(String(await of('OVER_KEPT')), /APP\.KEPT is a materialized view/)
      assert.match(String(await of(null, 'SELECT * FROM orders@shop')), /over a database link/)
      assert.match(String(await of(null, 'SELECT * FROM "KEPT"')), /materialized view/)
      assert.match(String(await of(null, 'SELECT id FROM above')), /database link SHOP/)
      assert.equal(await of(null, `SELECT 'kept@far' FROM plain -- x@y`), null)
      assert.deepEqual(server.control.failures, [])
    } finally {
      await connection.close()
      await server.stop()
    }
  })
})

describe('tables of PostgreSQL that others fill', () => {
  const clients: pg.Client[] = []
  let server: OwnDatabase
  let publisher: pg.Client
  let subscriber: pg.Client
  let connection: Connection
  const connect = async (database: string): Promise<pg.Client> => {
    const url = new URL(server.url)
    url.pathname = `/${database}`
    const client = new pg.Client(url.toString())
    client.on('error', () => undefined)
    await client.connect()
    clients.push(client)
    return client
  }
  const config = (): Record<string, string> => {
    const url = new URL(server.url)
    return {
      'connection.url': `jdbc:postgresql://${url.host}/subscriber`,
      'connection.user': url.username,
      'connection.password': url.password
    }
  }
  before(async () => {
    server = await ownDatabase('PostgreSQL', ['wal_level=logical'])
    const admin = await connect('postgres')
    await admin.query('CREATE DATABASE publisher')
    await admin.query('CREATE DATABASE subscriber')
    const table =
      'CREATE TABLE orders (id bigint PRIMARY KEY, ts timestamptz NOT NULL DEFAULT clock_timestamp())'
    publisher = await connect('publisher')
    await publisher.query(`${table}; CREATE PUBLICATION p FOR TABLE orders`)
    await publisher.query(`SELECT pg_create_logical_replication_slot('s', 'pgoutput')`)
    subscriber = await connect('subscriber')
    const { host } = new URL(server.url)
    const [address, port] = host.split(':')
    await subscriber.query(
      `${table};
      CREATE TABLE own (id bigint PRIMARY KEY, ts timestamptz NOT NULL DEFAULT clock_timestamp());
      CREATE VIEW seen AS SELECT * FROM orders;
      CREATE VIEW twice AS SELECT seen.* FROM seen JOIN own USING (id);
      CREATE VIEW plain AS SELECT * FROM own;
      CREATE MATERIALIZED VIEW kept AS SELECT * FROM own;
      CREATE TABLE parts (id bigint NOT NULL, ts timestamptz NOT NULL) PARTITION BY RANGE (id);
      CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
      CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;
      CREATE FOREIGN TABLE part2 PARTITION OF parts FOR VALUES FROM (100) TO (200) SERVER far`
    )
    await subscriber.query(
      `CREATE SUBSCRIPTION s CONNECTION 'host=${address} port=${port} user=postgres password=postgres dbname=publisher' PUBLICATION p WITH (create_slot = false, slot_name = 's', copy_data = false)`
    )
    connection = await postgresDialect.open(
      openOptions(postgresDialect, {
        url: config()['connection.url'] ?? '',
        user: 'postgres',
        password: 'postgres'
      })
    )
  })
  after(async () => {
    await connection.close()
    for (const client of clients) await client.end()
    await server.stop()
  })

  it('are known by subscription, foreign server or refresh, also below views and partitions', async () => {
    const why = async (table: string): Promise<string | null | undefined> =>
      await connection.writersElsewhere?.({
        table: { catalog: null, schema: 'public', table },
        query: null
      })
    const cases: [table: string, why: RegExp | null][] = [
      ['orders', /public\.orders is the copy of a subscription/],
      ['seen', /public\.orders is the copy/],
      ['twice', /public\.orders is the copy/],
      ['kept', /public\.kept is a materialized view/],
      ['parts', /public\.part2 is a foreign table/],
      ['part1', null],
      ['own', null],
      ['plain', null],
      ['nothing', null]
    ]
    for (const [table, expected] of cases) {
      if (expected === null) assert.equal(await why(table), null, table)
      else assert.match(String(await why(table)), expected, table)
    }
  })

  it('are known in a query by their names, in a role that owns nothing as well', async () => {
    await subscriber.query(`CREATE ROLE poor LOGIN PASSWORD 'p'`)
    const poor = await postgresDialect.open(
      openOptions(postgresDialect, {
        url: config()['connection.url'] ?? '',
        user: 'poor',
        password: 'p'
      })
    )
    for (const one of [connection, poor]) {
      const why = async (query: string): Promise<string | null | undefined> =>
        await one.writersElsewhere?.({ table: null, query })
      assert.match(String(await why('SELECT * FROM Twice t')), /orders is the copy/)
      assert.match(
        String(await why('SELECT * FROM "orders" WHERE ts > NULL')),
        /orders is the copy/
      )
      assert.equal(await why(`SELECT 'orders' FROM own -- orders`), null)
    }
    await poor.close()
  })

  it('I6: rows that the publisher committed late are looked for again, and the status says why', async () => {
    const [late, early] = [await connect('publisher'), await connect('publisher')]
    const task = await startJdbcTask({
      ...config(),
      'topic.prefix': 'x-',
      'poll.interval.ms': '20',
      mode: 'timestamp+incrementing',
      'incrementing.column.name': 'id',
      'timestamp.column.name': 'ts',
      'table.whitelist': 'orders'
    })
    try {
      await late.query('BEGIN; INSERT INTO orders VALUES (1)')
      await early.query('INSERT INTO orders VALUES (2)')
      assert.deepEqual(fields(await task.read(1), 'id'), [2])
      await late.query('COMMIT')
      assert.deepEqual(fields(await task.read(1), 'id'), [1])
      assert.match(
        String(task.conditions.at(-1)),
        /looking back only.*public\.orders is the copy of a subscription/
      )
      const [facts] = task.progress().values()
      assert.equal(facts?.['late_commits'], 'window')
    } finally {
      await task.stop()
    }
    await until(async () => {
      const { rows } = await subscriber.query('SELECT id FROM orders')
      return rows.length === 2
    }, 'both are there')
  })
})
