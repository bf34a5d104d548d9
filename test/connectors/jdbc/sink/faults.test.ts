import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { SinkRecord } from '../../../../src/data/record.ts'
import { Schema } from '../../../../src/data/schema.ts'
import { messageOf, RetriableError, traceOf } from '../../../../src/errors.ts'
import { KEY, sinkRecord, startJdbcSink, struct } from '../../../support/jdbc-sink.ts'
import { createMysqlDatabase } from '../../../support/mysql-database.ts'
import { createPostgresDatabase } from '../../../support/postgres-database.ts'
import { type SinkDatabase, sinkDatabases } from '../../../support/sink-databases.ts'
import { startDatabaseProxy, type TcpProxy } from '../../../support/tcp-proxy.ts'
import { until } from '../../../support/until.ts'

/** In every column of every failing row; nothing that people read may hold it (I7). */
const MARKER = 'marker-5d1e'
const NUMBER = 7_340_519

const ITEM = Schema.struct([
  { name: 'id', schema: Schema.INT32 },
  { name: 'name', schema: Schema.OPTIONAL_STRING },
  { name: 'n', schema: Schema.OPTIONAL_INT32 },
  { name: 'code', schema: Schema.OPTIONAL_STRING }
])
const item = (id: number, values: Readonly<Record<string, unknown>> = {}): SinkRecord =>
  sinkRecord({
    keySchema: KEY,
    key: struct(KEY, { id }),
    valueSchema: ITEM,
    value: struct(ITEM, { id, name: 'n', n: 1, code: String(id), ...values })
  })
const upserts = {
  'insert.mode': 'upsert',
  'pk.mode': 'record_key',
  'retry.backoff.ms': '20',
  'retry.backoff.max.ms': '40',
  'errors.isolation.max.share': '1'
}
const columns =
  'id integer PRIMARY KEY, name varchar(20) NOT NULL, n smallint, code varchar(40) UNIQUE'

/** A later form of `ITEM`: a field more, and one whose values are of another type. */
const LATER = Schema.struct([
  { name: 'id', schema: Schema.INT32 },
  { name: 'name', schema: Schema.OPTIONAL_STRING },
  { name: 'n', schema: Schema.OPTIONAL_STRING },
  { name: 'note', schema: Schema.OPTIONAL_STRING }
])
const later = (id: number, n: string): SinkRecord =>
  sinkRecord({
    keySchema: KEY,
    key: struct(KEY, { id }),
    valueSchema: LATER,
    value: struct(LATER, { id, name: 'later', n, note: 'new' })
  })

for (const { name, open } of sinkDatabases) {
  describe(`Records of another schema in the middle of a batch for ${name}`, () => {
    it('widen the table, are written as its columns ask for, and are the only ones left out', async (t) => {
      const database = await open()
      t.after(() => database.close())
      await database.exec(`CREATE TABLE mixed (${columns})`)
      const config = { ...database.config, ...upserts, 'auto.evolve': 'true' }
      const sink = await startJdbcSink({ ...config, 'table.name.format': 'mixed' })
      const odd = later(3, `${MARKER} is no number`)
      await sink.put([item(1), later(2, '7'), item(4), odd, item(1, { n: 2 }), later(5, '8')])
      await sink.stop()
      assert.deepEqual(
        sink.reports.map(({ record }) => record),
        [odd]
      )
      const text = messageOf(sink.reports[0]?.error)
      assert.match(
        text,
        new RegExp(`\\bn\\b.*topic orders, partition 0, offset ${odd.kafkaOffset}\\b`)
      )
      // I7
      assert.ok(!JSON.stringify([text, sink.logged, sink.conditions]).includes(MARKER), text)
      assert.deepEqual(
        await database.exec('SELECT id, name, n, code, note FROM mixed ORDER BY id'),
        [
          { id: 1, name: 'n', n: 2, code: '1', note: null },
          { id: 2, name: 'later', n: 7, code: null, note: 'new' },
          { id: 4, name: 'n', n: 1, code: '4', note: null },
          { id: 5, name: 'later', n: 8, code: null, note: 'new' }
        ]
      )
    })
  })

  describe(`A record that does not fit a table of ${name}`, () => {
    let database: SinkDatabase
    before(async () => {
      database = await open()
    })
    after(() => database.close())

    /** By what it says of its column, or of what it breaks; SQLite takes texts and numbers of any size. */
    const faults: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
      [
        'has no value where one has to be',
        { name: null, code: MARKER, n: 5 },
        /Column name .*null/
      ],
      ['is too long', { name: MARKER.repeat(3), code: MARKER }, /Column name .*longer/],
      ['is out of range', { n: NUMBER, name: MARKER, code: MARKER }, /Column n .*outside/],
      ['has a key that is there', { name: MARKER, code: 'taken' }, /code/]
    ]
    for (const [index, [what, values, words]] of faults.entries()) {
      if (name === 'SQLite' && (index === 1 || index === 2)) continue
      it(`because it ${what} is named by place, table, key and column, and the others are written`, async () => {
        const table = `fit${index}`
        await database.exec(
          `CREATE TABLE ${table} (${columns})`,
          `INSERT INTO ${table} VALUES (1000, 'n', 1, 'taken')`
        )
        const config = { ...database.config, ...upserts, 'insert.mode': 'insert' }
        const given = { ...config, 'pk.fields': 'id', 'table.name.format': table }
        const sink = await startJdbcSink(given)
        const bad = item(2, values)
        await sink.put([item(1), bad, item(3)])
        await sink.stop()
        const [report] = sink.reports
        assert.deepEqual(
          sink.reports.map(({ record }) => record),
          [bad]
        )
        const text = messageOf(report?.error)
        assert.match(text, words)
        assert.match(text, new RegExp(`topic orders, partition 0, offset ${bad.kafkaOffset}\\b`))
        assert.match(text, new RegExp(`table \\S*${table}, key id\\b`))

        // Without anybody to take it the task fails by it, and nothing of its batch is written (I13).
        const strict = await startJdbcSink(given, { hasDeadLetterQueue: false })
        const failing = [item(5), item(2, values), item(6)]
        const failure: unknown = await strict.put(failing).then(
          () => null,
          (error: unknown) => error
        )
        await strict.stop()
        assert.match(messageOf(failure), new RegExp(`offset ${failing[1]?.kafkaOffset}\\b`))
        const ids = await database.exec(`SELECT id FROM ${table} ORDER BY id`)
        assert.deepEqual(
          ids.map(({ id }) => id),
          [1, 3, 1000]
        )
        // I7
        const progress = sink.task.progress?.()
        const told = JSON.stringify([
          [text, traceOf(report?.error), messageOf(failure), traceOf(failure)],
          [sink.logged, sink.conditions, strict.logged, strict.conditions],
          [...(progress ?? [])]
        ])
        for (const value of [MARKER, String(NUMBER)]) assert.ok(!told.includes(value), told)
      })
    }
  })
}

function opening(create: typeof createPostgresDatabase | typeof createMysqlDatabase) {
  return async () => {
    const database = await create()
    return {
      config: database.config,
      exec: database.exec,
      connect: () => database.connect(),
      close: () => database.close()
    }
  }
}

/** What differs between the servers: how they are made to refuse, and how locks are taken. */
const servers = [
  {
    name: 'PostgreSQL',
    open: opening(createPostgresDatabase),
    /** The SQLSTATE of a full disk, which the server raises where a write finds no room. */
    fill: (table: string) => [
      `CREATE FUNCTION full_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room for %', NEW.name USING ERRCODE = '53100'; END $$`,
      `CREATE TRIGGER full_${table} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION full_${table}()`
    ],
    empty: (table: string) => [`DROP TRIGGER full_${table} ON ${table}`],
    raise: (table: string) => [
      `CREATE FUNCTION says_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.n = 13 THEN RAISE EXCEPTION 'not %', NEW.name USING ERRCODE = '23514'; END IF; RETURN NEW; END $$`,
      `CREATE TRIGGER says_${table} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION says_${table}()`
    ],
    waiting: `SELECT 1 FROM pg_locks WHERE NOT granted`
  },
  {
    name: 'MariaDB',
    open: opening(createMysqlDatabase),
    /** The number of a table that is full, which the server answers where a tablespace may not grow. */
    fill: (table: string) => [
      `CREATE TRIGGER full_${table} BEFORE INSERT ON ${table} FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'`
    ],
    empty: (table: string) => [`DROP TRIGGER full_${table}`],
    raise: (table: string) => [
      `CREATE TRIGGER says_${table} BEFORE INSERT ON ${table} FOR EACH ROW IF NEW.n = 13 THEN SET @said = CONCAT('not ', NEW.name); SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = @said; END IF`
    ],
    // InnoDB's own lists stay as they were while others read them often; whose statement does not end waits.
    waiting: `SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND command <> 'Sleep' AND id <> CONNECTION_ID()`
  }
]

for (const { name, open, fill, empty, raise, waiting } of servers) {
  describe(`A batch for ${name}`, () => {
    let database: Awaited<ReturnType<typeof open>>
    let proxy: TcpProxy
    before(async () => {
      database = await open()
      const [, address = ''] = /\/\/([^/]+)\//.exec(database.config['connection.url'] ?? '') ?? []
      proxy = await startDatabaseProxy(address)
    })
    after(async () => {
      await proxy.close()
      await database.close()
    })
    const throughProxy = () => ({
      'connection.url': (database.config['connection.url'] ?? '').replace(
        /\/\/[^/]+\//,
        `//${proxy.address}/`
      )
    })
    let tables = 0
    const newTable = async (): Promise<string> => {
      const table = `t${++tables}`
      await database.exec(`CREATE TABLE ${table} (${columns})`)
      return table
    }
    const start = (table: string, config: Readonly<Record<string, string>> = {}) =>
      startJdbcSink({ ...database.config, ...upserts, 'table.name.format': table, ...config })
    const idsOf = async (table: string): Promise<unknown[]> =>
      (await database.exec(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id)
    const isRetriable = (error: unknown): boolean => error instanceof RetriableError

    it('I14: that finds no room waits and says so, hands nothing over, and is written once there is some', async () => {
      const table = await newTable()
      await database.exec(...fill(table))
      const sink = await start(table, { 'max.retries': '0' })
      const batch = [item(1, { name: MARKER }), item(2)]
      for (let attempt = 0; attempt < 3; attempt++)
        await assert.rejects(sink.put(batch), isRetriable)
      assert.match(sink.conditions.at(-1) ?? '', /has no room for \d+ s, next attempt in \d+ ms: /)
      await database.exec(...empty(table))
      await sink.put(batch)
      await sink.stop()
      assert.equal(sink.conditions.at(-1), null)
      assert.deepEqual([sink.reports, await idsOf(table)], [[], [1, 2]])
      assert.ok(!JSON.stringify([sink.conditions, sink.logged]).includes(MARKER))
    })

    it('I7: that a trigger refuses tells nothing of what the trigger says', async () => {
      const table = await newTable()
      await database.exec(...raise(table))
      const sink = await start(table)
      await sink.put([item(1), item(2, { n: 13, name: MARKER }), item(3)])
      await sink.stop()
      const errors = sink.reports.map(({ error }) => traceOf(error))
      assert.deepEqual([errors.length, await idsOf(table)], [1, [1, 3]])
      assert.ok(!JSON.stringify([errors, sink.logged, sink.conditions]).includes(MARKER), errors[0])
    })

    it('that deadlocks with somebody else is written when he is done', async () => {
      const table = await newTable()
      const sink = await start(table, { 'write.order': 'arrival' })
      await sink.put([item(1), item(2)])
      const other = await database.connect()
      for (let round = 0; round < 3; round++) {
        await other('BEGIN', `UPDATE ${table} SET n = n + 1 WHERE id = 2`)
        const put = sink.put([item(1, { n: round }), item(2, { n: round })])
        await until(async () => (await database.exec(waiting)).length > 0, 'the batch waits')
        // Whom of the two the server lets go is its own affair.
        await other(`UPDATE ${table} SET n = n + 1 WHERE id = 1`, 'COMMIT').catch(() =>
          other('ROLLBACK')
        )
        await put
        assert.deepEqual(await database.exec(`SELECT n FROM ${table} WHERE id <= 2`), [
          { n: round },
          { n: round }
        ])
      }
      await sink.stop()
      assert.deepEqual(sink.reports, [])
    })

    it('is written, once, although its task is asked to stop in the middle', async () => {
      const table = await newTable()
      const sink = await start(table)
      await sink.put([item(1)])
      const other = await database.connect()
      await other('BEGIN', `UPDATE ${table} SET n = 9 WHERE id = 1`)
      const put = sink.put([item(0), item(1, { n: 2 }), item(2, { name: null })])
      await until(async () => (await database.exec(waiting)).length > 0, 'the batch waits')
      sink.beginStop()
      await other('COMMIT')
      await put
      await sink.stop()
      assert.deepEqual([sink.reports.length, await idsOf(table)], [1, [0, 1]])
    })

    it('whose session ends in the middle is written by another, once', async () => {
      const table = await newTable()
      const sink = await start(table, throughProxy())
      await sink.put([item(1)])
      const other = await database.connect()
      await other('BEGIN', `UPDATE ${table} SET n = 9 WHERE id = 1`)
      const batch = [item(0), item(1, { n: 2 }), item(2)]
      const put = sink.put(batch)
      await until(async () => (await database.exec(waiting)).length > 0, 'the batch waits')
      // As a server that is restarted: what was open is rolled back.
      proxy.breakConnections()
      await other('COMMIT')
      await put.catch((error: unknown) => {
        assert.ok(isRetriable(error))
        return sink.put(batch)
      })
      await sink.stop()
      assert.deepEqual([sink.reports, await idsOf(table)], [[], [0, 1, 2]])
    })

    it('I8: whose network stalls is given up in time, and written when the network is back', async () => {
      const table = await newTable()
      const sink = await start(table, { ...throughProxy(), 'write.timeout.ms': '2000' })
      await sink.put([item(1)])
      proxy.stall()
      await assert.rejects(async () => {
        // The first end of a session that had served is met with another one at once.
        for (;;) await sink.put([item(1), item(2)])
      }, isRetriable)
      proxy.resume()
      await until(async () => {
        await sink.put([item(1), item(2)])
        return true
      }, 'it is written')
      await sink.stop()
      assert.deepEqual([sink.reports, await idsOf(table)], [[], [1, 2]])
    })
  })
}

describe('A batch for MariaDB without a right', () => {
  it('fails at once and names the table, whatever takes bad records', async () => {
    const database = await createMysqlDatabase()
    const user = `u${String(Date.now()).slice(-9)}`
    await database.exec(
      'CREATE TABLE t (id integer PRIMARY KEY, name varchar(20), n smallint, code varchar(40))',
      `CREATE USER ${user} IDENTIFIED BY 'r'`,
      `GRANT SELECT ON t TO ${user}`
    )
    const login = { 'connection.user': user, 'connection.password': 'r' }
    const config = { ...database.config, ...upserts, ...login, 'table.name.format': 't' }
    const sink = await startJdbcSink(config)
    await assert.rejects(sink.put([item(1, { name: MARKER })]), (error) => {
      assert.ok(!(error instanceof RetriableError))
      assert.match(messageOf(error), /INSERT\b.* command denied .*\bt\b/)
      return !messageOf(error).includes(MARKER)
    })
    await sink.stop()
    assert.deepEqual(sink.reports, [])
    await database.exec(`DROP USER ${user}`)
    await database.close()
  })
})
