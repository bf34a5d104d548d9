import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import type {
  Connection,
  OpenTransactions
} from '../../../../../src/connectors/jdbc/database/database.ts'
import { oracleDialect } from '../../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { isRetriable } from '../../../../../src/errors.ts'
import { openOptions, rowsOf } from '../../../../support/open-dialect.ts'
import { type Client, logOn } from '../../../../support/oracle/oracle-client.ts'
import { type OracleServer, startOracleServer } from '../../../../support/oracle/oracle-server.ts'
import { until } from '../../../../support/until.ts'

describe('open transactions of Oracle', () => {
  let server: OracleServer
  const opened: (Connection | Client)[] = []
  before(async () => {
    server = await startOracleServer()
    await server.control.execute([
      'CREATE TABLE t (id NUMBER(9) NOT NULL PRIMARY KEY, at TIMESTAMP(6))',
      'CREATE USER narrow IDENTIFIED BY "Narrow_1"',
      'GRANT CREATE SESSION TO narrow',
      'GRANT SELECT ON sys.v_$transaction TO narrow'
    ])
  })
  after(() => server.stop())
  afterEach(async () => {
    server.control.clearFaults()
    server.control.set({ role: 'PRIMARY', instances: 1 })
    for (const one of opened.splice(0)) await one.close()
    assert.deepEqual(server.control.failures, [])
  })
  async function connect(user = server.user, password = server.password): Promise<Connection> {
    const url = `jdbc:oracle:thin:@//127.0.0.1:${server.port}/${server.service}`
    const connection = await oracleDialect.open(openOptions(oracleDialect, { url, user, password }))
    opened.push(connection)
    return connection
  }
  async function writer(): Promise<Client> {
    const client = await logOn(server)
    opened.push(client)
    return client
  }
  const ask = async (connection: Connection): Promise<OpenTransactions> => {
    const found = await connection.openTransactions?.()
    assert.ok(found !== undefined)
    return found
  }
  const unseen = async (connection: Connection, why: RegExp): Promise<void> => {
    const found = await ask(connection)
    assert.ok(found.answer === 'unseen', found.answer)
    assert.match(found.why, why)
  }
  const seen = async (
    connection: Connection
  ): Promise<Extract<OpenTransactions, { answer: 'seen' }>> => {
    const found = await ask(connection)
    assert.ok(found.answer === 'seen', JSON.stringify(found))
    return found
  }

  it('come from all instances; one that only reads has no number and is none of them', async () => {
    const connection = await connect()
    const reader = await connect()
    const stream = await reader.query('SELECT 1 AS one FROM DUAL', [], {
      fetchRows: 1,
      table: null
    })
    const other = await writer()
    await other.execute('INSERT INTO t (id) VALUES (1)')
    const { source, open } = await seen(connection)
    assert.equal(source, 'GV$TRANSACTION')
    assert.equal(open.length, 1)
    assert.match(open[0]?.id ?? '', /^1\.1\.\d+$/)
    await other.rollback()
    assert.deepEqual((await seen(connection)).open, [])
    await stream.close()
  })

  it('I6: come from one instance alone only where there is no other', async () => {
    const narrow = await connect('NARROW', 'Narrow_1')
    assert.equal((await seen(narrow)).source, 'V$TRANSACTION')
    server.control.set({ instances: 2 })
    await unseen(narrow, /GV\$TRANSACTION: .*ORA-00942.*; 2 instances/)
    server.control.failNext(942, { sql: /V\$ACTIVE_INSTANCES/, times: 10 })
    await unseen(narrow, /may not be read/)
    server.control.failNext(942, { sql: /V\$OPTION/, times: 10 })
    await unseen(narrow, /whether there are other instances cannot be asked/)
    server.control.clearFaults()
    server.control.set({ instances: 1 })
    server.control.failNext(942, { sql: /V\$ACTIVE_INSTANCES/, times: 10 })
    assert.equal((await seen(narrow)).source, 'V$TRANSACTION')
  })

  it('I6: are those of a primary and of no other role; a standby that becomes one shows them', async () => {
    const connection = await connect()
    for (const role of ['PHYSICAL STANDBY', 'SNAPSHOT STANDBY', 'LOGICAL STANDBY', 'TRUE CACHE']) {
      server.control.set({ role })
      await unseen(connection, new RegExp(`is a ${role}`))
    }
    server.control.set({ role: 'PRIMARY' })
    assert.equal((await seen(connection)).answer, 'seen')
    const other = await connect()
    server.control.failNext(2003, { sql: /DATABASE_ROLE/ })
    await unseen(other, /whether the database is a primary cannot be asked/)
  })

  it('I6: an error that passes decides nothing: it is thrown, or answered with later', async () => {
    for (const code of [28, 1012, 1089, 2396, 2399, 4031, 1591]) {
      const connection = await connect()
      for (const sql of [/DATABASE_ROLE/, /LOCK/, /GV\$TRANSACTION/]) {
        server.control.failNext(code, { sql })
        await assert.rejects(ask(connection), isRetriable, `ORA-${code} to ${sql}`)
      }
    }
    for (const code of [12_850, 12_801, 12_805, 12_827, 12_853, 1722]) {
      const connection = await connect()
      for (const sql of [/LOCK/, /GV\$TRANSACTION/]) {
        server.control.failNext(code, { sql })
        const found = await ask(connection)
        assert.ok(found.answer === 'later', `ORA-${code} to ${sql}: ${found.answer}`)
        assert.match(found.why, new RegExp(String(code)))
        assert.equal((await seen(connection)).source, 'GV$TRANSACTION')
      }
    }
  })

  it('I6: include statements that have changed nothing yet, and go on under the name of the transaction', async () => {
    const connection = await connect()
    const release = server.control.holdChanges(/^INSERT INTO t .*2/)
    const other = await writer()
    const inserting = other.execute('INSERT INTO t (id) VALUES (2)')
    const statement = await until(async () => (await seen(connection)).open[0], 'it is seen')
    assert.match(statement.id, /^dml 1\.\d+$/)
    assert.equal(typeof statement.ageMs, 'number')
    release()
    await inserting
    const [transaction] = (await seen(connection)).open
    assert.match(transaction?.id ?? '', /^1\.1\.\d+$/)
    assert.equal(transaction?.was, statement.id)
    await other.rollback()
    assert.deepEqual((await seen(connection)).open, [])
  })

  it('are seen from their first change on where locks may not be looked at', async () => {
    const narrow = await connect('NARROW', 'Narrow_1')
    const other = await writer()
    await other.execute('INSERT INTO t (id) VALUES (3)')
    const { open } = await seen(narrow)
    assert.deepEqual(
      open.map(({ was }) => was),
      [undefined]
    )
    assert.deepEqual(await rowsOf(await connect(), 'SELECT id FROM t'), [])
    await other.rollback()
  })
})
