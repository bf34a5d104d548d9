import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import type { Connection, Row, TableId } from '../../../../src/connectors/jdbc/database/database.ts'
import { mysqlDialect } from '../../../../src/connectors/jdbc/dialects/mysql/dialect.ts'
import { mysqlIdHazards } from '../../../../src/connectors/jdbc/dialects/mysql/id-hazards.ts'
import { oracleIdHazards } from '../../../../src/connectors/jdbc/dialects/oracle/id-hazards.ts'
import { sqliteDialect } from '../../../../src/connectors/jdbc/dialects/sqlite/dialect.ts'
import { postgresUrl, uniqueName } from '../../../support/environment.ts'
import { startJdbcTask } from '../../../support/jdbc-source.ts'
import { createMysqlDatabase } from '../../../support/mysql-database.ts'
import { openOptions, openPostgres, rowsOf } from '../../../support/open-dialect.ts'

const table = (name: string, schema: string | null = null): TableId => ({
  catalog: null,
  schema,
  table: name
})

describe('ids of PostgreSQL', () => {
  const schema = uniqueName('ids').replaceAll('-', '_')
  let client: pg.Client
  let connection: Connection
  before(async () => {
    client = new pg.Client(postgresUrl())
    await client.connect()
    await client.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema};
      CREATE SEQUENCE shared CACHE 50;
      CREATE TABLE plain (id bigserial PRIMARY KEY);
      CREATE TABLE cached (id bigint DEFAULT nextval('shared'), v int);
      CREATE TABLE ident (id bigint GENERATED ALWAYS AS IDENTITY (CACHE 20 CYCLE), back bigint GENERATED ALWAYS AS IDENTITY (INCREMENT -1))`)
    connection = await openPostgres()
  })
  after(async () => {
    await connection.close()
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  })
  const hazards = async (name: string, column = 'id'): Promise<string> =>
    ((await connection.idHazards?.(table(name, schema), column)) ?? []).join('; ')

  it('come in blocks from sequences with a cache, owned by the column or asked by its default', async () => {
    assert.equal(await hazards('plain'), '')
    assert.match(await hazards('cached'), /shared hands out blocks of 50 ids to each session/)
    assert.match(await hazards('ident'), /blocks of 20 .*begins anew/)
    assert.match(await hazards('ident', 'back'), /counts backwards/)
    assert.equal(await hazards('nowhere'), '')
  })

  it('rows written since a transaction was listed can be told from older ones', async () => {
    await client.query(
      `INSERT INTO ${schema}.cached SELECT nextval('shared'), g FROM generate_series(1, 3) g`
    )
    const writer = new pg.Client(postgresUrl())
    await writer.connect()
    // In a subtransaction: its number is not that of the transaction.
    await writer.query('BEGIN; SELECT 1')
    const sinceOf = async (): Promise<string> => {
      const { rows } = await writer.query<{ pid: string }>(
        `SELECT virtualtransaction AS pid FROM pg_locks WHERE pid = pg_backend_pid() LIMIT 1`
      )
      const found = await connection.openTransactions?.()
      assert.ok(found?.answer === 'seen')
      return found.open.find(({ id }) => id === rows[0]?.pid)?.since ?? 'none'
    }
    const reading = await sinceOf()
    await client.query(`INSERT INTO ${schema}.cached VALUES (100, 100)`)
    await writer.query(`SAVEPOINT s; INSERT INTO ${schema}.cached VALUES (200, 200)`)
    await client.query(`INSERT INTO ${schema}.cached VALUES (300, 300)`)
    const writing = await sinceOf()
    await writer.query('COMMIT')
    await writer.end()
    const values = async (since: string): Promise<unknown[]> => {
      const from = `"${schema}"."cached"`
      const condition = await connection.writtenSince?.(table('cached', schema), from, since)
      const rows: Row[] = await rowsOf(
        connection,
        `SELECT v FROM ${from} WHERE ${condition} ORDER BY v`
      )
      return rows.map(([value]) => Number(value))
    }
    assert.deepEqual(await values(reading), [100, 200, 300])
    assert.deepEqual(await values(writing), [200, 300])
    await client.query(`CREATE VIEW ${schema}.seen AS SELECT * FROM ${schema}.cached`)
    assert.equal(await connection.writtenSince?.(table('seen', schema), 'seen', writing), null)
  })
})

describe('ids of SQLite', () => {
  it('are given out again where a table does not say AUTOINCREMENT', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ids-'))
    const database = new DatabaseSync(join(folder, 'ids.db'))
    database.exec(
      'CREATE TABLE again (id INTEGER PRIMARY KEY); CREATE TABLE once (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE own (id INT PRIMARY KEY)'
    )
    const connection = await sqliteDialect.open(
      openOptions(sqliteDialect, { url: `jdbc:sqlite:${join(folder, 'ids.db')}` })
    )
    try {
      assert.match(
        String(await connection.idHazards?.(table('again'), 'id')),
        /without AUTOINCREMENT.*given out again/
      )
      assert.deepEqual(await connection.idHazards?.(table('once'), 'id'), [])
      assert.deepEqual(await connection.idHazards?.(table('own'), 'id'), [])
      for (const [name, said] of [
        ['again', true],
        ['once', false]
      ] as const) {
        const task = await startJdbcTask({
          'connection.url': `jdbc:sqlite:${join(folder, 'ids.db')}`,
          'topic.prefix': 'ids-',
          mode: 'incrementing',
          'table.whitelist': name
        })
        await task.poll()
        const facts = task.progress().get(`table ${name}`)
        assert.equal(facts?.['late_commits'], 'ordered')
        assert.equal(/without AUTOINCREMENT/.test(String(task.conditions.at(-1))), said, name)
        await task.stop()
      }
    } finally {
      await connection.close()
      database.close()
      await rm(folder, { recursive: true })
    }
  })
})

describe('ids of MySQL and MariaDB', () => {
  it('are given out again by servers that forget their counters', async () => {
    const of = async (version: string, extra = 'auto_increment'): Promise<number> => {
      const ask = (sql: string) =>
        Promise.resolve(sql.includes('VERSION') ? [[version, 'InnoDB']] : [[extra]])
      return (await mysqlIdHazards(ask, ['shop', 'orders'], 'id')).length
    }
    assert.equal(await of('5.7.44-log'), 1)
    assert.equal(await of('8.0.36'), 0)
    assert.equal(await of('10.1.48-MariaDB'), 1)
    assert.equal(await of('5.5.5-10.11.6-MariaDB-log'), 0)
    assert.equal(await of('5.7.44', ''), 0)
  })

  it('of this server are kept', async () => {
    const db = await createMysqlDatabase()
    await db.exec('CREATE TABLE t (id bigint AUTO_INCREMENT PRIMARY KEY)')
    const connection = await mysqlDialect.open(
      openOptions(mysqlDialect, {
        url: db.config['connection.url'],
        user: db.config['connection.user'],
        password: db.config['connection.password']
      })
    )
    try {
      assert.deepEqual(await connection.idHazards?.(table('t'), 'id'), [])
    } finally {
      await connection.close()
      await db.close()
    }
  })
})

describe('ids of Oracle', () => {
  const of = async (cache: number, order: 'Y' | 'N', instances: number | null): Promise<string> => {
    const hazards = await oracleIdHazards(
      {
        askIfAllowed: (_, [question]) => {
          const options = `START WITH: 1, INCREMENT BY: 1, CYCLE_FLAG: N, CACHE_SIZE: ${cache}, ORDER_FLAG: ${order}`
          if (question?.sql.includes('IDENTITY_OPTIONS') === true)
            return Promise.resolve([[options]])
          return Promise.resolve(instances === null ? null : [[instances]])
        }
      },
      'SHOP',
      table('ORDERS', 'SHOP'),
      'ID'
    )
    return hazards.join()
  }

  it('come in blocks from the instances of a cluster, unless they are ordered', async () => {
    assert.match(await of(20, 'N', 2), /ID: each instance hands out blocks of 20 ids of its own/)
    assert.match(await of(20, 'N', null), /if the database is a cluster/)
    assert.equal(await of(20, 'N', 1), '')
    assert.equal(await of(20, 'Y', 2), '')
    assert.equal(await of(0, 'N', 2), '')
  })
})
