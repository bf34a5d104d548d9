import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import type { Connection } from '../../../../src/connectors/jdbc/database/database.ts'
import {
  asciiLower,
  letterUpper
} from '../../../../src/connectors/jdbc/dialects/shared/letter-case.ts'
import { postgresDialect } from '../../../../src/connectors/jdbc/dialects/postgres/dialect.ts'
import { tableSql } from '../../../../src/connectors/jdbc/database/table-name.ts'
import { postgresUrl, uniqueName } from '../../../support/environment.ts'
import { openPostgres } from '../../../support/open-dialect.ts'

describe('names that a database folds', () => {
  it('have the case of its letters, not of every language', () => {
    assert.equal(asciiLower('GRÖSSE_Id'), 'grÖsse_id')
    assert.equal(letterUpper('größe_ıd'), 'GRÖßE_ID')
  })
})

describe('names of tables on PostgreSQL', () => {
  const schema = uniqueName('na_me').replaceAll('-', '_')
  const url = new URL(postgresUrl())
  const client = new pg.Client({ connectionString: postgresUrl() })
  let connection: Connection
  before(async () => {
    await client.connect()
    await client.query(
      `CREATE SCHEMA ${schema}; SET search_path = ${schema}; CREATE TABLE GRÖSSE (id int); CREATE TABLE "GRÖSSE" (id int); CREATE TABLE "100%_x" (id int); CREATE TABLE "100axx" (id int)`
    )
    connection = await openPostgres()
  })
  after(async () => {
    await connection.close()
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  })
  const found = async (more: object): Promise<string[]> =>
    (
      await connection.listTables({
        catalogPattern: null,
        schemaPattern: schema,
        types: ['TABLE'],
        names: null,
        ...more
      })
    ).map(({ table }) => table)

  it('are found as they are written, and as the server folds them', async () => {
    const { rows } = await client.query(
      `SELECT relname FROM pg_class WHERE relnamespace = '${schema}'::regnamespace AND relname ILIKE 'gr%' ORDER BY 1`
    )
    const names = (rows as { relname: string }[]).map(({ relname }) => relname)
    assert.equal(names.length, 2)
    for (const name of names) assert.ok((await found({ names: [name] })).includes(name), name)
    const unquoted = tableSql(
      postgresDialect,
      { catalog: null, schema: null, table: 'GRÖSSE' },
      false
    )
    assert.ok(names.includes(unquoted), unquoted)
  })

  it('begin with what was written: nothing in it is a wildcard; a catalog is one by its name', async () => {
    assert.deepEqual(await found({ prefix: '100%_', atMost: 5 }), ['100%_x'])
    assert.equal((await found({ prefix: '100', atMost: 1 })).length, 1)
    const database = url.pathname.slice(1)
    assert.equal((await found({ catalogPattern: database })).length, 4)
    assert.deepEqual(await found({ catalogPattern: `_${database.slice(1)}` }), [])
    assert.equal((await found({ catalogPattern: `${database.slice(0, 3)}%` })).length, 4)
  })
})
