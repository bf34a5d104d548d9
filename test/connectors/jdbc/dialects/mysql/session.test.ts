import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type {
  Connection,
  OpenOptions
} from '../../../../../src/connectors/jdbc/database/database.ts'
import { mysqlDialect } from '../../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import { ConfigError, isRetriable } from '../../../../../src/errors.ts'
import { createMysqlDatabase, type MysqlDatabase } from '../../../../support/mysql-database.ts'
import { openOptions, rowsOf } from '../../../../support/open-dialect.ts'
import { recordingLog } from '../../../../support/recording-log.ts'
import { until } from '../../../../support/until.ts'

void describe('A session with MySQL', () => {
  let database: MysqlDatabase
  before(async () => {
    database = await createMysqlDatabase()
  })
  after(() => database.close())

  const open = (
    parameters = '',
    over: Partial<OpenOptions> = {},
    password = database.config['connection.password']
  ): Promise<Connection> =>
    mysqlDialect.open(
      openOptions(
        mysqlDialect,
        {
          url: `${database.config['connection.url']}${parameters}`,
          user: database.config['connection.user'],
          password
        },
        over
      )
    )
  const running = async (): Promise<string[]> => {
    const rows = await database.exec(
      `SELECT info FROM information_schema.processlist WHERE db = '${database.name}' AND id <> CONNECTION_ID() AND info IS NOT NULL`
    )
    return rows.map((row) => String(row['info']))
  }

  void it('I8: abort ends a running query within a second, here and on the server', async () => {
    const connection = await open()
    const query = connection.query('SELECT SLEEP(30)', [], { fetchRows: 10, table: null })
    await until(async () => (await running()).length === 1, 'the query runs')
    const asked = performance.now()
    connection.abort()
    await assert.rejects(query, isRetriable)
    assert.ok(performance.now() - asked < 1000)
    await until(async () => (await running()).length === 0, 'the server has ended the query', 3000)
    await connection.close()
  })

  void it('I8: abort while opening gives up at once', async () => {
    const stopping = new AbortController()
    const opening = open('', { signal: stopping.signal })
    stopping.abort()
    await assert.rejects(opening, isRetriable)
    await until(async () => (await database.sessions()).length === 0, 'no session is left')
  })

  void it('I8: holds few rows of a large result in memory and can leave it in the middle', async () => {
    const connection = await open()
    await database.exec(
      'CREATE TABLE wide (id INT NOT NULL PRIMARY KEY, text MEDIUMTEXT)',
      "INSERT INTO wide SELECT seq, REPEAT('x', 100000) FROM seq_1_to_1000"
    )
    const stream = await connection.query('SELECT * FROM wide', [], { fetchRows: 10, table: null })
    let rows = 0
    const before = process.memoryUsage()
    let most = 0
    while (rows < 500) {
      rows += (await stream.next())?.length ?? 0
      const now = process.memoryUsage()
      most = Math.max(most, now.arrayBuffers + now.heapUsed - before.arrayBuffers - before.heapUsed)
    }
    // The table has 100 MB.
    assert.ok(most < 60_000_000, `${most} bytes more in memory`)
    await stream.close()
    assert.equal(await stream.next(), null)
    // The same session goes on.
    assert.deepEqual(await rowsOf(connection, 'SELECT COUNT(*) FROM wide'), [['1000']])
    await connection.close()
  })

  void it('a session killed on the server is an error that may pass', async () => {
    const connection = await open()
    const query = connection.query('SELECT SLEEP(30)', [], { fetchRows: 10, table: null })
    await until(async () => (await running()).length === 1, 'the query runs')
    const failing = assert.rejects(query, (error) => {
      assert.match(String(error), /MySQL could not run the query/)
      return isRetriable(error)
    })
    for (const id of await database.sessions()) await database.exec(`KILL ${id}`)
    await failing
    // Also when nothing was running.
    await assert.rejects(connection.now(), isRetriable)
    await connection.close()
  })

  void it('a query that cannot be ended because its account may not log on again is an error that may pass', async () => {
    const name = `${database.name.slice(0, 30)}_reader`
    await database.exec(
      `CREATE USER '${name}'@'%' IDENTIFIED BY 'reader'`,
      `GRANT SELECT ON ${database.name}.* TO '${name}'@'%'`
    )
    try {
      const connection = await open('', { user: name }, 'reader')
      const sql = 'SELECT seq FROM seq_1_to_10000000'
      const stream = await connection.query(sql, [], { fetchRows: 10, table: null })
      await stream.next()
      await database.exec(`ALTER USER '${name}'@'%' ACCOUNT LOCK`)
      await assert.rejects(stream.close(), (error) => {
        assert.match(String(error), /could not be told to end .*account is locked/)
        return isRetriable(error)
      })
      connection.abort()
    } finally {
      await database.exec(`DROP USER '${name}'@'%'`)
    }
  })

  void it('a wrong password is final and never shown (I7); a server that is not there may come back', async () => {
    await assert.rejects(open('', {}, 'open-sesame'), (error: Error) => {
      assert.match(error.message, /Could not connect to MySQL at 127\.0\.0\.1:\d+: Access denied/)
      assert.doesNotMatch(JSON.stringify(error) + String(error.stack), /open-sesame/)
      return !isRetriable(error)
    })
    const nobody = openOptions(mysqlDialect, { url: 'jdbc:mysql://127.0.0.1:1/x', user: 'a' })
    await assert.rejects(mysqlDialect.open(nobody), isRetriable)
  })

  void it('can only read, at the isolation asked for', async () => {
    await database.exec('CREATE TABLE kept (id INT NOT NULL PRIMARY KEY)')
    const connection = await open('', { isolation: 'READ_UNCOMMITTED' })
    await assert.rejects(rowsOf(connection, 'INSERT INTO kept VALUES (1)'), /READ ONLY|read.only/i)
    await connection.close()
    const again = await open('', { isolation: 'READ_UNCOMMITTED' })
    assert.deepEqual(await rowsOf(again, 'SELECT @@tx_isolation'), [['READ-UNCOMMITTED']])
    await again.close()
    await assert.rejects(open('', { isolation: 'SQL_SERVER_SNAPSHOT' }), ConfigError)
  })

  void it('takes driver properties of the URL, and says which have no effect', async () => {
    const { log, lines } = recordingLog()
    const connection = await open(
      '?useSSL=false&useCursorFetch=true&sessionVariables=sql_mode=ANSI&rewriteBatchedStatements=true',
      { log }
    )
    assert.match(
      lines.join('\n'),
      /The driver property rewriteBatchedStatements has no effect: it is about writing/
    )
    assert.match(String((await rowsOf(connection, 'SELECT @@sql_mode'))[0]?.[0]), /ANSI_QUOTES/)
    await connection.close()
    const slow = await open('?socketTimeout=200')
    await assert.rejects(rowsOf(slow, 'SELECT SLEEP(20)'), /did not answer in 200 ms/)
    await until(async () => (await running()).length === 0, 'the server has ended the query', 3000)
    for (const parameters of [
      '?sslMode=maybe',
      '?sslMode=VERIFY_CA&trustCertificateKeyStoreUrl=file:/no/such/file.pem'
    ]) {
      await assert.rejects(open(parameters), ConfigError)
    }
  })

  void it('lists tables and views, and describes their columns and keys', async () => {
    await database.exec(
      'CREATE TABLE parts (b INT NOT NULL, id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE, a VARCHAR(5), PRIMARY KEY (b, a))',
      'CREATE VIEW part_names AS SELECT a FROM parts'
    )
    const connection = await open()
    const filter = { catalogPattern: null, schemaPattern: null, types: ['TABLE', 'VIEW'] }
    const names = ['PARTS', 'part_names', 'nothing']
    assert.deepEqual(await connection.listTables({ ...filter, names }), [
      { catalog: database.name, schema: null, table: 'parts' },
      { catalog: database.name, schema: null, table: 'part_names' }
    ])
    assert.deepEqual(await connection.listTables({ ...filter, names: [] }), [])
    const columns = await connection.describeTable({
      catalog: null,
      schema: null,
      table: 'parts'
    })
    assert.deepEqual(
      columns.map(({ name, autoIncrement, keyPosition, nullable }) => [
        name,
        autoIncrement,
        keyPosition,
        nullable
      ]),
      [
        ['b', false, 1, false],
        ['id', true, null, false],
        ['a', false, 2, false]
      ]
    )
    assert.deepEqual(
      await connection.describeTable({ catalog: null, schema: null, table: 'none' }),
      []
    )
    await connection.close()
  })
})
