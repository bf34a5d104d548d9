import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fields, startJdbcTask } from '../../../../support/jdbc-source.ts'
import { lateCommitSuite, type LateCommitDatabase } from '../../../../support/late-commit-suite.ts'
import { type Client, logOn } from '../../../../support/oracle/oracle-client.ts'
import { type OracleServer, startOracleServer } from '../../../../support/oracle/oracle-server.ts'
import { until } from '../../../../support/until.ts'

const configOf = (server: OracleServer): Record<string, string> => ({
  'connection.url': `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`,
  'connection.user': server.user,
  'connection.password': server.password,
  'schema.pattern': server.user,
  'numeric.mapping': 'best_fit'
})

lateCommitSuite('Oracle', async (): Promise<LateCommitDatabase> => {
  const server = await startOracleServer()
  const clients: Client[] = []
  let sequence = 0
  return {
    config: configOf(server),
    columns: { id: 'ID', ts: 'TS', value: 'V' },
    nameOf: (name) => name.toUpperCase(),
    // The server has no sequences: ids are handed out here, in the same order.
    insert: (table, value) =>
      `INSERT INTO ${table} (ID, TS, V) VALUES (${++sequence}, SYSTIMESTAMP, ${value})`,
    update: (table, value, from) =>
      `UPDATE ${table} SET V = ${value}, TS = SYSTIMESTAMP WHERE V = ${from}`,
    async createTable(table) {
      await server.control.execute(
        `CREATE TABLE ${table} (ID NUMBER(18) NOT NULL PRIMARY KEY, TS TIMESTAMP(6) NOT NULL, V NUMBER(9) NOT NULL)`
      )
    },
    async rows(table) {
      const rows = await server.control.execute(`SELECT ID, V FROM ${table}`)
      return new Map(rows.map(([id, value]) => [Number(id), Number(value)]))
    },
    async writer() {
      const client = await logOn(server)
      clients.push(client)
      return {
        run: async (sql) => void (await client.execute(sql)),
        commit: () => client.commit(),
        rollback: () => client.rollback()
      }
    },
    async close() {
      for (const client of clients) await client.close()
      assert.deepEqual(server.control.failures, [])
      await server.stop()
    }
  }
})

describe('a question about open transactions that fails once', () => {
  for (const code of [28, 12_850]) {
    it(`I6: ORA-${String(code).padStart(5, '0')}: whoever is watched stays watched, and its row comes when it commits`, async () => {
      const server = await startOracleServer()
      await server.control.execute('CREATE TABLE T (ID NUMBER(18) NOT NULL PRIMARY KEY)')
      const writer = await logOn(server)
      await writer.execute('INSERT INTO T VALUES (1)')
      await server.control.execute('INSERT INTO T VALUES (2)')
      const task = await startJdbcTask({
        ...configOf(server),
        'topic.prefix': 'x-',
        'poll.interval.ms': '20',
        'connection.backoff.ms': '20',
        mode: 'incrementing',
        'incrementing.column.name': 'ID',
        'table.whitelist': 'T',
        'late.commit.max.wait.ms': '100',
        'late.commit.window.ms': '300'
      })
      const facts = (): Record<string, unknown> => ({ ...[...task.progress().values()][0] })
      try {
        assert.deepEqual(fields(await task.read(1), 'ID'), [2])
        assert.equal(facts()['watched_transactions'], 1)
        const asked = (): number =>
          server.control.statements.filter(({ sql }) => sql.includes('GV$TRANSACTION')).length
        server.control.failNext(code, { sql: /GV\$TRANSACTION/ })
        const before = asked()
        await until(async () => {
          assert.deepEqual(await task.poll(), [])
          return asked() > before + 30
        }, 'it was asked for longer than the window')
        assert.equal(facts()['late_commits'], 'transactions')
        assert.equal(facts()['watched_transactions'], 1)
        await writer.commit()
        assert.deepEqual(fields(await task.read(1), 'ID'), [1])
      } finally {
        await task.stop()
        await writer.close()
        assert.deepEqual(server.control.failures, [])
        await server.stop()
      }
    })
  }
})

describe('a statement that looks for a long time for what to change', () => {
  it('I6: its rows come, though their times are older than its transaction', async () => {
    const server = await startOracleServer()
    await server.control.execute([
      'CREATE TABLE T (ID NUMBER(18) NOT NULL PRIMARY KEY, TS TIMESTAMP(6) NOT NULL)',
      'INSERT INTO T VALUES (1, SYSTIMESTAMP)'
    ])
    const task = await startJdbcTask({
      ...configOf(server),
      'topic.prefix': 'x-',
      'poll.interval.ms': '20',
      mode: 'timestamp+incrementing',
      'incrementing.column.name': 'ID',
      'timestamp.column.name': 'TS',
      'table.whitelist': 'T',
      'late.commit.margin.ms': '0'
    })
    const writer = await logOn(server)
    try {
      assert.deepEqual(fields(await task.read(1), 'ID'), [1])
      const release = server.control.holdChanges(/^UPDATE T/)
      const asked = server.control.statements.length
      const updating = writer.execute('UPDATE T SET TS = SYSTIMESTAMP')
      await until(() => server.control.statements.length > asked, 'it has begun')
      await server.control.execute('INSERT INTO T VALUES (2, SYSTIMESTAMP)')
      for (let polls = 0; polls < 20; polls++) assert.deepEqual(await task.poll(), [])
      release()
      await updating
      await writer.commit()
      assert.deepEqual(fields(await task.read(2), 'ID'), [1, 2])
    } finally {
      await task.stop()
      await writer.close()
      assert.deepEqual(server.control.failures, [])
      await server.stop()
    }
  })
})

describe('an account that may not look at the transactions of others', () => {
  it('I6: looks back instead, and says so in its status', async () => {
    const server = await startOracleServer()
    await server.control.execute('CREATE TABLE T (ID NUMBER(18) NOT NULL PRIMARY KEY)')
    server.control.failNext(942, { sql: /V\$TRANSACTION/, times: 1000 })
    const writer = await logOn(server)
    await writer.execute('INSERT INTO T VALUES (1)')
    await server.control.execute('INSERT INTO T VALUES (2)')
    const task = await startJdbcTask({
      ...configOf(server),
      'topic.prefix': 'x-',
      'poll.interval.ms': '20',
      mode: 'incrementing',
      'incrementing.column.name': 'ID',
      'table.whitelist': 'T'
    })
    try {
      assert.deepEqual(fields(await task.read(1), 'ID'), [2])
      assert.match(
        String(task.conditions.at(-1)),
        /looking back only: .*GV\$TRANSACTION.*ORA-00942/
      )
      await writer.commit()
      assert.deepEqual(fields(await task.read(1), 'ID'), [1])
    } finally {
      await task.stop()
      await writer.close()
      await server.stop()
    }
  })
})
