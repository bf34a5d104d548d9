import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fields, startJdbcTask } from '../../../support/jdbc-source.ts'
import { lateCommitSuite, type LateCommitDatabase } from '../../../support/late-commit-suite.ts'
import { type Client, logOn } from '../../../support/oracle/oracle-client.ts'
import { type OracleServer, startOracleServer } from '../../../support/oracle/oracle-server.ts'

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
