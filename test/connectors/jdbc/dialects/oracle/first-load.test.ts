import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Connection, RowStream } from '../../../../../src/connectors/jdbc/database/database.ts'
import { oracleDialect } from '../../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { openOptions } from '../../../../support/open-dialect.ts'
import { logOn } from '../../../../support/oracle/oracle-client.ts'
import { type OracleServer, startOracleServer } from '../../../../support/oracle/oracle-server.ts'

const ROWS = 2048

describe('A large table of Oracle', () => {
  let server: OracleServer
  let connection: Connection

  before(async () => {
    server = await startOracleServer()
    const { control, connectString, user, password } = server
    await control.execute(['CREATE TABLE big (id NUMBER(18))', 'INSERT INTO big VALUES (1)'])
    for (let filled = 1; filled < ROWS; filled *= 2) {
      await control.execute(`INSERT INTO big SELECT id + ${filled} FROM big`)
    }
    const url = `jdbc:oracle:thin:@//${connectString}`
    connection = await oracleDialect.open(openOptions(oracleDialect, { url, user, password }))
  })
  after(async () => {
    await connection.close()
    await server.stop()
  })

  async function batchSizes(stream: RowStream, sizes: number[]): Promise<void> {
    for (let rows = await stream.next(); rows !== null; rows = await stream.next()) {
      sizes.push(rows.length)
    }
  }

  it('comes in a few rows first, whose size decides, then in batches of the size asked for, up to the last row', async () => {
    const sizes: number[] = []
    const stream = await connection.query('SELECT * FROM big', [], { fetchRows: 1000, table: null })
    await batchSizes(stream, sizes)
    assert.deepEqual(sizes, [16, 256, 1000, 776])
  })

  it('is never read further than one batch ahead, so that memory does not grow with it', async () => {
    // The server breaks off the first fetch behind so many rows.
    server.control.dropMidFetch(116, { sql: /big/ })
    const stream = await connection.query('SELECT * FROM big', [], { fetchRows: 100, table: null })
    assert.equal((await stream.next())?.length, 16)
    // A request for more would have come before these.
    const other = await logOn(server)
    for (let more = 0; more < 10; more++) await other.execute('SELECT 1 FROM DUAL')
    assert.equal(server.control.sessions.length, 2, 'nobody has asked for more than 116 rows')
    await other.close()
    const sizes: number[] = []
    await assert.rejects(batchSizes(stream, sizes))
    assert.deepEqual(sizes, [100])
  })
})
