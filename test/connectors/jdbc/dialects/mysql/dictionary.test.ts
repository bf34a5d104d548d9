import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import mysql from 'mysql2/promise'
import type {
  Connection,
  TableFilter
} from '../../../../../src/connectors/jdbc/database/database.ts'
import { mysqlDialect } from '../../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import { fields, startJdbcTask } from '../../../../support/jdbc-source.ts'
import { openOptions } from '../../../../support/open-dialect.ts'
import { type OwnDatabase, ownDatabase } from '../../../../support/own-database.ts'

const ALL: TableFilter = {
  catalogPattern: null,
  schemaPattern: null,
  types: ['TABLE', 'VIEW'],
  names: null
}

describe('the dictionary of MariaDB', () => {
  let server: OwnDatabase
  let admin: mysql.Connection
  let connection: Connection
  const open = async (database: string): Promise<Connection> => {
    const url = new URL(server.url)
    return await mysqlDialect.open(
      openOptions(mysqlDialect, {
        url: `jdbc:mysql://${url.host}/${database}`,
        user: url.username,
        password: url.password
      })
    )
  }
  const config = (more: Record<string, string>): Record<string, string> => {
    const url = new URL(server.url)
    return {
      'connection.url': `jdbc:mysql://${url.host}/my_db`,
      'connection.user': url.username,
      'connection.password': url.password,
      'topic.prefix': 'x-',
      'poll.interval.ms': '20',
      ...more
    }
  }
  before(async () => {
    server = await ownDatabase('MariaDB', ['table_open_cache=2000'])
    admin = await mysql.createConnection({ uri: server.url, multipleStatements: true })
    await admin.query(`CREATE DATABASE my_db; CREATE DATABASE myXdb; CREATE DATABASE \`100%\`;
      CREATE TABLE my_db.t (id bigint AUTO_INCREMENT PRIMARY KEY, b int, KEY (b));
      CREATE TABLE my_db.T (id bigint); CREATE TABLE my_db.pair (b int, a int, PRIMARY KEY (b, a));
      CREATE VIEW my_db.seen AS SELECT * FROM my_db.t;
      CREATE TABLE myXdb.t (id bigint AUTO_INCREMENT PRIMARY KEY);
      CREATE TABLE myXdb.only_there (id bigint); CREATE TABLE \`100%\`.here (id bigint);
      CREATE TABLE my_db.hid (id bigint AUTO_INCREMENT PRIMARY KEY INVISIBLE, at datetime(6) NOT NULL INVISIBLE DEFAULT NOW(6), v int);
      CREATE TABLE my_db.old (id bigint) ENGINE=MyISAM;
      CREATE VIEW my_db.over AS SELECT v.id FROM my_db.seen v JOIN my_db.old USING (id);
      INSERT INTO my_db.hid (v) VALUES (1)`)
    const many = Array.from(
      { length: 300 },
      (_, index) => `CREATE TABLE my_db.n${index} (id bigint PRIMARY KEY)`
    )
    await admin.query(many.join(';'))
    connection = await open('my_db')
  })
  after(async () => {
    await connection.close()
    await admin.end()
    await server.stop()
  })
  const names = async (of: Connection, filter: Partial<TableFilter>): Promise<string[]> =>
    (await of.listTables({ ...ALL, ...filter })).map(({ catalog, table }) => `${catalog}.${table}`)

  it('takes the database of the URL, and a catalog, by its name: an underscore is one', async () => {
    assert.deepEqual(await names(connection, { names: ['only_there'] }), [])
    assert.deepEqual(await names(connection, { names: ['pair'] }), ['my_db.pair'])
    const elsewhere = { names: ['t'], catalogPattern: 'myXdb' }
    assert.deepEqual(await names(connection, elsewhere), ['myXdb.t'])
    assert.deepEqual(await names(connection, { names: ['t'], catalogPattern: 'my_db' }), [
      'my_db.T',
      'my_db.t'
    ])
    assert.deepEqual(
      await names(connection, { names: ['only_there', 'pair'], catalogPattern: 'my%db' }),
      ['myXdb.only_there', 'my_db.pair']
    )
    assert.deepEqual(await names(connection, { names: ['pair'], catalogPattern: 'm_d%' }), [])
    assert.deepEqual(await names(connection, { prefix: 'n_', atMost: 500 }), [])
    assert.equal((await names(connection, { prefix: 'n1', atMost: 7 })).length, 7)
    const views = { types: ['VIEW'], atMost: 1 }
    assert.deepEqual(await names(connection, views), ['my_db.over'], 'others do not use it up')
    assert.equal((await names(connection, { atMost: 60 })).length, 60)
    assert.ok((await names(connection, {})).length > 300)
  })

  it('is read by tasks the same way: a table of another database is none of them', async () => {
    await admin.query('INSERT INTO my_db.t VALUES (1, 1); INSERT INTO myXdb.t VALUES (2)')
    for (const more of [{}, { 'catalog.pattern': 'my_db' }] as Record<string, string>[]) {
      const task = await startJdbcTask(
        config({ mode: 'incrementing', 'table.whitelist': 't', ...more })
      )
      try {
        assert.deepEqual(fields(await task.read(1), 'id'), [1])
      } finally {
        await task.stop()
      }
    }
  })

  it('I8: costs the server the tables it is asked for, and no others', async () => {
    const opened = async (): Promise<number> => {
      const [rows] = await admin.query("SHOW GLOBAL STATUS LIKE 'Opened_table%'")
      return (rows as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0)
    }
    const table = (index: number) => ({ catalog: 'my_db', schema: null, table: `n${index}` })
    await names(connection, { names: ['n0'] })
    await admin.query('FLUSH TABLES')
    const before = await opened()
    for (let index = 0; index < 10; index++) {
      assert.equal((await connection.describeTable(table(index)))[0]?.keyPosition, 1)
      await connection.indexesOf?.(table(index))
      await connection.idHazards?.(table(index), 'id')
      await connection.writersElsewhere?.({ table: table(index), query: null })
      assert.equal((await names(connection, { names: [`N${index}`] })).length, 1)
    }
    const cost = (await opened()) - before
    assert.ok(cost < 60, `${cost} tables were opened for ten`)
  })

  it('knows keys of several columns in their order', async () => {
    const columns = await connection.describeTable({ catalog: null, schema: null, table: 'pair' })
    assert.deepEqual(
      columns.map(({ name, keyPosition }) => [name, keyPosition]),
      [
        ['b', 1],
        ['a', 2]
      ]
    )
  })

  it('says of a column that the asterisk leaves out that it is invisible', async () => {
    for (const more of [
      { mode: 'incrementing', 'incrementing.column.name': 'id' },
      { mode: 'incrementing' },
      { mode: 'timestamp', 'timestamp.column.name': 'at' },
      { mode: 'bulk', 'key.columns': 'primary-key' }
    ]) {
      const starting = async (): Promise<void> => {
        const task = await startJdbcTask(config({ 'table.whitelist': 'hid', ...more }))
        try {
          await task.poll()
        } finally {
          await task.stop()
        }
      }
      await assert.rejects(starting(), /is invisible, so SELECT \* does not answer it/)
    }
    const task = await startJdbcTask(
      config({ 'table.whitelist': 'hid', mode: 'bulk', 'poll.interval.ms': '3600000' })
    )
    assert.deepEqual(fields(await task.read(1), 'v'), [1])
    await task.stop()
  })

  it('I6: knows tables whose writers InnoDB does not show, below views and in queries as well', async () => {
    const of = async (table: string | null, query: string | null = null): Promise<unknown> =>
      await connection.writersElsewhere?.({
        table: table === null ? null : { catalog: 'my_db', schema: null, table },
        query
      })
    assert.match(String(await of('old')), /my_db\.old is a table of the engine MyISAM/)
    assert.match(String(await of('over')), /my_db\.old is a table of the engine MyISAM/)
    assert.match(String(await of(null, 'SELECT * FROM my_db.over')), /MyISAM/)
    assert.match(String(await of(null, 'SELECT * FROM `old`')), /MyISAM/)
    for (const table of ['t', 'seen']) assert.equal(await of(table), null)
    assert.equal(await of(null, `SELECT 'old' FROM t`), null)
  })
})
