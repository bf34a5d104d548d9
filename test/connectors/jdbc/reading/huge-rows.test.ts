import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import pg from 'pg'
import type { Connection } from '../../../../src/connectors/jdbc/database/database.ts'
import { mysqlDialect } from '../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import { oracleDialect } from '../../../../src/connectors/jdbc/dialects/oracle/dialect.ts'
import { sqliteDialect } from '../../../../src/connectors/jdbc/dialects/sqlite/dialect.ts'
import { mysqlUrl, postgresUrl, uniqueName } from '../../../support/environment.ts'
import { createMysqlDatabase } from '../../../support/mysql-database.ts'
import { openOptions, openPostgres } from '../../../support/open-dialect.ts'
import { logOn } from '../../../support/oracle/oracle-client.ts'
import { startOracleServer } from '../../../support/oracle/oracle-server.ts'

const ROWS = 50
const ROW_BYTES = 2_000_000
/** What a batch may hold at the most: the first one of PostgreSQL, which knows nothing of its rows yet. */
const MOST_ROWS = 16

async function batches(connection: Connection, table: string): Promise<number[]> {
  const stream = await connection.query(`SELECT * FROM ${table}`, [], {
    fetchRows: 1000,
    table: null
  })
  const counts: number[] = []
  for (let rows = await stream.next(); rows !== null; rows = await stream.next()) {
    counts.push(rows.length)
  }
  await connection.close()
  return counts
}

function assertBounded(counts: readonly number[]): void {
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    ROWS
  )
  assert.ok(Math.max(...counts) <= MOST_ROWS, counts.join(' '))
}

describe('Rows of megabytes', () => {
  it('I8: come in small batches from PostgreSQL', async (t) => {
    const table = uniqueName('huge').replaceAll('-', '_')
    const client = new pg.Client(postgresUrl())
    await client.connect()
    t.after(async () => {
      await client.query(`DROP TABLE IF EXISTS ${table}`)
      await client.end()
    })
    await client.query(
      `CREATE TABLE ${table} AS SELECT n, repeat('x', ${ROW_BYTES}) AS v FROM generate_series(1, ${ROWS}) n`
    )
    const connection = await openPostgres()
    assertBounded(await batches(connection, table))
  })

  it('I8: come in small batches from MySQL', async (t) => {
    const database = await createMysqlDatabase()
    t.after(() => database.close())
    await database.exec('CREATE TABLE huge (v LONGTEXT)')
    await database.exec(`INSERT INTO huge SELECT REPEAT('x', ${ROW_BYTES}) FROM seq_1_to_${ROWS}`)
    const url = new URL(mysqlUrl())
    const connection = await mysqlDialect.open(
      openOptions(mysqlDialect, {
        url: database.config['connection.url'],
        user: url.username,
        password: url.password
      })
    )
    assertBounded(await batches(connection, 'huge'))
  })

  it("I8: come in small batches over Oracle's protocol", async (t) => {
    const server = await startOracleServer()
    t.after(() => server.stop())
    await server.control.execute(['CREATE TABLE huge (v CLOB)'])
    const client = await logOn(server)
    const text = 'x'.repeat(ROW_BYTES)
    for (let row = 0; row < ROWS; row++) {
      await client.execute('INSERT INTO huge VALUES (:1)', [text])
    }
    await client.commit()
    await client.close()
    const connection = await oracleDialect.open(
      openOptions(oracleDialect, {
        url: `jdbc:oracle:thin:@//${server.connectString}`,
        user: server.user,
        password: server.password
      })
    )
    assertBounded(await batches(connection, 'huge'))
  })

  it('I8: come in small batches from SQLite', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'huge-rows-'))
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'huge.db')
    const database = new DatabaseSync(file)
    database.exec('CREATE TABLE huge (v BLOB)')
    const insert = database.prepare(`INSERT INTO huge VALUES (zeroblob(${ROW_BYTES}))`)
    for (let row = 0; row < ROWS; row++) insert.run()
    database.close()
    assertBounded(
      await batches(
        await sqliteDialect.open(openOptions(sqliteDialect, { url: `jdbc:sqlite:${file}` })),
        'huge'
      )
    )
  })
})
